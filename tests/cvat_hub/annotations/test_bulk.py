"""Bulk writes: one write to all who look on, and many short ones to those who wait."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from cvat_hub.annotations import brought_in
from cvat_hub.annotations.bulk import slices
from cvat_hub.errors import NotFound, Unavailable
from cvat_hub.store import Store, tasks, users
from cvat_hub.store.annotations import Item, add, read
from cvat_hub.store.numbers import reserve_ids
from cvat_hub.store.sweeping import sweep_leftovers
from cvat_hub.store.tables import annotation_rows, hidden_annotations

NOW = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
MANY = 2500


@pytest.fixture
def task_id(store: Store) -> int:
    with store.write() as connection:
        owner_id = users.create(connection, "ada", "hash", NOW)
        values = {"name": "x", "owner_id": owner_id, "bug_tracker": "", "subset": ""}
        return tasks.add(connection, values | {"segment_size": 0}, NOW)


def _items(count: int, payload: bytes = b'{"bulk":1}') -> list[Item]:
    return [Item("shapes", number % 10, 1, payload) for number in range(count)]


class Others:
    """Those who look on, and write in between: at the beginning of each transaction."""

    def __init__(self, store: Store, task_id: int) -> None:
        self.store = store
        self.task_id = task_id
        self.transactions = 0
        self.then: dict[int, Callable[[], Any]] = {}

    @contextmanager
    def opened(self) -> Iterator[Connection]:
        assert self.seen() == self.transactions
        with self.store.write() as connection:
            [number] = reserve_ids(connection, 1)
            add(connection, self.task_id, [Item("tags", 0, 1, b'{"other":1}', number)])
        self.transactions += 1
        self.then.get(self.transactions, lambda: None)()
        with self.store.write() as connection:
            yield connection

    def seen(self, what: bytes = b'"other"') -> int:
        with self.store.read() as connection:
            found = b"".join(read(connection, self.task_id, None))
        if what == b'"other"':
            assert b'"bulk"' not in found
        return found.count(what)

    def rows(self) -> tuple[int, ...]:
        """The numbers of rows of annotations, and of ranges that hide some."""
        with self.store.read() as connection:
            return tuple(
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (annotation_rows, hidden_annotations)
            )


@pytest.mark.parametrize(("count", "transactions"), [(0, 1), (1, 1), (1000, 1), (MANY, 5)])
def test_a_write_is_seen_as_a_whole_while_others_write_in_between(
    store: Store, task_id: int, count: int, transactions: int
) -> None:
    others = Others(store, task_id)
    items = _items(count)
    coming = brought_in(store, others.opened, task_id, items, NOW)
    with coming as complete, others.opened() as connection:
        complete(connection)
    assert others.transactions == transactions
    assert others.seen(b'"bulk"') == count
    assert others.rows() == (count + transactions, 0)
    assert len({item.id for item in items}) == count


@pytest.mark.parametrize("last", [1, 2, 3, 4, 5])
def test_a_write_that_fails_at_any_point_leaves_nothing(
    store: Store, task_id: int, last: int
) -> None:
    others = Others(store, task_id)

    def fail() -> None:
        raise NotFound

    others.then[last] = fail
    with (
        pytest.raises(NotFound),
        brought_in(store, others.opened, task_id, _items(MANY), NOW) as complete,
        others.opened() as connection,
    ):
        complete(connection)
    assert others.seen() == last
    assert others.rows() == (last, 0)


def test_a_task_that_is_deleted_takes_what_comes_with_it(store: Store, task_id: int) -> None:
    others = Others(store, task_id)

    def delete() -> None:
        with store.write() as connection:
            task = tasks.get(connection, task_id)
            assert task
            tasks.remove(connection, task, NOW)
        raise NotFound  # as those who look for the task do

    others.then[3] = delete
    with pytest.raises(NotFound), brought_in(store, others.opened, task_id, _items(MANY), NOW):
        pass
    assert others.rows() == (0, 0)


def test_a_write_that_was_given_up_by_another_hub_is_not_completed(
    store: Store, task_id: int
) -> None:
    others = Others(store, task_id)
    much_later = NOW + datetime.timedelta(days=1)
    others.then[5] = lambda: sweep_leftovers(store, much_later)
    with (
        pytest.raises(Unavailable, match="given up"),
        brought_in(store, others.opened, task_id, _items(MANY), NOW) as complete,
        others.opened() as connection,
    ):
        complete(connection)
    assert others.rows() == (5, 0)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([10] * 1000, [1000]),
        ([10] * 2001, [1000, 1000, 1]),
        ([600_000] * 3, [1, 1, 1]),
        ([500_000] * 5, [2, 2, 1]),
        ([10, 5_000_000, 10, 10], [1, 1, 2]),
    ],
)
def test_slices_have_few_rows_and_few_bytes(sizes: list[int], expected: list[int]) -> None:
    items = [Item("shapes", 0, 1, bytes(size)) for size in sizes]
    parts = list(slices(items))
    assert [len(part) for part in parts] == expected
    assert [item for part in parts for item in part] == items


def test_many_come_out_as_they_went_in(painted: Any) -> None:
    boxes = [painted.shape(frame=n % 4, points=[n, 0, n + 1, 1]) for n in range(MANY)]
    answer = painted.create(shapes=boxes)
    assert answer.status == 200
    made = answer.json["shapes"]
    assert [shape["points"][0] for shape in made] == list(range(MANY))
    assert painted.read()["shapes"] == sorted(made, key=lambda shape: (shape["frame"], shape["id"]))
    changed = [shape | {"group": 5} for shape in made]
    assert painted.update(shapes=changed).status == 200
    assert {(s["group"], s["revision"]) for s in painted.read()["shapes"]} == {(5, 2)}
    assert painted.delete(shapes=made).status == 409
    assert painted.delete(shapes=painted.read()["shapes"][1:]).status == 200
    assert len(painted.read()["shapes"]) == 1


def test_of_two_who_replace_everything_one_is_the_last(painted: Any) -> None:
    painted.create(shapes=[painted.shape(group=9)] * MANY)

    def replace(group: int) -> Any:
        count = MANY if group else 10
        body = {"shapes": [painted.shape(group=group)] * count}
        return painted.client("PUT", painted.path, body).status

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(replace, range(3))) == [200] * 3
    groups = [shape["group"] for shape in painted.read()["shapes"]]
    assert len(set(groups)) == 1
    assert len(groups) == (MANY if groups[0] else 10)


def test_a_job_replaces_and_deletes_no_more_than_its_own(painted: Any) -> None:
    first, second = painted.jobs()
    painted.create(shapes=[painted.shape(frame=n % 4) for n in range(4 * MANY)])
    body = {"shapes": [painted.shape(frame=3)] * MANY}
    assert painted.client("PUT", f"jobs/{second}/annotations", body).status == 200
    frames = [shape["frame"] for shape in painted.read()["shapes"]]
    assert {frame: frames.count(frame) for frame in range(4)} == {0: MANY, 1: MANY, 2: 0, 3: MANY}
    assert painted.client("DELETE", f"jobs/{first}/annotations").status == 204
    assert {shape["frame"] for shape in painted.read()["shapes"]} == {3}
