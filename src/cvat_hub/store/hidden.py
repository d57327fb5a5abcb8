"""Annotations that nobody sees: those of a bulk write that isn't complete, and those that go.

Rows by the hundred thousand are written and removed in slices, each in a transaction of its own, so
that other writers get their turns in between. What makes that one write to everybody else is a row
of `hidden_annotations` that covers them: it is there before the first slice of what comes, and it
goes in the one short transaction that also says what goes; or it comes in that transaction, and is
there until the last slice is gone. A hub that was killed in between finds these rows when it starts
(`leftovers`), and sweeps up what they cover.

Whoever writes annotations of a task holds its lock (`annotations.lock`), so that what is there and
what is hidden stay the same until the transaction ends.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, not_, select, true

from .engine import Store, inserted_id
from .numbers import reserve_ids
from .tables import annotation_rows as stored
from .tables import hidden_annotations as hidden

Date = datetime.datetime
Span = tuple[int, int]
ALL_FRAMES = (0, 2**31 - 1)
# So many rows are removed in one transaction.
SLICE = 1000
# A bulk write that began earlier than this isn't one of another hub that is still at it.
_LONGEST_WRITE = datetime.timedelta(hours=1)

# No index finds a sum. Given the column and some ids, SQLite would go by the task and look at all
# of its rows.
_task_by_id = stored.c.task_id + 0


@dataclass(frozen=True)
class Hidden:
    """A range of annotations of a task; both ends are inclusive."""

    id: int
    task_id: int
    first_id: int
    last_id: int
    first_frame: int
    last_frame: int

    @property
    def rows(self) -> ColumnElement[bool]:
        """The condition that a row is within."""
        return and_(
            stored.c.task_id == self.task_id,
            stored.c.id.between(self.first_id, self.last_id),
            stored.c.frame.between(self.first_frame, self.last_frame),
        )

    @property
    def rows_by_id(self) -> ColumnElement[bool]:
        """The condition that a row is within, of those that have some of the ids."""
        return and_(
            _task_by_id == self.task_id,
            stored.c.frame.between(self.first_frame, self.last_frame),
        )


def visible(
    connection: Connection, task_id: int, frames: Span | None, *, by_id: bool = False
) -> ColumnElement[bool]:
    """Return the condition that a row is one of those that are seen.

    Args:
        frames: the first and the last frame; None means all. Tracks belong where they begin.
        by_id: whether the caller looks for a few ids.
    """
    conditions = [(_task_by_id if by_id else stored.c.task_id) == task_id]
    if frames is not None:
        conditions.append(stored.c.frame.between(*frames))
    return and_(*conditions, *(not_(found.rows) for found in _of_task(connection, task_id)))


def add_incoming(connection: Connection, task_id: int, ids: Span, now: Date) -> Hidden:
    """Hide rows that are about to be written."""
    return _add(connection, task_id, ids, ALL_FRAMES, True, now)


def reveal(connection: Connection, block: Hidden) -> bool:
    """Show what was hidden, and tell whether it was still there."""
    return connection.execute(delete(hidden).where(hidden.c.id == block.id)).rowcount == 1


def clear(connection: Connection, task_id: int, frames: Span | None, now: Date) -> list[Hidden]:
    """Remove all that is seen of a task, or of some of its frames.

    What others are writing in bulk at this moment is left to them.

    Returns:
        What is merely hidden, because it is much, and to be swept up in time.
    """
    seen = visible(connection, task_id, frames)
    if len(connection.scalars(select(stored.c.id).where(seen).limit(SLICE + 1)).all()) <= SLICE:
        connection.execute(delete(stored).where(seen))
        return []
    incoming = [
        (found.first_id, found.last_id) for found in _of_task(connection, task_id, incoming=True)
    ]
    [before] = reserve_ids(connection, 1)
    return [
        _add(connection, task_id, ids, frames or ALL_FRAMES, False, now)
        for ids in gaps(incoming, before)
    ]


def gaps(taken: Iterable[Span], before: int) -> Iterator[Span]:
    """Return the spans of the numbers from 0 that lie between those that are taken.

    >>> list(gaps([(8, 9), (3, 5)], before=12))
    [(0, 2), (6, 7), (10, 11)]
    """
    edges = [(-1, -1), *sorted(taken), (before, before)]
    for (_, last), (first, _) in pairwise(edges):
        if first - last > 1:
            yield last + 1, first - 1


def sweep(store: Store, found: Hidden) -> None:
    """Remove hidden rows in slices, and then what hid them; those that are seen by now stay."""
    with store.read() as connection:
        ids = sorted(connection.scalars(select(stored.c.id).where(found.rows)))
    hiding = select(hidden.c.id).where(hidden.c.id == found.id).with_for_update()
    for start in range(0, len(ids), SLICE):
        part = ids[start : start + SLICE]
        with store.write() as connection:
            if connection.scalar(hiding) is None:
                return
            within = stored.c.id.between(part[0], part[-1])
            connection.execute(delete(stored).where(within, found.rows_by_id))
    with store.write() as connection:
        reveal(connection, found)


def sweep_leftovers(store: Store, now: Date) -> None:
    """Sweep up what a hub that was killed left behind."""
    given_up = not_(hidden.c.incoming)
    given_up |= hidden.c.created_date < now - _LONGEST_WRITE if store.is_shared else true()
    with store.read() as connection:
        leftovers = _read(connection, given_up)
    for found in leftovers:
        sweep(store, found)


def _of_task(connection: Connection, task_id: int, *, incoming: bool = False) -> list[Hidden]:
    condition = hidden.c.task_id == task_id
    return _read(connection, condition & hidden.c.incoming if incoming else condition)


def _read(connection: Connection, condition: ColumnElement[bool]) -> list[Hidden]:
    columns = [hidden.c[name] for name in Hidden.__dataclass_fields__]
    return [Hidden(*row) for row in connection.execute(select(*columns).where(condition))]


def _add(
    connection: Connection, task_id: int, ids: Span, frames: Span, incoming: bool, now: Date
) -> Hidden:
    row = {
        "task_id": task_id,
        "first_id": ids[0],
        "last_id": ids[1],
        "first_frame": frames[0],
        "last_frame": frames[1],
    }
    extra = {"incoming": incoming, "created_date": now}
    return Hidden(inserted_id(connection.execute(insert(hidden).values(row | extra))), **row)
