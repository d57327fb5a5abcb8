"""The numbers of annotations and of their elements, none of which is ever given out twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, select, text

from .engine import Store
from .tables import annotation_ids

_FIRST_BLOCK, _LARGEST_BLOCK = 16, 4096
_COUNT_UP = text(
    "INSERT INTO counters (name, last) VALUES (:name, :count)"
    " ON CONFLICT (name) DO UPDATE SET last = last + :count RETURNING last"
)


def reserve_ids(connection: Connection, count: int) -> Sequence[int]:
    """Return numbers, in ascending order, that nothing has, or ever had."""
    if not count:
        return []
    if connection.dialect.supports_sequences:
        numbers = select(annotation_ids.next_value()).select_from(func.generate_series(1, count))
        return connection.scalars(numbers).all()
    last = connection.scalar(_COUNT_UP, {"name": annotation_ids.name, "count": count})
    return range(last - count + 1, last + 1)


def numbers(store: Store) -> Iterator[int]:
    """Return numbers like those of `reserve_ids`, as many as are asked for.

    They are taken from the database in transactions of their own, a few first and then more.
    """
    count = _FIRST_BLOCK
    while True:
        with store.write() as connection:
            block = reserve_ids(connection, count)
        yield from block
        count = min(4 * count, _LARGEST_BLOCK)
