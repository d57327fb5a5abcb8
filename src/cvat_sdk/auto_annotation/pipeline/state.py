"""How far a run has come: what its journal adds up to."""

from __future__ import annotations

from dataclasses import dataclass, field

from .entries import (
    Begun,
    Entry,
    Found,
    Sending,
    Sent,
    Skipped,
    SpansByKind,
    Withdrawing,
    Withdrawn,
)
from .ids import Ids, Span

KINDS = ("tags", "shapes", "tracks")
IdsByKind = dict[str, Ids]


@dataclass
class RunState:
    """What is known of a run.

    Attributes:
        begun: the head of the journal.
        done: the frames whose results are in the journal.
        tags, shapes: how many were found.
        skipped: the frames that were given up.
        existing: the ids that were on the server before; None if they don't matter.
        sent: the ids that the server gave to what it has taken.
        in_doubt: the parcels whose sending was begun and not heard to be done, with their places.
        next_parcel: the number of the next one.
        unsent: the place in the journal behind what was put into parcels.
        attempt: how often everything was withdrawn.
        withdrawing: a removal was begun and not heard to be done.
    """

    begun: Begun
    start: int
    done: set[int] = field(default_factory=set)
    tags: int = 0
    shapes: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    existing: IdsByKind | None = field(init=False)
    sent: IdsByKind = field(default_factory=lambda: {kind: Ids() for kind in KINDS})
    in_doubt: dict[int, Span] = field(default_factory=dict)
    next_parcel: int = 0
    unsent: int = field(init=False)
    attempt: int = 0
    withdrawing: bool = False

    def __post_init__(self) -> None:
        self.unsent = self.start
        told = self.begun.existing
        self.existing = None if told is None else ids_by_kind(told)

    @property
    def frames(self) -> list[int]:
        """All frames of the run, in ascending order."""
        return list(Ids.of(self.begun.frames))

    @property
    def left(self) -> list[int]:
        """The frames that are neither done nor given up."""
        finished = self.done | {one.frame for one in self.skipped}
        return [frame for frame in self.frames if frame not in finished]

    @property
    def finished(self) -> int:
        """How many frames are done or given up."""
        return len(self.done) + len(self.skipped)

    @property
    def has_sent(self) -> bool:
        """Whether something of the run may be on the server."""
        return bool(self.in_doubt) or any(map(len, self.sent.values()))

    def key(self, parcel: int) -> str:
        """Return the name of a write, which is the same whenever the parcel is sent again."""
        return f"{self.begun.run_id}-{self.attempt}-{parcel}"

    def apply(self, entry: Entry) -> None:
        """Take in the next entry of the journal."""
        match entry:
            case Found():
                self.done.add(entry.frame)
                self.tags += entry.tags
                self.shapes += entry.shapes
            case Skipped():
                self.skipped.append(entry)
            case Sending():
                self.in_doubt[entry.parcel] = (entry.start, entry.end)
                self.next_parcel = entry.parcel + 1
                self.unsent = entry.end
            case Sent():
                self.in_doubt.pop(entry.parcel, None)
                new = ids_by_kind(entry.ids)
                self.sent = {kind: ids | new[kind] for kind, ids in self.sent.items()}
            case Withdrawing():
                self.withdrawing = True
            case Withdrawn():
                self._begin_sending_anew()

    def _begin_sending_anew(self) -> None:
        self.withdrawing = False
        self.attempt += 1
        self.sent = {kind: Ids() for kind in KINDS}
        self.in_doubt.clear()
        self.next_parcel, self.unsent = 0, self.start


def ids_by_kind(spans: SpansByKind) -> IdsByKind:
    """Return what an entry tells of ids, for every kind."""
    return {kind: Ids.of(spans.get(kind, ())) for kind in KINDS}


def spans_by_kind(ids: IdsByKind) -> SpansByKind:
    """Return ids as an entry tells them."""
    return {kind: found.spans for kind, found in ids.items() if found.spans}
