"""Annotations that nobody sees."""

from __future__ import annotations

import datetime

import pytest
from sqlalchemy import func, select

from cvat_hub.store import Store, tasks
from cvat_hub.store.annotations import Item, add, known, read
from cvat_hub.store.hidden import (
    SLICE,
    add_incoming,
    clear,
    gaps,
    reveal,
)
from cvat_hub.store.numbers import reserve_ids
from cvat_hub.store.sweeping import sweep, sweep_leftovers
from cvat_hub.store.tables import annotation_rows, hidden_annotations

MANY = SLICE + 1
HOUR = datetime.timedelta(hours=1)
Date = datetime.datetime


def _add(store: Store, task_id: int, count: int) -> list[int]:
    with store.write() as connection:
        ids = list(reserve_ids(connection, count))
        add(connection, task_id, [Item("shapes", n % 10, 1, b"{ }", n) for n in ids])
    return ids


def _seen(store: Store, task_id: int, ids: list[int]) -> list[int]:
    with store.read() as connection:
        found = sorted(known(connection, task_id, ids, None))
        assert b"".join(read(connection, task_id, None)).count(b"id") == len(found)
    return found


def _rows(store: Store) -> tuple[int, int]:
    """Return the numbers of rows of annotations, and of what hides some."""
    with store.read() as connection:
        tables = (annotation_rows, hidden_annotations)
        counts = [connection.scalar(select(func.count()).select_from(table)) for table in tables]
    return counts[0] or 0, counts[1] or 0


def test_what_comes_is_seen_when_it_is_revealed(store: Store, task_id: int, now: Date) -> None:
    before = _add(store, task_id, 2)
    ids = _add(store, task_id, 3)
    with store.write() as connection:
        block = add_incoming(connection, task_id, (ids[0], ids[-1]), now)
    assert _seen(store, task_id, before + ids) == before
    with store.write() as connection:
        assert reveal(connection, block)
    assert _seen(store, task_id, before + ids) == before + ids
    with store.write() as connection:
        assert not reveal(connection, block)


@pytest.mark.parametrize("count", [3, MANY])
def test_clearing_removes_what_is_seen_and_no_more(
    store: Store, task_id: int, now: Date, count: int
) -> None:
    old = _add(store, task_id, count)
    coming = _add(store, task_id, 3)
    with store.write() as connection:
        block = add_incoming(connection, task_id, (coming[0], coming[-1]), now)
        leaving = clear(connection, task_id, None, now)
    assert bool(leaving) == (count == MANY)
    later = _add(store, task_id, 2)
    assert _seen(store, task_id, old + coming + later) == later
    for found in leaving:
        sweep(store, found)
    assert _rows(store) == (5, 1)
    with store.write() as connection:
        reveal(connection, block)
    assert _seen(store, task_id, old + coming + later) == coming + later


@pytest.mark.parametrize("count", [30, 2 * MANY])
def test_clearing_some_frames_leaves_the_others(
    store: Store, task_id: int, now: Date, count: int
) -> None:
    ids = _add(store, task_id, count)
    with store.write() as connection:
        leaving = clear(connection, task_id, (3, 9), now)
    kept = [number for number in ids if number % 10 < 3]
    assert _seen(store, task_id, ids) == kept
    for found in leaving:
        sweep(store, found)
    assert _rows(store) == (len(kept), 0)


def test_what_is_seen_again_is_not_swept_up(store: Store, task_id: int, now: Date) -> None:
    ids = _add(store, task_id, 3)
    with store.write() as connection:
        block = add_incoming(connection, task_id, (ids[0], ids[-1]), now)
        reveal(connection, block)
    sweep(store, block)
    assert _seen(store, task_id, ids) == ids


def test_other_tasks_hide_nothing(store: Store, task_id: int, other_id: int, now: Date) -> None:
    ids = _add(store, task_id, 3)
    with store.write() as connection:
        add_incoming(connection, other_id, (0, ids[-1]), now)
    assert _seen(store, task_id, ids) == ids


def test_leftovers_of_a_killed_hub_are_swept_up(store: Store, task_id: int, now: Date) -> None:
    _add(store, task_id, MANY)
    with store.write() as connection:
        clear(connection, task_id, None, now)
    ids = _add(store, task_id, 3)
    with store.write() as connection:
        add_incoming(connection, task_id, (ids[0], ids[-1]), now)
    sweep_leftovers(store, now)
    # Where several hubs work together, another one may be in the middle of what is coming.
    assert _rows(store) == ((3, 1) if store.is_shared else (0, 0))
    sweep_leftovers(store, now + 2 * HOUR)
    assert _rows(store) == (0, 0)


@pytest.mark.parametrize(("count", "left"), [(MANY - 1, (0, 0)), (MANY, (MANY, 1))])
def test_annotations_of_a_deleted_task_go_at_once_or_in_slices(
    store: Store, task_id: int, now: Date, count: int, left: tuple[int, int]
) -> None:
    _add(store, task_id, count)
    with store.write() as connection:
        task = tasks.get(connection, task_id)
        assert task
        tasks.remove(connection, task, now)
    assert _rows(store) == left
    sweep_leftovers(store, now)
    assert _rows(store) == (0, 0)


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], [(0, 9)]),
        ([(0, 9)], []),
        ([(4, 5)], [(0, 3), (6, 9)]),
        ([(6, 7), (0, 1), (2, 4)], [(5, 5), (8, 9)]),
    ],
)
def test_gaps_are_what_is_not_taken(
    taken: list[tuple[int, int]], expected: list[tuple[int, int]]
) -> None:
    assert list(gaps(taken, before=10)) == expected
