"""Annotations in the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import pytest
from sqlalchemy import Connection

from cvat_hub.store import Store
from cvat_hub.store.annotations import Item, Known, add, known, lock, read, remove, replace
from cvat_hub.store.numbers import numbers, reserve_ids


def _item(number: int, **changes: Any) -> Item:
    fields = {"kind": "shapes", "frame": number, "label_id": 1, "payload": b'{"frame":%d}' % number}
    return Item(id=number, **(fields | changes))


def _seen(connection: Connection, task_id: int) -> set[int]:
    return set(known(connection, task_id, range(10_000), None))


def test_what_is_added_is_read_in_the_order_of_frames(store: Store, task_id: int) -> None:
    items = [_item(5), _item(3, kind="tracks"), _item(4, revision=7)]
    with store.write() as connection:
        add(connection, task_id, items)
    with store.read() as connection:
        found = json.loads(b"".join(read(connection, task_id, None)))
        some = json.loads(b"".join(read(connection, task_id, (4, 4))))
    four = {"id": 4, "revision": 7, "frame": 4}
    assert found["shapes"] == [four, {"id": 5, "revision": 1, "frame": 5}]
    assert found["tracks"] == [{"id": 3, "revision": 1, "frame": 3}]
    assert some["shapes"] == [four]


def test_replacing_and_removing_leave_the_rest_alone(store: Store, task_id: int) -> None:
    with store.write() as connection:
        add(connection, task_id, [_item(number) for number in range(1, 4)])
        replace(connection, task_id, [_item(1, frame=9, payload=b'{"frame":9}', revision=2)])
        remove(connection, task_id, [2])
        assert known(connection, task_id, [1, 2, 3], None) == {
            1: Known("shapes", 2, 1),
            3: Known("shapes", 1, 3),
        }
        assert known(connection, task_id, [1, 2, 3], (0, 3)) == {3: Known("shapes", 1, 3)}
        assert b'{"id":1,"revision":2,"frame":9}' in b"".join(read(connection, task_id, None))


def test_thousands_come_out_as_they_went_in(store: Store, task_id: int) -> None:
    items = [_item(number, kind=("tags", "shapes")[number % 2]) for number in range(1, 2500)]
    with store.write() as connection:
        add(connection, task_id, items)
        found = json.loads(b"".join(read(connection, task_id, None)))
    assert [tag["id"] for tag in found["tags"]] == list(range(2, 2500, 2))
    assert [shape["id"] for shape in found["shapes"]] == list(range(1, 2500, 2))


def test_numbers_are_given_out_once(store: Store) -> None:
    def reserve(_: int) -> Sequence[int]:
        with store.write() as connection:
            return reserve_ids(connection, 50)

    with ThreadPoolExecutor(4) as threads:
        blocks = [*threads.map(reserve, range(8)), [*islice(numbers(store), 300)]]
    found = [number for block in blocks for number in block]
    assert len(set(found)) == len(found) == 700
    assert all([*block] == sorted(block) for block in blocks)
    with store.write() as connection:
        assert not reserve_ids(connection, 0)


def test_a_write_that_fails_leaves_no_trace(store: Store, task_id: int) -> None:
    def add_and_fail() -> None:
        with store.write() as connection:
            add(connection, task_id, [_item(1)])
            _fail()

    with pytest.raises(ZeroDivisionError):
        add_and_fail()
    with store.read() as connection:
        assert _seen(connection, task_id) == set()


def test_a_reader_sees_one_state_and_waits_for_no_writer(store: Store, task_id: int) -> None:
    with store.read() as reader:
        assert _seen(reader, task_id) == set()
        with store.write() as writer:
            add(writer, task_id, [_item(1)])
            with store.read() as other:
                assert _seen(other, task_id) == set()
        assert _seen(reader, task_id) == set()
    with store.read() as later:
        assert _seen(later, task_id) == {1}


def test_only_a_task_that_is_there_can_be_locked(store: Store, task_id: int) -> None:
    with store.write() as connection:
        assert lock(connection, task_id)
        assert not lock(connection, task_id + 1)


def test_who_locks_a_task_is_alone_with_its_annotations(store: Store, task_id: int) -> None:
    def count_up(_: int) -> None:
        with store.write() as connection:
            assert lock(connection, task_id)
            revision = known(connection, task_id, [1], None)[1].revision
            replace(connection, task_id, [_item(1, revision=revision + 1)])

    with store.write() as connection:
        add(connection, task_id, [_item(1)])
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count_up, range(20)))
    with store.read() as connection:
        assert known(connection, task_id, [1], None)[1].revision == 21


def _fail() -> None:
    raise ZeroDivisionError
