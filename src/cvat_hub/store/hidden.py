"""Annotations that nobody sees: those of a bulk write that isn't complete, and those that go.

Rows by the hundred thousand are written and removed in slices, each in a transaction of its own, so
that other writers get their turns in between. What makes that one write to everybody else is a row
of `hidden_annotations` that covers them: it is there before the first slice of what comes, and it
goes in the one short transaction that also says what goes; or it comes in that transaction, and is
there until the last slice is gone. A hub that was killed in between finds these rows when it starts
and sweeps up what they cover (`sweeping`).

What covers rows is a range of their numbers and frames, perhaps of one label; or, where some rows
take the place of others, first the range of those that come, and from the short transaction on
(`exchange`) the list of those that go, which was written in slices before. If an attribute is gone,
only its values in the rows are hidden: who reads these leaves them out (`Seen.of`).

Whoever writes annotations of a task holds its lock (`annotations.lock`), so that what is there and
what is hidden stay the same until the transaction ends. Who prepares an exchange looks at the
task without holding it; whoever changes or removes what is there tells him so (`disturb`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    select,
    true,
    update,
)

from .engine import inserted_id
from .forgotten import without
from .numbers import reserve_ids
from .tables import annotation_rows as stored
from .tables import hidden_annotations as hidden
from .tables import hidden_lists as lists
from .tables import tasks

Date = datetime.datetime
Span = tuple[int, int]
ALL_FRAMES = (0, 2**31 - 1)
# So many rows are removed in one transaction.
SLICE = 1000

# No index finds a sum. Given the column and some ids, SQLite would go by the task and look at all
# of its rows.
_task_by_id = stored.c.task_id + 0


@dataclass(frozen=True)
class Hidden:
    """Some annotations of a task, or the values of an attribute in them.

    Both ends of numbers and frames are inclusive.
    """

    id: int
    task_id: int
    incoming: bool
    listed: bool
    first_id: int
    last_id: int
    first_frame: int
    last_frame: int
    label_id: int | None = None
    attribute_id: int | None = None

    @property
    def rows(self) -> ColumnElement[bool]:
        """The condition that a row is among them."""
        of_task = stored.c.task_id == self.task_id
        if self.listed and not self.incoming:
            on_list = and_(lists.c.hidden_id == self.id, lists.c.annotation_id == stored.c.id)
            return and_(of_task, exists().where(on_list))
        return and_(
            of_task, stored.c.id.between(self.first_id, self.last_id), self._frames_and_label
        )

    @property
    def rows_by_id(self) -> ColumnElement[bool]:
        """The condition that a row is among them, of those that have some of the numbers."""
        return and_(_task_by_id == self.task_id, self._frames_and_label)

    @property
    def _frames_and_label(self) -> ColumnElement[bool]:
        of_label = true() if self.label_id is None else stored.c.label_id == self.label_id
        return and_(stored.c.frame.between(self.first_frame, self.last_frame), of_label)


@dataclass(frozen=True)
class Seen:
    """What is seen of a task: rows by a condition, and their payloads without some values."""

    rows: ColumnElement[bool]
    forgotten: Mapping[int, Sequence[int]]

    def of(self, label_id: int, payload: bytes, revision: int) -> tuple[bytes, int]:
        """Return the payload and the revision that are seen of a row."""
        if label_id not in self.forgotten:
            return payload, revision
        return without(payload, revision, self.forgotten[label_id])


def visible(
    connection: Connection, task_id: int, frames: Span | None, *, by_id: bool = False
) -> Seen:
    """Return what is seen of a task, or of some of its frames.

    Args:
        frames: the first and the last frame; None means all. Tracks belong where they begin.
        by_id: whether the caller looks for a few ids.
    """
    conditions = [(_task_by_id if by_id else stored.c.task_id) == task_id]
    if frames is not None:
        conditions.append(stored.c.frame.between(*frames))
    forgotten: dict[int, list[int]] = {}
    for found in _of_task(connection, task_id):
        if found.label_id is not None and found.attribute_id is not None:
            forgotten.setdefault(found.label_id, []).append(found.attribute_id)
        else:
            conditions.append(not_(found.rows))
    return Seen(and_(*conditions), forgotten)


def read(connection: Connection, condition: ColumnElement[bool]) -> list[Hidden]:
    """Return what is hidden, of those that meet a condition."""
    return [Hidden(*row) for row in connection.execute(select(*_COLUMNS).where(condition))]


def add_incoming(
    connection: Connection, task_id: int, ids: Span, now: Date, *, listed: bool = False
) -> Hidden:
    """Hide rows that are about to be written.

    Args:
        listed: whether they take the place of others (`exchange`).
    """
    coming = Hidden(0, task_id, True, listed, *ids, *ALL_FRAMES)
    return _add(connection, coming, now)


def reveal(connection: Connection, block: Hidden) -> bool:
    """Show what was hidden, and tell whether it was still there."""
    return connection.execute(delete(hidden).where(hidden.c.id == block.id)).rowcount == 1


def put_on_list(connection: Connection, block: Hidden, rows: Sequence[int]) -> None:
    """Note which rows what is incoming takes the place of."""
    if connection.dialect.name == "postgresql":
        # There, one array is quicker than many values.
        numbers = func.unnest(literal(rows, ARRAY(BigInteger)))
        lines = select(literal(block.id), numbers)
        connection.execute(insert(lists).from_select(["hidden_id", "annotation_id"], lines))
        return
    values = [{"hidden_id": block.id, "annotation_id": number} for number in rows]
    connection.execute(insert(lists), values)


def exchange(connection: Connection, block: Hidden) -> Hidden | None:
    """Show what was incoming and hide what is on its list.

    Returns:
        What is to be swept up in time; None if it is no longer there.
    """
    coming = update(hidden).where(hidden.c.id == block.id, hidden.c.incoming)
    if not connection.execute(coming.values(incoming=False)).rowcount:
        return None
    disturb(connection, block.task_id)
    return replace(block, incoming=False)


def disturb(connection: Connection, task_id: int) -> None:
    """Tell those who prepare an exchange that this transaction changes what is there."""
    connection.execute(_DISTURB, {"of": task_id})


def disturb_all(connection: Connection, in_tasks: ColumnElement[bool]) -> None:
    """Do the same for some tasks."""
    of_tasks = hidden.c.task_id.in_(select(tasks.c.id).where(in_tasks))
    connection.execute(update(hidden).where(of_tasks, *_EXCHANGES).values(disturbed=True))


def is_disturbed(connection: Connection, block: Hidden) -> bool:
    """Tell whether annotations of the task were changed since `add_incoming`, or `calm`."""
    return bool(connection.scalar(select(hidden.c.disturbed).where(hidden.c.id == block.id)))


def calm(connection: Connection, block: Hidden) -> None:
    """Take a disturbance back, before looking again."""
    connection.execute(update(hidden).where(hidden.c.id == block.id).values(disturbed=False))


def clear(connection: Connection, task_id: int, frames: Span | None, now: Date) -> list[Hidden]:
    """Remove all that is seen of a task, or of some of its frames.

    What others are writing in bulk at this moment is left to them.

    Returns:
        What is merely hidden, because it is much, and to be swept up in time.
    """
    disturb(connection, task_id)
    seen = visible(connection, task_id, frames).rows
    if len(connection.scalars(select(stored.c.id).where(seen).limit(SLICE + 1)).all()) <= SLICE:
        connection.execute(delete(stored).where(seen))
        return []
    incoming = [
        (found.first_id, found.last_id) for found in _of_task(connection, task_id) if found.incoming
    ]
    [before] = reserve_ids(connection, 1)
    leaving = (
        Hidden(0, task_id, False, False, *ids, *(frames or ALL_FRAMES))
        for ids in gaps(incoming, before)
    )
    return [_add(connection, found, now) for found in leaving]


def hide_label(
    connection: Connection,
    in_tasks: ColumnElement[bool],
    label_id: int,
    now: Date,
    attribute_id: int | None = None,
) -> list[Hidden]:
    """Hide the annotations of some tasks that have a label, or only their values of an attribute.

    Nothing will have that label, or attribute, from now on.

    Returns:
        What is to be swept up in time.
    """
    disturb_all(connection, in_tasks)
    [before] = reserve_ids(connection, 1)
    of_any = Hidden(0, 0, False, False, 0, before, *ALL_FRAMES, label_id, attribute_id)
    values = _values(of_any, now) | {"disturbed": False}
    del values["task_id"]
    same = [literal(value, hidden.c[name].type) for name, value in values.items()]
    of_each = select(tasks.c.id, *same).where(in_tasks)
    connection.execute(insert(hidden).from_select(["task_id", *values], of_each))
    alike = and_(hidden.c.label_id == label_id, hidden.c.attribute_id == attribute_id)
    return read(connection, alike)


def gaps(taken: Iterable[Span], before: int) -> Iterator[Span]:
    """Return the spans of the numbers from 0 that lie between those that are taken.

    >>> list(gaps([(8, 9), (3, 5)], before=12))
    [(0, 2), (6, 7), (10, 11)]
    """
    edges = [(-1, -1), *sorted(taken), (before, before)]
    for (_, last), (first, _) in pairwise(edges):
        if first - last > 1:
            yield last + 1, first - 1


_EXCHANGES = (hidden.c.incoming, hidden.c.listed)
_DISTURB = (
    update(hidden).where(hidden.c.task_id == bindparam("of"), *_EXCHANGES).values(disturbed=True)
)
_COLUMNS = [hidden.c[name] for name in Hidden.__dataclass_fields__]


def _of_task(connection: Connection, task_id: int) -> list[Hidden]:
    return read(connection, hidden.c.task_id == task_id)


def _add(connection: Connection, found: Hidden, now: Date) -> Hidden:
    result = connection.execute(insert(hidden).values(_values(found, now)))
    return replace(found, id=inserted_id(result))


def _values(found: Hidden, now: Date) -> dict[str, Any]:
    values = {name: value for name, value in vars(found).items() if name != "id"}
    return values | {"created_date": now}
