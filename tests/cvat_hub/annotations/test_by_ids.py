"""Many annotations changed or removed by ids: one write to all, in many short transactions."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from cvat_hub.annotations import ByIds
from cvat_hub.errors import Conflict, NotFound, Unavailable
from cvat_hub.store import Store, hidden, labelled, labels, tasks, users
from cvat_hub.store import annotations as stored
from cvat_hub.store.annotations import Item, Known
from cvat_hub.store.labels import Attribute, Home, Label
from cvat_hub.store.numbers import reserve_ids
from cvat_hub.store.sweeping import sweep, sweep_leftovers
from cvat_hub.store.tables import annotation_rows, hidden_annotations, hidden_lists

NOW = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
MANY = 2500
# Those that prepare (the block, three slices of rows, two of the list), and the one that exchanges.
TRANSACTIONS = {"update": 7, "delete": 4}
OLD, NEW = (1, b'{"v":1}'), (2, b'{"v":2}')
State = dict[int, tuple[int, bytes]]


@dataclass
class Annotated:
    """A task with annotations; `then` happens at the beginning of a transaction of that number."""

    store: Store
    task_id: int
    then: dict[int, Callable[[], Any]] = field(default_factory=dict)
    seen: list[State] = field(default_factory=list)
    touches: int = 0

    def add(self, count: int) -> list[int]:
        with self.store.write() as connection:
            ids = reserve_ids(connection, count)
            made = [Item("shapes", n % 10, 1, b'{"v":1}', n) for n in ids]
            stored.add(connection, self.task_id, made)
        return list(ids)

    def state(self) -> State:
        """What is read: of each annotation the revision and the rest."""
        with self.store.read() as connection:
            found = json.loads(b"".join(stored.read(connection, self.task_id, None)))["shapes"]
        state = {one["id"]: (one["revision"], b'{"v":%d}' % one["v"]) for one in found}
        assert len(state) == len(found)
        return state

    def rows(self) -> tuple[int, ...]:
        """The numbers of rows of annotations, of what hides some, and of lists of hidden ones."""
        with self.store.read() as connection:
            return tuple(
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (annotation_rows, hidden_annotations, hidden_lists)
            )

    @contextmanager
    def opened(self) -> Iterator[Connection]:
        self.seen.append(self.state())
        self.then.get(len(self.seen), lambda: None)()
        with self.store.write() as connection:
            if not stored.lock(connection, self.task_id):
                raise NotFound
            yield connection

    def touch(self, _: Connection) -> None:
        self.touches += 1

    def change_one(self, number: int) -> None:
        """What somebody else does in between."""
        with self.store.write() as connection:
            there = stored.known(connection, self.task_id, [number], None)[number]
            item = Item("shapes", 0, 1, b'{"v":9}', number, there.revision + 1, there.row)
            stored.replace(connection, self.task_id, [item])

    def remove_one(self, number: int) -> None:
        with self.store.write() as connection:
            there = stored.known(connection, self.task_id, [number], None)
            stored.remove(connection, self.task_id, [there[number].row])

    def run(self, action: str, ids: list[int], revision: int = 0) -> None:
        """Update or delete some, if they have a revision."""

        def look(connection: Connection) -> Mapping[int, Known]:
            there = stored.known(connection, self.task_id, ids, None)
            if revision and {known.revision for known in there.values()} != {revision}:
                raise Conflict
            if action == "update" and len(there) < len(ids):
                raise NotFound
            return there

        items = [Item("shapes", n % 10, 1, b'{"v":2}', n) for n in ids]
        self.seen.clear()
        ByIds(
            self.store,
            self.task_id,
            self.opened,
            look,
            self.touch,
            NOW,
            len(ids),
            items if action == "update" else [],
        ).run()


@pytest.fixture
def task(store: Store) -> Annotated:
    with store.write() as connection:
        owner_id = users.create(connection, "ada", "hash", NOW)
        values = {"name": "x", "owner_id": owner_id, "bug_tracker": "", "subset": ""}
        return Annotated(store, tasks.add(connection, values | {"segment_size": 0}, NOW))


def _after(action: str, ids: list[int], state: State) -> State:
    if action == "update":
        return state | dict.fromkeys(ids, NEW)
    return {number: value for number, value in state.items() if number not in set(ids)}


@pytest.mark.parametrize("action", TRANSACTIONS)
@pytest.mark.parametrize(("count", "step"), [(3, 2), (1000, 1), (MANY, 1), (MANY, 2)])
def test_a_write_is_seen_as_a_whole(task: Annotated, action: str, count: int, step: int) -> None:
    """Whether those that are named lie side by side, or others between them."""
    every = task.add(count * step)
    ids, before = every[::step], task.state()
    task.run(action, ids)
    assert task.seen == [before] * (TRANSACTIONS[action] if count == MANY else 1)
    assert task.state() == _after(action, ids, before)
    assert task.rows() == (len(task.state()), 0, 0)
    assert task.touches == 1


@pytest.mark.parametrize(("action", "last"), [(a, n + 1) for a in TRANSACTIONS for n in range(3)])
def test_a_write_that_fails_at_any_point_leaves_all_as_it_was(
    task: Annotated, action: str, last: int
) -> None:
    ids, before = task.add(MANY), task.state()

    def fail() -> None:
        raise NotFound

    task.then[last] = fail
    with pytest.raises(NotFound):
        task.run(action, ids)
    assert task.state() == before
    assert task.rows() == (MANY, 0, 0)
    assert task.touches == 0


@pytest.mark.parametrize(("action", "at"), [(a, n + 1) for a, n in TRANSACTIONS.items()])
def test_what_others_change_in_between_stays(task: Annotated, action: str, at: int) -> None:
    first, *rest = task.add(MANY + 1)
    task.then[at - 1] = lambda: task.change_one(first)
    task.then[at] = lambda: task.add(1)
    task.run(action, rest)
    state = task.state()
    assert state.pop(first) == (2, b'{"v":9}')
    assert state.pop(max(state)) == OLD if action == "delete" else True
    assert {state[number] for number in rest if number in state} == (
        {NEW} if action == "update" else set()
    )
    assert task.rows()[1:] == (0, 0)


def test_what_others_change_of_the_same_is_overwritten_and_counted(task: Annotated) -> None:
    ids = task.add(MANY)
    task.then[4] = lambda: task.change_one(ids[7])
    task.run("update", ids)
    assert task.state() == dict.fromkeys(ids, NEW) | {ids[7]: (3, b'{"v":2}')}
    assert task.rows() == (MANY, 0, 0)


@pytest.mark.parametrize("action", TRANSACTIONS)
@pytest.mark.parametrize("what", ["one of them", "an attribute"])
def test_who_brings_a_revision_is_refused_if_it_changes_in_between(
    task: Annotated, action: str, what: str
) -> None:
    ids = task.add(MANY)
    home, payload = Home(task_id=task.task_id), b'{"v":1,"attributes":[{"spec_id":%d}]}'
    with task.store.write() as connection:
        attribute = Attribute("one", False, "text", "", [])
        labels.add(connection, home, Label("car", "#fff", "any", attributes=[attribute]))
        [label] = labels.of_task(connection, task.task_id)
        changed = Item("shapes", 0, label.id, payload % label.attributes[0].id, ids[7], 1, ids[7])
        stored.replace(connection, task.task_id, [changed])

    def forget() -> None:
        with task.store.write() as connection:
            labelled.forget_attribute(connection, home, label.attributes[0].id, NOW)

    task.then[TRANSACTIONS[action]] = (
        forget if what == "an attribute" else lambda: task.change_one(ids[7])
    )
    with pytest.raises(Conflict):
        task.run(action, ids, revision=1)
    assert {value[0] for number, value in task.state().items() if number != ids[7]} == {1}


@pytest.mark.parametrize("at", range(2, 8))
def test_what_others_remove_is_not_brought_back(task: Annotated, at: int) -> None:
    ids = task.add(MANY)
    task.then[at] = lambda: task.remove_one(ids[7])
    with pytest.raises(NotFound):
        task.run("update", ids)
    assert task.state() == {number: OLD for number in ids if number != ids[7]}
    assert task.rows() == (MANY - 1, 0, 0)


@pytest.mark.parametrize("action", TRANSACTIONS)
@pytest.mark.parametrize("which", ["another", "one of them"])
def test_a_write_is_done_even_if_others_never_rest(
    task: Annotated, action: str, which: str
) -> None:
    first, *ids = task.add(MANY + 1)
    busy = first if which == "another" else ids[0]
    task.then.update(dict.fromkeys(range(100), lambda: task.change_one(busy)))
    task.run(action, ids)
    state = task.state()
    assert {state[number][1] for number in ids if number in state} == (
        {NEW[1]} if action == "update" else set()
    )
    assert task.rows() == (len(state), 0, 0)


@pytest.mark.parametrize("inner", ["update", "delete", "clear", "the task"])
def test_of_two_bulk_writes_each_is_whole(task: Annotated, inner: str) -> None:
    """The second is done while the first is prepared."""
    ids = task.add(MANY)
    other = Annotated(task.store, task.task_id)

    def act() -> None:
        if inner in TRANSACTIONS:
            other.run(inner, ids)
            return
        with task.store.write() as connection:
            if inner == "clear":
                leaving = hidden.clear(connection, task.task_id, None, NOW)
            else:
                found = tasks.get(connection, task.task_id)
                assert found
                leaving = list(tasks.remove(connection, found, NOW).annotations)
        for one in leaving:
            sweep(task.store, one)

    task.then[5] = act
    if inner == "update":
        task.run("update", ids)
        assert task.state() == dict.fromkeys(ids, (3, b'{"v":2}'))
    else:
        with pytest.raises(NotFound):
            task.run("update", ids)
        assert task.state() == {}
    assert task.rows() == (len(task.state()), 0, 0)


def test_changed_ones_are_changed_and_removed_again(task: Annotated) -> None:
    """By their ids, and in the order of these, wherever their rows are."""
    ids = task.add(MANY)
    task.run("update", ids[::-1])
    task.run("update", ids)
    task.change_one(ids[3])
    task.remove_one(ids[4])
    assert task.state() == {
        number: (4, b'{"v":9}') if number == ids[3] else (3, b'{"v":2}')
        for number in ids
        if number != ids[4]
    }
    with task.store.read() as connection:
        frame = json.loads(b"".join(stored.read(connection, task.task_id, (5, 5))))["shapes"]
    assert [one["id"] for one in frame] == sorted(n for n in task.state() if n % 10 == 5)
    task.run("delete", ids[10:])
    assert list(task.state()) == [*ids[:4], *ids[5:10]] or len(task.state()) == 9
    assert task.rows() == (9, 0, 0)


@pytest.mark.parametrize("action", TRANSACTIONS)
@pytest.mark.parametrize("exchanged", [False, True])
def test_leftovers_of_a_killed_hub_are_swept_up(
    task: Annotated, action: str, exchanged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, before = task.add(MANY), task.state()
    monkeypatch.setattr("cvat_hub.annotations.by_ids.tidy", lambda *_: None)

    def die() -> None:
        raise KeyboardInterrupt

    if not exchanged:
        task.then[TRANSACTIONS[action]] = die
        with pytest.raises(KeyboardInterrupt):
            task.run(action, ids)
    else:
        task.run(action, ids)
    expected = _after(action, ids, before) if exchanged else before
    assert task.state() == expected
    assert task.rows()[1:] == (1, MANY)
    sweep_leftovers(task.store, NOW + datetime.timedelta(hours=2))
    assert task.state() == expected
    assert task.rows() == (len(expected), 0, 0)


def test_a_write_that_was_given_up_by_another_hub_is_not_completed(task: Annotated) -> None:
    ids, before = task.add(MANY), task.state()
    later = NOW + datetime.timedelta(days=1)
    task.then[7] = lambda: sweep_leftovers(task.store, later)
    with pytest.raises(Unavailable, match="given up"):
        task.run("update", ids)
    assert task.state() == before
    assert task.rows() == (MANY, 0, 0)


def test_what_was_exchanged_is_not_swept_up_as_if_it_were_incoming(task: Annotated) -> None:
    """By another hub that had taken it for given up."""
    [old], [new] = task.add(1), task.add(1)
    with task.store.write() as connection:
        block = hidden.add_incoming(connection, task.task_id, (new, new), NOW, listed=True)
        hidden.put_on_list(connection, block, [old])
        assert hidden.exchange(connection, block)
    sweep(task.store, block)
    assert task.state() == {new: OLD}


def test_of_many_who_change_the_same_revision_one_is_told(painted: Any) -> None:
    made = painted.create(shapes=[painted.shape()] * MANY).json["shapes"]

    def change(group: int) -> int:
        return int(painted.update(shapes=[one | {"group": group} for one in made]).status)

    with ThreadPoolExecutor(3) as threads:
        statuses = sorted(threads.map(change, range(1, 4)))
    assert statuses == [200, 409, 409]
    shapes = painted.read()["shapes"]
    assert {one["revision"] for one in shapes} == {2}
    assert len({one["group"] for one in shapes}) == 1
    assert [one["id"] for one in shapes] == [one["id"] for one in made]


@pytest.mark.parametrize("action", TRANSACTIONS)
def test_a_refused_write_of_many_changes_nothing(painted: Any, action: str) -> None:
    made = painted.create(shapes=[painted.shape()] * MANY).json["shapes"]
    before = painted.state()
    made[-1]["revision"] = 7
    answer = getattr(painted, action)(shapes=made)
    assert answer.status == 409
    assert answer.json["changed"] == {"shapes": [made[-1]["id"]]}
    assert painted.state() == before


def test_a_job_deletes_no_more_than_its_own_by_ids(painted: Any) -> None:
    first, _ = painted.jobs()
    made = painted.create(shapes=[painted.shape(frame=n % 4) for n in range(MANY)]).json
    path = f"jobs/{first}/annotations?action=delete"
    assert painted.client("PATCH", path, {"shapes": made["shapes"]}).status == 200
    assert {shape["frame"] for shape in painted.read()["shapes"]} == {2, 3}
