"""Who waits at the screen is answered: in time, by the agent that knows the shape, or by another.

No time passes here but what a test says.
"""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from cvat_hub.errors import BadRequest, Conflict, Failed, NoAnswer, NotFound
from cvat_hub.functions import tracking
from cvat_hub.functions.bells import Bells
from cvat_hub.functions.conversations import Answer, Following
from cvat_hub.functions.keeper import Keeper
from cvat_hub.functions.presence import Presence
from cvat_hub.functions.queue import Queue, Wanted
from cvat_hub.functions.states import Agent
from cvat_hub.functions.wire import Complete, ResultShape
from cvat_hub.settings import Settings
from cvat_hub.store import (
    Store,
    function_requests,
    functions,
    tables,
    tracking_states,
)
from cvat_hub.store.function_requests import Request

NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
ONE, TWO = Agent("one", 1), Agent("two", 1)
USER, OTHER, TASK = 1, 2, 7
BOX = {"type": "rectangle", "points": [1.0, 2.0, 3.0, 4.0]}
MOVED = {"type": "rectangle", "points": [2.0, 2.0, 4.0, 4.0]}
SETTINGS = Settings(
    interactive_seconds=60, rebuild_seconds=5, agent_alive_seconds=75, tracking_hours=8
)


@pytest.fixture(scope="module")
def store(shared_store: Store) -> Store:
    return shared_store


class Nowhere:
    """Where tasks live, if nobody has to know more of them than that they are there."""

    def gone(self, connection: Any, task_ids: Any) -> set[int]:
        return set()


class Scene:
    """A function, and what its users and its agents do."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        nowhere: Any = Nowhere()
        self.queue = Queue(store, Bells(), nowhere, SETTINGS, lambda: self.now)
        self.presence = Presence(SETTINGS.agent_alive_seconds, SETTINGS.lease_seconds)
        row = {"provider": "native", "name": "f", "kind": "tracker", "visibility": "private"}
        with store.write() as connection:
            rest = {"spec": {}, "owner_id": 1, "organization_id": None}
            self.function = functions.add(connection, row | rest, NOW)

    def pass_seconds(self, seconds: float) -> None:
        self.now += datetime.timedelta(seconds=seconds)

    def wanted(self, type_: str, **params: Any) -> Wanted:
        params |= {"type": type_, "task": TASK}
        return Wanted(self.function, type_, USER, TASK, None, params)

    def ask(self, type_: str = "init_tracking", **params: Any) -> Answer:
        wanted = self.wanted(type_, **({"frame": 0, "shapes": [BOX]} | params))
        return Answer(self.queue, self.queue.bells.mailbox(), wanted)

    def follow(self, names: list[str], frame: int = 1) -> Following:
        wanted = self.wanted("track", frame=frame, states=names)
        box = self.queue.bells.mailbox()
        return Following(self.queue, self.presence, box, wanted, self.find(names))

    def find(
        self, names: list[str], function: int = 0, user: int = USER, task: int = TASK
    ) -> list[Any]:
        with self.store.read() as connection:
            return tracking.find(connection, names, function or self.function, user, task)

    def take(self, agent: Agent) -> Request | None:
        """Let an agent come for work."""
        with self.queue.changing() as (connection, _):
            return self.queue.acquire(connection, self.function, agent, "interactive")

    def params(self, agent: Agent) -> tuple[Request, dict[str, Any]]:
        """Let an agent come for work that is there, and return what it is told."""
        request = self.take(agent)
        assert request
        with self.store.read() as connection:
            found = function_requests.find(connection, request.key)
            assert found
            return found, self.queue.assignment(connection, request)

    def make(self, agent: Agent, *states: str) -> dict[str, Any]:
        """Let an agent make states, and return what it was asked."""
        request, params = self.params(agent)
        assert params["type"] == "init_tracking"
        self.complete(request, agent, states=list(states))
        return params

    def move(self, agent: Agent, *shapes: Any) -> list[str]:
        """Let an agent say where shapes are, and return the states that it was asked for."""
        request, params = self.params(agent)
        assert params["type"] == "track"
        found = [shape and ResultShape(**shape) for shape in shapes]
        self.complete(request, agent, states=params["states"], shapes=found)
        return list(params["states"])

    def complete(self, request: Request, agent: Agent, **sent: Any) -> None:
        self.queue.complete(request, agent, Complete(agent_id=agent.id, **sent))

    def fail(self, agent: Agent, reason: str = "it broke") -> str:
        """Let an agent fail, and return what it was asked."""
        request, params = self.params(agent)
        self.queue.give_up(request, agent, reason)
        return str(params["type"])

    def started(self, agent: Agent, *states: str) -> list[str]:
        """Have an agent follow shapes, and return the names of the states for users."""
        answer = self.ask(shapes=[BOX for _ in states])
        self.make(agent, *states)
        return list(told(answer)["states"])

    def status(self, key: str) -> str:
        with self.store.read() as connection:
            found = function_requests.find(connection, key)
        assert found
        return found.status

    def unfinished(self) -> int:
        with self.store.read() as connection:
            return len(function_requests.unfinished_of(connection, self.function))


@pytest.fixture
def scene(store: Store) -> Scene:
    return Scene(store)


def told(conversation: Any) -> Any:
    """Return the answer, which is there."""
    reply = conversation.look()
    assert not isinstance(reply, float)
    return json.loads(reply.body)


# One request.


def test_an_answer_is_waited_for_until_the_deadline(scene: Scene) -> None:
    answer = scene.ask()
    assert answer.look() == 60.0
    scene.pass_seconds(59)
    assert answer.look() == 1.0
    scene.pass_seconds(1)
    with pytest.raises(NoAnswer, match="within 60 seconds"):
        answer.look()
    answer.leave()
    assert scene.take(ONE) is None


def test_an_answer_that_came_at_the_last_moment_counts(scene: Scene) -> None:
    answer = scene.ask()
    scene.make(ONE, "s")
    scene.pass_seconds(61)
    assert told(answer)


def test_a_request_that_nobody_waits_for_is_taken_from_its_agent(scene: Scene) -> None:
    answer = scene.ask()
    request, _ = scene.params(ONE)
    answer.leave()
    with pytest.raises(Conflict):
        scene.complete(request, ONE, states=["s"])


def test_a_failure_is_told_with_its_reason(scene: Scene) -> None:
    answer = scene.ask()
    scene.fail(ONE, "it broke")
    with pytest.raises(Failed, match="it broke"):
        answer.look()


def test_a_function_that_is_removed_answers_nobody(scene: Scene) -> None:
    answer = scene.ask()
    with scene.queue.changing() as (connection, news):
        news += scene.queue.remove(connection, scene.function)
    with pytest.raises(NotFound, match="removed"):
        answer.look()


def test_what_a_killed_hub_left_behind_is_canceled(scene: Scene) -> None:
    scene.ask()
    keeper = Keeper(scene.queue, scene.presence)
    scene.pass_seconds(119)
    keeper.look()
    assert scene.unfinished() == 1
    scene.pass_seconds(2)
    keeper.look()
    assert scene.unfinished() == 0


# Shapes that are followed.


def test_a_state_has_a_name_that_the_agent_does_not_choose(scene: Scene) -> None:
    [name] = scene.started(ONE, "mine")
    assert len(name) >= 32
    assert name != scene.started(ONE, "mine")[0]


def test_shapes_are_followed_by_the_agent_that_began(scene: Scene) -> None:
    names = scene.started(ONE, "a", "b")
    following = scene.follow(names[::-1])
    assert scene.take(TWO) is None
    assert scene.move(ONE, MOVED, None) == ["b", "a"]
    answer = told(following)
    assert answer["states"] == names[::-1]
    assert answer["shapes"][0]["points"] == MOVED["points"]
    assert answer["shapes"][1] is None


def test_shapes_of_two_agents_are_followed_by_both(scene: Scene) -> None:
    names = [scene.started(ONE, "a")[0], scene.started(TWO, "b")[0]]
    following = scene.follow(names)
    scene.move(TWO, MOVED)
    assert following.look() == 5.0
    scene.move(ONE, BOX)
    answer = told(following)
    assert [shape["points"] for shape in answer["shapes"]] == [BOX["points"], MOVED["points"]]


def test_another_agent_takes_over_from_where_the_shape_was_last(scene: Scene) -> None:
    names = scene.started(ONE, "a")
    told_before = scene.follow(names, frame=1)
    scene.move(ONE, MOVED)
    assert told(told_before)
    following = scene.follow(names, frame=2)
    assert following.look() == 5.0
    scene.pass_seconds(4)
    assert following.look() == 1.0
    assert scene.take(TWO) is None
    scene.pass_seconds(1)
    assert following.look() == 55.0
    params = scene.make(TWO, "new")
    assert params == {"type": "init_tracking", "task": TASK, "frame": 1, "shapes": [MOVED]}
    assert following.look() == 5.0
    assert scene.move(TWO, BOX) == ["new"]
    assert told(following)["states"] == names
    # From now on they are its own.
    scene.follow(names, frame=3)
    assert scene.take(ONE) is None
    assert scene.move(TWO, BOX) == ["new"]


def test_the_only_agent_is_waited_for_and_keeps_what_it_knows(scene: Scene) -> None:
    following = scene.follow(scene.started(ONE, "a"))
    scene.pass_seconds(12)
    assert following.look() == 5.0
    assert scene.move(ONE, MOVED) == ["a"]
    assert told(following)


def test_nobody_waits_for_an_agent_that_is_gone(scene: Scene) -> None:
    names = scene.started(ONE, "a")
    scene.pass_seconds(76)
    following = scene.follow(names)
    scene.make(TWO, "new")
    assert following.look() == 5.0
    scene.move(TWO, MOVED)
    assert told(following)


def test_an_agent_that_has_taken_the_request_is_given_its_time(scene: Scene) -> None:
    following = scene.follow(scene.started(ONE, "a"))
    request, params = scene.params(ONE)
    following.look()
    scene.pass_seconds(30)
    assert following.look() == 30.0
    assert scene.take(TWO) is None
    found = [ResultShape(**MOVED)]
    scene.complete(request, ONE, states=params["states"], shapes=found)
    assert told(following)


def test_an_agent_that_stops_hands_over_at_once(scene: Scene) -> None:
    following = scene.follow(scene.started(ONE, "a"))
    request, _ = scene.params(ONE)
    following.look()
    with scene.queue.changing() as (connection, news):
        news += scene.queue.release(connection, request.key, ONE)
    following.look()
    scene.make(TWO, "new")
    following.look()
    scene.move(TWO, MOVED)
    assert told(following)


@pytest.mark.parametrize("reason", ["Tracking state 'a' not found", "it broke", ""])
def test_an_agent_that_fails_gets_another_chance_from_the_last_shape(
    scene: Scene, reason: str
) -> None:
    following = scene.follow(scene.started(ONE, "a"))
    assert scene.fail(ONE, reason) == "track"
    assert following.look() == 60.0
    assert scene.make(ONE, "again")["frame"] == 0
    following.look()
    assert scene.move(ONE, MOVED) == ["again"]
    assert told(following)


def test_a_function_that_fails_again_is_not_asked_a_third_time(scene: Scene) -> None:
    following = scene.follow(scene.started(ONE, "a"))
    scene.fail(ONE, "first")
    following.look()
    scene.make(ONE, "again")
    following.look()
    scene.fail(ONE, "second")
    with pytest.raises(Failed, match="second"):
        following.look()


def test_states_that_cannot_be_made_again_are_told(scene: Scene) -> None:
    following = scene.follow(scene.started(ONE, "a"))
    scene.fail(ONE)
    following.look()
    assert scene.fail(ONE, "no such frame") == "init_tracking"
    with pytest.raises(Failed, match="no such frame"):
        following.look()


def test_nothing_is_left_of_following_that_fails_half_way(scene: Scene) -> None:
    names = [scene.started(ONE, "a")[0], scene.started(TWO, "b")[0]]
    following = scene.follow(names)
    scene.fail(TWO)
    following.look()
    scene.fail(TWO)
    # What the first agent hasn't come for is given to the other one, when the failure is seen.
    scene.pass_seconds(5)
    with pytest.raises(Failed):
        following.look()
    following.leave()
    assert scene.unfinished() == 0


def test_following_ends_at_the_deadline_whoever_takes_over(scene: Scene) -> None:
    following = scene.follow(scene.started(ONE, "a"))
    scene.take(TWO)
    scene.pass_seconds(5)
    following.look()
    scene.make(TWO, "new")
    following.look()
    scene.pass_seconds(55)
    with pytest.raises(NoAnswer):
        following.look()
    following.leave()
    assert scene.unfinished() == 0


def test_an_agent_never_gets_a_state_of_another_one(scene: Scene) -> None:
    names = scene.started(ONE, "a")
    late, quick = scene.follow(names), scene.follow(names)
    scene.params(ONE)
    quick.leave()
    with scene.store.write() as connection:
        # Another call has had it made anew meanwhile.
        tracking_states.change(connection, names[0], agent_id="two", agent_state="b")
    _, params = scene.params(ONE)
    assert params["states"] == names
    late.leave()


def test_a_late_answer_does_not_take_a_state_back(scene: Scene) -> None:
    names = scene.started(ONE, "a")
    scene.follow(names)
    request, _ = scene.params(ONE)
    with scene.store.write() as connection:
        tracking_states.change(connection, names[0], agent_id="two", agent_state="b")
    scene.complete(request, ONE, states=["a2"], shapes=[ResultShape(**MOVED)])
    [state] = scene.find(names)
    assert (state.agent_id, state.agent_state) == ("two", "b")


def test_an_agent_may_rename_its_states(scene: Scene) -> None:
    names = scene.started(ONE, "a")
    scene.follow(names)
    request, _ = scene.params(ONE)
    scene.complete(request, ONE, states=["a2"], shapes=[None])
    scene.follow(names)
    assert scene.move(ONE, None) == ["a2"]


def test_a_lost_shape_is_followed_from_where_it_was_last(scene: Scene) -> None:
    names = scene.started(ONE, "a")
    scene.follow(names, frame=5)
    scene.move(ONE, None)
    [state] = scene.find(names)
    assert (state.frame, state.shape) == (0, BOX)


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({"shapes": [{"type": "polygon", "points": [1, 1, 2, 2, 3, 1]}]}, "shapes"),
        ({"shapes": [{"type": "rectangle", "points": [1]}]}, "shapes"),
        ({"shapes": []}, "shapes"),
        ({"shapes": [BOX, BOX]}, "shapes"),
        ({}, "shapes"),
    ],
)
def test_an_answer_that_does_not_fit_the_shape_is_refused(
    scene: Scene, sent: Any, place: str
) -> None:
    names = scene.started(ONE, "a")
    scene.follow(names)
    request, _ = scene.params(ONE)
    sent = {key: [ResultShape(**shape) for shape in value] for key, value in sent.items()}
    with pytest.raises(BadRequest) as refused:
        scene.complete(request, ONE, **sent)
    assert list(refused.value.body) == [place]
    assert scene.status(request.key) == "failed"
    [state] = scene.find(names)
    assert state.shape == BOX


@pytest.mark.parametrize("states", [[], ["a", "b"], None])
def test_each_shape_gets_one_state(scene: Scene, states: Any) -> None:
    scene.ask()
    request, _ = scene.params(ONE)
    with pytest.raises(BadRequest):
        scene.complete(request, ONE, **({} if states is None else {"states": states}))


@pytest.mark.parametrize("other", [{"function": 2**30}, {"user": OTHER}, {"task": 8}])
def test_a_state_serves_its_user_task_and_function_only(scene: Scene, other: Any) -> None:
    names = scene.started(ONE, "a")
    assert scene.find(names)
    with pytest.raises(NotFound, match="Tracking state not found"):
        scene.find(names, **other)
    with pytest.raises(NotFound, match="Tracking state not found"):
        scene.find([*names, "guessed"])


def test_states_that_are_not_used_age_out(scene: Scene) -> None:
    [old], [used] = scene.started(ONE, "a"), scene.started(ONE, "b")
    keeper = Keeper(scene.queue, scene.presence)
    scene.pass_seconds(7 * 3600)
    following = scene.follow([used])
    scene.make(ONE, "b2")
    following.look()
    scene.move(ONE, MOVED)
    scene.pass_seconds(3600 + 1)
    keeper.look()
    assert scene.find([used])
    with pytest.raises(NotFound):
        scene.find([old])


def test_a_user_has_so_many_states_and_keeps_the_latest(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scene.store.write() as connection:
        connection.execute(tables.tracking_states.delete())
    monkeypatch.setattr(tracking_states, "_MOST", 3)
    first = scene.started(ONE, "a", "b")
    scene.pass_seconds(1)
    second = scene.started(ONE, "c", "d")
    assert scene.find(second)
    with scene.store.read() as connection:
        left = tracking_states.by_names(connection, [*first, *second])
    assert len(left) == 3
