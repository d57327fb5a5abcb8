"""Annotations in the store."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cvat_hub.store import Store
from cvat_hub.store.annotations import Item, add, clear, ids, read, remove, replace, reserve_ids


def _item(number: int, **changes: Any) -> Item:
    fields = {"kind": "shapes", "frame": number, "label_id": 1, "payload": b'{"frame":%d}' % number}
    return Item(number, **(fields | changes))


def test_what_is_added_is_read_in_the_order_of_ids(store: Store, task_id: int) -> None:
    items = [_item(5), _item(3, kind="tracks"), _item(4)]
    with store.write() as connection:
        add(connection, task_id, items)
    with store.read() as connection:
        found = json.loads(read(connection, task_id, None))
        some = json.loads(read(connection, task_id, (4, 4)))
    assert found["shapes"] == [{"id": 4, "frame": 4}, {"id": 5, "frame": 5}]
    assert found["tracks"] == [{"id": 3, "frame": 3}]
    assert some["shapes"] == [{"id": 4, "frame": 4}]


def test_replacing_removing_and_clearing_leave_the_rest_alone(store: Store, task_id: int) -> None:
    with store.write() as connection:
        add(connection, task_id, [_item(number) for number in range(1, 6)])
        replace(connection, task_id, [_item(1, frame=9, payload=b'{"frame":9}')])
        remove(connection, task_id, {2})
        clear(connection, task_id, (3, 4))
        assert ids(connection, task_id, "shapes", None) == {1, 5}
        assert ids(connection, task_id, "tags", None) == set()
        assert b'{"id":1,"frame":9}' in read(connection, task_id, None)


def test_numbers_are_given_out_once(store: Store) -> None:
    def reserve(_: int) -> list[int]:
        with store.write() as connection:
            return reserve_ids(connection, 50)

    with ThreadPoolExecutor(4) as threads:
        numbers = [number for block in threads.map(reserve, range(8)) for number in block]
    assert len(set(numbers)) == len(numbers) == 400
    with store.write() as connection:
        assert reserve_ids(connection, 0) == []


def test_a_write_that_fails_leaves_no_trace(store: Store, task_id: int) -> None:
    def add_and_fail() -> None:
        with store.write() as connection:
            add(connection, task_id, [_item(1)])
            _fail()

    with pytest.raises(ZeroDivisionError):
        add_and_fail()
    with store.read() as connection:
        assert ids(connection, task_id, "shapes", None) == set()


def test_a_reader_sees_one_state_and_waits_for_no_writer(store: Store, task_id: int) -> None:
    with store.read() as reader:
        assert ids(reader, task_id, "shapes", None) == set()
        with store.write() as writer:
            add(writer, task_id, [_item(1)])
            with store.read() as other:
                assert ids(other, task_id, "shapes", None) == set()
        assert ids(reader, task_id, "shapes", None) == set()
    with store.read() as later:
        assert ids(later, task_id, "shapes", None) == {1}


def _fail() -> None:
    raise ZeroDivisionError
