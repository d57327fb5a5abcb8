from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cvat_agent.failures import BadRequestError
from cvat_agent.host import Held
from cvat_agent.states import TrackingState, TrackingStates
from cvat_sdk.auto_annotation.interface import TrackableShape

SIZE_WH = (64, 48)
SHAPE = TrackableShape(type="rectangle", points=[0, 0, 1, 1])


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker() -> Any:
    return SimpleNamespace(generation=1)


@pytest.fixture
def states(clock: Clock) -> TrackingStates:
    return TrackingStates(max_bytes=100, max_age_s=10, clock=clock)


def state(worker: Any, number: int, size: int = 40) -> TrackingState:
    held = Held(number, size)
    return TrackingState(5, "rectangle", SIZE_WH, 0, SHAPE, worker, worker.generation, held)


def test_a_state_is_found_by_its_name_for_its_task_and_size_of_images(
    states: TrackingStates, worker: Any
) -> None:
    made = state(worker, 1)
    name = states.add(made)
    assert states.find(name, 5, SIZE_WH) is made


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "guessed"}, "not known"),
        ({"name": ["x"]}, "not known"),
        ({"task_id": 6}, "not known"),
        ({"size_wh": (64, 49)}, "another size"),
    ],
)
def test_a_state_serves_nothing_else(
    states: TrackingStates, worker: Any, change: dict[str, Any], message: str
) -> None:
    asked = {"name": states.add(state(worker, 1)), "task_id": 5, "size_wh": SIZE_WH} | change
    with pytest.raises(BadRequestError, match=message):
        states.find(**asked)


def test_names_cannot_be_guessed(states: TrackingStates, worker: Any) -> None:
    names = {states.add(state(worker, number, size=1)) for number in range(20)}
    assert len(names) == 20
    assert min(map(len, names)) >= 40


def test_the_states_that_were_used_least_lately_go_when_there_are_too_many_bytes(
    states: TrackingStates, worker: Any
) -> None:
    first, second = states.add(state(worker, 1)), states.add(state(worker, 2))
    states.find(first, 5, SIZE_WH)
    states.add(state(worker, 3))
    assert states.to_forget(worker) == [2]
    assert states.to_forget(worker) == [], "a worker is told once"
    states.find(first, 5, SIZE_WH)
    with pytest.raises(BadRequestError, match="expired"):
        states.find(second, 5, SIZE_WH)


def test_a_state_that_nobody_uses_goes(states: TrackingStates, worker: Any, clock: Clock) -> None:
    name = states.add(state(worker, 1))
    clock.now = 11
    with pytest.raises(BadRequestError, match="expired"):
        states.find(name, 5, SIZE_WH)
    assert (states.to_forget(worker), len(states)) == ([1], 0)


def test_a_process_that_died_is_not_told_to_forget(
    states: TrackingStates, worker: Any, clock: Clock
) -> None:
    other = SimpleNamespace(generation=1)
    states.add(state(worker, 1))
    states.add(state(other, 7))
    worker.generation = 2
    clock.now = 11
    states.add(state(worker, 1))
    assert states.to_forget(worker) == []
    assert states.to_forget(other) == [7]
