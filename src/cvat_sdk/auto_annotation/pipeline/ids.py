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
        self.spans: list[Span] = []
        for number in sorted(numbers):
            if self.spans and number <= self.spans[-1][1] + 1:
                self.spans[-1] = (self.spans[-1][0], number)
            else:
                self.spans.append((number, number))

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Ids:
        """Return the numbers within spans, which may overlap."""
        ids = cls()
        for first, last in sorted(map(tuple, spans)):
            if ids.spans and first <= ids.spans[-1][1] + 1:
                ids.spans[-1] = (ids.spans[-1][0], max(last, ids.spans[-1][1]))
            else:
                ids.spans.append((first, last))
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
