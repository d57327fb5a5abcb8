"""Many numbers that mostly follow each other, such as the ids of annotations, in little memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import chain

Span = tuple[int, int]


class Ids:
    """A set of whole numbers, kept as spans whose ends are both inclusive.

    >>> ids = Ids([5, 3, 4, 9])
    >>> ids.spans, 4 in ids, 8 in ids, len(ids)
    ([(3, 5), (9, 9)], True, False, 4)
    """

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self.spans = _joined((number, number) for number in numbers)

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Ids:
        """Return the numbers within spans, which may overlap."""
        ids = cls()
        ids.spans = _joined(spans)
        return ids

    def __or__(self, other: Ids) -> Ids:
        return Ids.of([*self.spans, *other.spans])

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        place = bisect_right(self.spans, number, key=lambda span: span[0])
        return place > 0 and number <= self.spans[place - 1][1]

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(range(first, last + 1) for first, last in self.spans)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.spans)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans in ascending order, with those in one that meet."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
