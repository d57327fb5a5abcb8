"""What a journal tells, entry by entry."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from .ids import Span

FORMAT = 1
# Spans of ids by kind: "tags", "shapes", "tracks".
SpansByKind: TypeAlias = dict[str, list[Span]]


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    pass


class Begun(_Entry, frozen=True, tag="begun"):
    """The first entry: which run this is.

    Attributes:
        run_id: no other run has it.
        fingerprint: what the results depend on, as JSON.
        frames: spans of the frames that are to be annotated.
        existing: the annotations that were on the server before; None if they don't matter.
    """

    format: int
    run_id: str
    fingerprint: bytes
    frames: list[Span]
    existing: SpansByKind | None


class Found(_Entry, frozen=True, tag="found"):
    """What was found on one frame; how many, and the JSON of each, joined by commas."""

    frame: int
    tags: int
    shapes: int
    tags_json: bytes
    shapes_json: bytes


class Skipped(_Entry, frozen=True, tag="skipped"):
    """A frame that was given up, and why."""

    frame: int
    name: str
    reason: str


class Sending(_Entry, frozen=True, tag="sending"):
    """A parcel is about to be sent: what was found between two places of the journal."""

    parcel: int
    start: int
    end: int


class Sent(_Entry, frozen=True, tag="sent"):
    """The server has taken a parcel, and gave its annotations these ids."""

    parcel: int
    ids: SpansByKind


class Withdrawing(_Entry, frozen=True, tag="withdrawing"):
    """A parcel was refused: what was sent before it is being removed again."""


class Withdrawn(_Entry, frozen=True, tag="withdrawn"):
    """Nothing of the run is on the server."""


Entry: TypeAlias = Begun | Found | Skipped | Sending | Sent | Withdrawing | Withdrawn
encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Entry).decode
