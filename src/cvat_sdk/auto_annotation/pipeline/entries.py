"""What a journal tells, entry by entry."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from .ids import Span

FORMAT = 1
# Spans of ids by kind: "tags", "shapes", "tracks".
SpansByKind: TypeAlias = dict[str, list[Span]]


class _Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    pass


class Begun(_Entry, tag="begun", gc=False):
    """The first entry: which run this is.

    Attributes:
        run_id: no other run has it.
        fingerprint: what the results depend on, as JSON.
        frames: spans of the frames that are to be annotated.
    """

    format: int
    run_id: str
    fingerprint: bytes
    frames: list[Span]


class Existing(_Entry, tag="existing", gc=False):
    """The annotations that were on the server before anything was sent."""

    ids: SpansByKind


class Found(_Entry, tag="found", gc=False):
    """What was found on one frame; how many, and the JSON of each, joined by commas."""

    frame: int
    tags: int
    shapes: int
    tags_json: bytes
    shapes_json: bytes


class Skipped(_Entry, tag="skipped", gc=False):
    """A frame that was given up, and why."""

    frame: int
    name: str
    reason: str


class Sending(_Entry, tag="sending", gc=False):
    """A parcel is about to be sent: what was found between two places of the journal."""

    parcel: int
    start: int
    end: int


class Sent(_Entry, tag="sent", gc=False):
    """The server has taken a parcel, and gave its annotations these ids."""

    parcel: int
    ids: SpansByKind


class Withdrawing(_Entry, tag="withdrawing", gc=False):
    """A parcel was refused: what was sent before it is being removed again."""


class Withdrawn(_Entry, tag="withdrawn", gc=False):
    """Nothing of the run is on the server."""


Entry: TypeAlias = Begun | Existing | Found | Skipped | Sending | Sent | Withdrawing | Withdrawn
encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Entry).decode
