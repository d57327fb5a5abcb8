"""What is sent in one request: the results of some frames, as bytes from the journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .entries import Found
from .journal import Journal

MOST_ANNOTATIONS = 10_000
MOST_BYTES = 4_000_000


@dataclass(frozen=True)
class Parcel:
    """One request.

    Attributes:
        number: in the order in which they are sent.
        start, end: the places in the journal between which its frames are.
        body: the JSON.
    """

    number: int
    start: int
    end: int
    body: bytes = field(repr=False)


@dataclass
class ParcelMaker:
    """Gathers results until a request is large enough. A frame is never cut.

    Args:
        number: of the next parcel.
        start: the place in the journal where it begins.
    """

    number: int
    start: int
    most_annotations: int = MOST_ANNOTATIONS
    most_bytes: int = MOST_BYTES

    def __post_init__(self) -> None:
        self._end = self.start
        self._clear()

    def _clear(self) -> None:
        self._tags: list[bytes] = []
        self._shapes: list[bytes] = []
        self._count = self._bytes = 0

    def add(self, found: Found, start: int, end: int) -> Iterator[Parcel]:
        """Take in the results of a frame, and yield the parcels that are complete by that.

        Args:
            start, end: the places of the entry in the journal.
        """
        count, size = found.tags + found.shapes, len(found.tags_json) + len(found.shapes_json)
        too_many = self._count + count > self.most_annotations
        if too_many or self._bytes + size > self.most_bytes:
            self._end = start
            yield from self.rest()
        self._tags += [found.tags_json] if found.tags else []
        self._shapes += [found.shapes_json] if found.shapes else []
        self._count += count
        self._bytes += size
        self._end = end
        if self._count >= self.most_annotations or self._bytes >= self.most_bytes:
            yield from self.rest()

    def rest(self) -> Iterator[Parcel]:
        """Yield what has been gathered so far, if there is something."""
        if not self._count:
            return
        yield Parcel(self.number, self.start, self._end, self._body())
        self.number += 1
        self.start = self._end
        self._clear()

    def _body(self) -> bytes:
        tags, shapes = b",".join(self._tags), b",".join(self._shapes)
        return b'{"tags":[%b],"shapes":[%b]}' % (tags, shapes)


def parcels(journal: Journal, maker: ParcelMaker, end: int) -> Iterator[Parcel]:
    """Yield what the journal has from where the maker begins up to a place."""
    place = maker.start
    for entry, after in journal.read(maker.start, end):
        if isinstance(entry, Found):
            yield from maker.add(entry, place, after)
        place = after
    yield from maker.rest()


def parcel_again(journal: Journal, number: int, start: int, end: int) -> Parcel:
    """Return a parcel as it was sent before."""
    endless = ParcelMaker(number, start, most_annotations=1 << 62, most_bytes=1 << 62)
    [parcel] = parcels(journal, endless, end)
    return parcel
