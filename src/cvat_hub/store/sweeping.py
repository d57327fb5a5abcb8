"""What nobody sees any more is removed from the store, in slices (`hidden`)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Select,
    and_,
    bindparam,
    delete,
    not_,
    select,
    true,
    update,
)

from .engine import Store
from .forgotten import without
from .hidden import SLICE, Date, Hidden, read, reveal
from .tables import annotation_rows as stored
from .tables import hidden_annotations as hidden
from .tables import hidden_lists as lists

# A bulk write that began earlier than this isn't one of another hub that is still at it.
_LONGEST_WRITE = datetime.timedelta(hours=1)


def sweep(store: Store, found: Hidden) -> None:
    """Remove what is hidden in slices, and then what hid it; what is seen by now stays."""
    if found.attribute_id is not None:
        _forget(store, found, found.attribute_id)
        return
    goes_by_list = found.listed and not found.incoming
    with store.read() as connection:
        listed = _numbers(connection, select(_listed).where(_of_list), found)
        rows = listed
        if not goes_by_list:
            rows = _numbers(connection, select(stored.c.id).where(found.rows), found)
    by_range = delete(stored).where(_within(stored.c.id), found.rows_by_id)
    removals: list[tuple[Delete, Sequence[int]]] = [
        *((_ROWS_ON_LIST if goes_by_list else by_range, part) for part in _parts(rows)),
        *((_LINES, part) for part in _parts(listed)),
    ]
    for removal, ids in removals:
        with store.write() as connection:
            if not _is_same(connection, found):
                return
            ends = {"first": ids[0], "last": ids[-1]}
            connection.execute(removal, {"of": found.id} | ends)
    with store.write() as connection:
        if _is_same(connection, found):
            reveal(connection, found)


def sweep_leftovers(store: Store, now: Date) -> None:
    """Sweep up what a hub that was killed left behind."""
    given_up = not_(hidden.c.incoming)
    given_up |= hidden.c.created_date < now - _LONGEST_WRITE if store.is_shared else true()
    with store.read() as connection:
        leftovers = read(connection, given_up)
    for found in leftovers:
        sweep(store, found)


def _forget(store: Store, found: Hidden, attribute_id: int) -> None:
    """Remove the values of an attribute from what has them."""
    with store.read() as connection:
        rows = _numbers(connection, select(stored.c.id).where(found.rows), found)
    for ids in _parts(rows):
        # Somebody may change these rows at the same time, or remove the values of another attribute
        # from them: then they are looked at again.
        while changes := _changes(store, found, attribute_id, ids):
            with store.write() as connection:
                if not _is_same(connection, found):
                    return
                if connection.execute(_CHANGE, changes).rowcount == len(changes):
                    break
    with store.write() as connection:
        reveal(connection, found)


def _changes(
    store: Store, found: Hidden, attribute_id: int, ids: Sequence[int]
) -> list[dict[str, Any]]:
    """Return what becomes of those rows that have values of an attribute."""
    with store.read() as connection:
        within = _KEPT.where(found.rows_by_id)
        kept = connection.execute(within, {"first": ids[0], "last": ids[-1]}).all()
    return [
        {"of": row.id, "was": row.revision, "now": now, "rest": payload}
        for row in kept
        for payload, now in [without(row.payload, row.revision, [attribute_id])]
        if now != row.revision
    ]


def _is_same(connection: Connection, found: Hidden) -> bool:
    """Tell whether something is hidden as it was, and keep it so until the transaction ends."""
    same = and_(hidden.c.id == found.id, hidden.c.incoming == found.incoming)
    return connection.scalar(select(hidden.c.id).where(same).with_for_update()) is not None


def _numbers(connection: Connection, query: Select[Any], found: Hidden) -> list[int]:
    # Fetched at once, a hundred thousand would keep all other threads waiting.
    rows = connection.scalars(query.execution_options(yield_per=SLICE), {"of": found.id})
    return sorted(number for part in rows.partitions() for number in part)


def _within(column: ColumnElement[int]) -> ColumnElement[bool]:
    return column.between(bindparam("first"), bindparam("last"))


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), SLICE):
        yield ids[start : start + SLICE]


_listed = lists.c.annotation_id
_of_list = lists.c.hidden_id == bindparam("of")
_LINES = delete(lists).where(_of_list, _within(_listed))
_ROWS_ON_LIST = delete(stored).where(
    stored.c.id.in_(select(_listed).where(_of_list, _within(_listed)))
)
_KEPT = select(stored.c.id, stored.c.revision, stored.c.payload).where(_within(stored.c.id))
_CHANGE = (
    update(stored)
    .where(stored.c.id == bindparam("of"), stored.c.revision == bindparam("was"))
    .values(payload=bindparam("rest"), revision=bindparam("now"))
)
