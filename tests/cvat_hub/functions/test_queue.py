"""The queue on both stores, with a clock that a test sets and tasks that live elsewhere."""

from __future__ import annotations

import datetime
import itertools
import random
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from cvat_hub.errors import BadRequest, Conflict, NotFound, Refusal, at
from cvat_hub.functions.bells import Bells
from cvat_hub.functions.home import Findings
from cvat_hub.functions.queue import Queue, Wanted
from cvat_hub.functions.states import Agent, State
from cvat_hub.functions.wire import Complete
from cvat_hub.settings import Settings
from cvat_hub.store import Store, function_requests, functions
from cvat_hub.store.function_requests import Request

NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
ONE, TWO = Agent("one", 1), Agent("two", 1)
SETTINGS = Settings(lease_seconds=180, lease_attempts=3)
_task_ids = itertools.count(1000)


class Elsewhere:
    """Where tasks live: it notes what is written, if the transaction is committed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.written: list[Findings] = []
        self.removed: set[int] = set()
        self.refuses: Refusal | None = None
        self.before: Callable[[], None] = lambda: None

    @contextmanager
    def apply(self, findings: Findings, now: datetime.datetime) -> Iterator[Connection]:
        if self.refuses:
            raise self.refuses
        self.before()
        with self._store.write() as connection:
            yield connection
        self.written.append(findings)

    def check(self, findings: Findings) -> bytes:
        if self.refuses:
            raise self.refuses
        return findings.body

    def gone(self, connection: Connection, task_ids: Collection[int]) -> set[int]:
        return self.removed & set(task_ids)


class Scene:
    """A function with its queue."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.home: Any = Elsewhere(store)
        self.queue = Queue(store, Bells(), self.home, SETTINGS, lambda: self.now)
        self.function = self.new_function()

    def new_function(self) -> int:
        row = {"provider": "native", "name": "f", "kind": "detector", "visibility": "private"}
        with self.store.write() as connection:
            rest = {"spec": {}, "owner_id": 1, "organization_id": None}
            return functions.add(connection, row | rest, NOW)

    def pass_seconds(self, seconds: float) -> None:
        self.now += datetime.timedelta(seconds=seconds)

    def ask(self, type_: str = "annotate_task", **changes: Any) -> str:
        task, user = changes.pop("task", None) or next(_task_ids), changes.pop("user", 1)
        function = changes.pop("function", self.function)
        params = {"type": type_, "task": task, "frame": 0} | changes
        if type_ == "annotate_task":
            del params["frame"]
        return self.queue.submit(Wanted(function, type_, user, task, None, params))

    def acquire(self, agent: Agent = ONE, category: str = "batch") -> str | None:
        with self.queue.changing() as (connection, _):
            found = self.queue.acquire(connection, self.function, agent, category)
        return found and found.key

    def seen(self, key: str) -> Request:
        with self.store.read() as connection:
            found = function_requests.find(connection, key)
        assert found
        return found

    def states(self, *keys: str) -> list[str]:
        return [self.seen(key).status for key in keys]

    def complete(self, key: str, agent: Agent = ONE) -> None:
        sent = Complete(agent_id=agent.id, annotations=msgspec.Raw(b'{"shapes":[]}'))
        self.queue.complete(self.seen(key), agent, sent)

    def update(self, key: str, agent: Agent = ONE) -> None:
        with self.queue.changing() as (connection, _):
            self.queue.advance(connection, key, agent, 0.5)

    def fail(self, key: str, agent: Agent = ONE, reason: str = "it broke") -> None:
        self.queue.give_up(self.seen(key), agent, reason)

    def release(self, key: str, agent: Agent = ONE) -> None:
        with self.queue.changing() as (connection, news):
            news += self.queue.release(connection, key, agent)


@pytest.fixture(scope="module")
def store(shared_store: Store) -> Store:
    return shared_store


@pytest.fixture
def scene(store: Store) -> Scene:
    return Scene(store)


def test_an_agent_that_falls_silent_loses_its_request_to_another(scene: Scene) -> None:
    key = scene.ask()
    assert scene.acquire() == key
    scene.pass_seconds(180)
    scene.queue.expire()
    assert scene.states(key) == [State.STARTED]
    scene.pass_seconds(1)
    scene.queue.expire()
    assert scene.states(key) == [State.QUEUED]
    assert scene.acquire(TWO) == key
    assert scene.seen(key).attempts == 2


@pytest.mark.parametrize("sign", ["update", "acquire"])
def test_an_agent_that_is_heard_of_keeps_its_request(scene: Scene, sign: str) -> None:
    key = scene.ask()
    scene.acquire()
    for _ in range(3):
        scene.pass_seconds(170)
        if sign == "update":
            scene.update(key)
        else:
            # Also when it comes for interactive ones meanwhile.
            assert scene.acquire(ONE, "interactive") is None
        scene.queue.expire()
    assert scene.states(key) == [State.STARTED]


def test_after_the_last_attempt_a_request_fails_with_the_reason(scene: Scene) -> None:
    key = scene.ask()
    for name in "abc":
        assert scene.acquire(Agent(name, 1)) == key
        scene.pass_seconds(181)
        scene.queue.expire()
    request = scene.seen(key)
    assert (request.status, request.attempts) == (State.FAILED, 3)
    assert request.reason == "No agent finished it: 3 of them fell silent."
    assert scene.acquire(TWO) is None


def test_what_an_agent_says_too_late_is_refused_and_changes_nothing(scene: Scene) -> None:
    key = scene.ask()
    scene.acquire()
    scene.pass_seconds(181)
    scene.queue.expire()
    assert scene.acquire(TWO) == key
    before = scene.seen(key)
    for say in (scene.complete, scene.update, scene.fail, scene.release):
        with pytest.raises(Conflict):
            say(key, ONE)
    assert scene.seen(key) == before
    assert scene.home.written == []


def test_a_lease_that_is_lost_while_the_result_is_checked_undoes_the_result(scene: Scene) -> None:
    key = scene.ask()
    scene.acquire()

    def lose() -> None:
        scene.pass_seconds(181)
        scene.queue.expire()

    scene.home.before = lose
    with pytest.raises(Conflict):
        scene.complete(key)
    assert scene.states(key) == [State.QUEUED]
    assert scene.home.written == []


def test_a_result_said_again_is_acknowledged_and_changes_nothing(scene: Scene) -> None:
    key = scene.ask()
    scene.acquire()
    scene.complete(key)
    before = scene.seen(key)
    scene.pass_seconds(1)
    scene.complete(key)
    assert scene.seen(key) == before
    assert before.status == State.FINISHED
    assert [found.task_id for found in scene.home.written] == [before.task_id]
    with pytest.raises(Conflict):
        scene.complete(key, TWO)
    with pytest.raises(Conflict):
        scene.fail(key)


def test_the_same_name_in_another_users_hands_is_another_agent(scene: Scene) -> None:
    key = scene.ask()
    scene.acquire()
    namesake = Agent(ONE.id, 2)
    assert scene.acquire(namesake) is None
    with pytest.raises(Conflict):
        scene.update(key, namesake)


@pytest.mark.parametrize(
    ("refusal", "error", "reason"),
    [
        (at(["shapes"], "too few"), BadRequest, "The result was refused: {'shapes': ['too few']}"),
        (NotFound("Gone."), Conflict, "The result can't be written: Gone."),
    ],
)
def test_a_result_that_does_not_fit_fails_the_request(
    scene: Scene, refusal: Refusal, error: type[Refusal], reason: str
) -> None:
    key = scene.ask()
    scene.acquire()
    scene.home.refuses = refusal
    with pytest.raises(error):
        scene.complete(key)
    request = scene.seen(key)
    assert (request.status, request.reason) == (State.FAILED, reason)
    assert scene.home.written == []


@pytest.mark.parametrize("is_started", [False, True])
def test_a_canceled_request_is_nobodys(scene: Scene, is_started: bool) -> None:
    key = scene.ask()
    if is_started:
        scene.acquire()
    assert scene.queue.cancel(key)
    assert not scene.queue.cancel(key)
    assert scene.states(key) == [State.CANCELED]
    assert scene.acquire() is None
    for say in (scene.complete, scene.update, scene.fail, scene.release):
        with pytest.raises(Conflict):
            say(key)


def test_a_request_of_a_task_that_is_gone_is_canceled(scene: Scene) -> None:
    task = next(_task_ids)
    queued, other = scene.ask(task=task), scene.ask()
    asked = scene.ask("annotate_frame", task=task)
    assert scene.acquire(ONE, "interactive") == asked
    scene.home.removed.add(task)
    scene.queue.cancel_homeless()
    assert scene.states(queued, asked, other) == [State.CANCELED, State.CANCELED, State.QUEUED]


def test_a_released_request_is_as_if_it_had_not_been_taken(scene: Scene) -> None:
    key = scene.ask()
    for _ in range(5):
        scene.acquire()
        scene.update(key)
        scene.release(key)
    request = scene.seen(key)
    assert (request.status, request.attempts, request.progress) == (State.QUEUED, 0, 0.0)
    assert scene.acquire(TWO) == key


def test_an_agent_that_holds_a_request_gets_it_again_and_one_of_each_category(scene: Scene) -> None:
    batch, _ = scene.ask(), scene.ask()
    asked = scene.ask("annotate_frame")
    assert [scene.acquire(), scene.acquire()] == [batch, batch]
    assert [scene.acquire(ONE, "interactive") for _ in range(2)] == [asked, asked]
    assert scene.seen(batch).attempts == 1


def test_users_take_turns_and_their_tasks_too(scene: Scene) -> None:
    frames = [scene.ask("annotate_frame", user=1, task=10, frame=frame) for frame in range(4)]
    other_task = scene.ask("annotate_frame", user=1, task=11)
    other_user = [scene.ask("annotate_frame", user=2, task=12, frame=frame) for frame in range(2)]
    order = []
    while key := scene.acquire(Agent(f"agent {len(order)}", 1), "interactive"):
        order.append(key)
    assert sorted(order) == sorted([*frames, other_task, *other_user])
    # The other user waits for one request, not for four; and the other task not for all of them.
    assert order.index(other_user[0]) <= 1
    assert order.index(other_user[1]) < order.index(frames[3])
    assert order.index(other_task) < order.index(frames[3])
    assert order.index(frames[0]) < order.index(frames[1]) < order.index(frames[2])


def test_a_request_that_waited_longer_than_a_later_one_of_its_task_comes_first(
    scene: Scene,
) -> None:
    first = scene.ask("annotate_frame", task=20)
    second = scene.ask("annotate_frame", task=20)
    assert scene.acquire(ONE, "interactive") == first
    scene.release(first)
    assert scene.acquire(TWO, "interactive") == first
    assert scene.acquire(ONE, "interactive") == second


def test_a_task_has_one_unfinished_batch_request_whatever_the_function(scene: Scene) -> None:
    task = next(_task_ids)
    key = scene.ask(task=task)
    for function in (scene.function, scene.new_function()):
        with pytest.raises(Conflict, match=f"Task {task} is being annotated"):
            scene.ask(task=task, function=function)
    scene.ask("annotate_frame", task=task)
    scene.acquire()
    with pytest.raises(Conflict):
        scene.ask(task=task)
    scene.complete(key)
    scene.ask(task=task)


def test_of_many_who_ask_for_a_task_at_a_time_one_gets_it(scene: Scene) -> None:
    task, others = next(_task_ids), [scene.new_function() for _ in range(8)]
    together = threading.Barrier(8, timeout=30)

    def ask(function: int) -> str:
        together.wait()
        try:
            return scene.ask(task=task, function=function)
        except Conflict as refusal:
            return str(refusal.body["detail"])

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, others))
    refused = f"Task {task} is being annotated by a function already."
    assert answers.count(refused) == 7


def test_nothing_is_asked_of_a_function_that_was_removed(scene: Scene) -> None:
    with scene.queue.changing() as (connection, news):
        news += scene.queue.remove(connection, scene.function)
    with pytest.raises(NotFound):
        scene.ask()


def test_two_calls_of_one_agent_at_a_time_get_one_request(scene: Scene) -> None:
    keys = {scene.ask() for _ in range(4)}
    together = threading.Barrier(4, timeout=30)

    def acquire(_: int) -> str | None:
        together.wait()
        return scene.acquire()

    with ThreadPoolExecutor(4) as threads:
        got = set(threads.map(acquire, range(4)))
    assert len(got) == 1
    assert got <= keys


@pytest.mark.parametrize("seed", [1, 2])
def test_many_agents_at_a_time_never_get_one_request_twice(scene: Scene, seed: int) -> None:
    keys = [scene.ask() for _ in range(60)]
    given: list[str] = []

    def work(number: int) -> None:
        agent, chance = Agent(f"agent {number}", 1), random.Random(seed * 100 + number)
        while key := scene.acquire(agent):
            if chance.random() < 0.3:
                scene.release(key, agent)
                continue
            given.append(key)
            scene.complete(key, agent)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert sorted(given) == sorted(keys)
    assert len(scene.home.written) == 60
    assert set(scene.states(*keys)) == {State.FINISHED}
