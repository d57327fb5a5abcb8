"""Bodies with many annotations, cut into pieces.

msgspec reads a gigabyte a second, but no other thread gets a turn before it is through; with a
hundred thousand rectangles that takes longer than somebody else should have to wait. Here it reads
some at a time. Where a piece ends is guessed, and msgspec tells whether the guess was right: JSON
is read from left to right, so what is whole up to there is whole, whatever comes after it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from itertools import islice

import msgspec
from msgspec import Raw

from cvat_hub.store.annotations import KINDS

from .objects import Incoming

_PIECE_BYTES = 64 * 1024
# An annotation with many parts has as many ends that are none.
_GUESSES = 64
_incoming = msgspec.json.Decoder(Incoming)
_piece = msgspec.json.Decoder(list[Raw])
_START = re.compile(rb'\s*\{\s*"(\w+)"\s*:\s*')
_NEXT = re.compile(rb'\s*,\s*"(\w+)"\s*:\s*')
_END = re.compile(rb"\s*\}\s*")
_VERSION = re.compile(rb"\d+")
_EMPTY = re.compile(rb"\[\s*\]")
_AFTER_OBJECT = re.compile(rb"\}\s*([,\]])")

Lists = dict[str, deque[list[Raw]]]


def incoming(body: bytes) -> dict[str, Iterator[Raw]]:
    """Return the annotations of a body by their kind, each of them still JSON.

    They are let go as they are taken.

    Raises:
        msgspec.DecodeError: it is not JSON, or not of this form.
    """
    lists = cut(body) if len(body) > _PIECE_BYTES else None
    if lists is None:
        whole = _incoming.decode(body)
        lists = {kind: deque([getattr(whole, kind)]) for kind in KINDS}
    return {kind: _each(lists[kind]) for kind in KINDS}


def cut(body: bytes, size: int = _PIECE_BYTES) -> Lists | None:
    """Return the lists of a body in pieces of some bytes; None if they must be read at once."""
    lists: Lists = {}
    member = _START.match(body)
    while member:
        kind, place = member[1].decode(), member.end()
        if kind in KINDS and kind not in lists:
            found = _cut_list(body, place, size)
            if found is None:
                return None
            lists[kind], place = found
        elif kind == "version" and (version := _VERSION.match(body, place)):
            place = version.end()
        else:
            return None
        if _END.fullmatch(body, place):
            return {kind: lists.get(kind, deque()) for kind in KINDS}
        member = _NEXT.match(body, place)
    return None


def _cut_list(body: bytes, place: int, size: int) -> tuple[deque[list[Raw]], int] | None:
    """Return the pieces of the list that begins at a place, and where it ends."""
    pieces: deque[list[Raw]] = deque()
    if empty := _EMPTY.match(body, place):
        return pieces, empty.end()
    if body[place : place + 1] != b"[":
        return None
    after = b","
    while after == b",":
        while (found := _cut_piece(body, place + 1, size)) is None:
            if not size:
                return None
            # The list may end within the piece.
            size //= 8
        piece, after, place = found
        pieces.append(piece)
    return pieces, place + 1


def _cut_piece(body: bytes, start: int, size: int) -> tuple[list[Raw], bytes, int] | None:
    """Return the objects from a place on, the comma or bracket after them, and its place."""
    guesses = _AFTER_OBJECT.finditer(body, start + size)
    for guess in islice(guesses, _GUESSES):
        try:
            piece = _piece.decode(b"[%b]" % body[start : guess.start() + 1])
        except msgspec.DecodeError:
            continue
        return piece, guess[1], guess.start(1)
    return None


def _each(pieces: deque[list[Raw]]) -> Iterator[Raw]:
    while pieces:
        yield from pieces.popleft()
