from __future__ import annotations

import random

import pytest

from cvat_agent.machine import (
    Acquire,
    Acquired,
    AcquireFailed,
    Assignment,
    Cancel,
    Category,
    Command,
    End,
    Event,
    Finished,
    HandBack,
    Machine,
    Periods,
    Refused,
    Report,
    Stopped,
    StreamChanged,
    Ticked,
    Woken,
    Work,
)

INTERACTIVE, BATCH = Category.INTERACTIVE, Category.BATCH
A, B = Assignment("a", {}), Assignment("b", {})


def told(machine: Machine, *events: Event, now: float = 0.0) -> list[Command]:
    return [command for event in events for command in machine.on(event, now)]


def idle(machine: Machine) -> Machine:
    """An agent that has found nothing to do."""
    assert told(machine, Ticked()) == [Acquire(INTERACTIVE)]
    assert told(machine, Acquired(INTERACTIVE, None)) == [Acquire(BATCH)]
    assert told(machine, Acquired(BATCH, None)) == []
    return machine


def test_interactive_requests_come_first_until_there_are_none() -> None:
    machine = Machine()
    assert told(machine, Ticked()) == [Acquire(INTERACTIVE)]
    assert told(machine, Woken(INTERACTIVE), Acquired(INTERACTIVE, None)) == [Acquire(INTERACTIVE)]
    assert told(machine, Acquired(INTERACTIVE, A)) == [Work(INTERACTIVE, A), Acquire(BATCH)]
    assert told(machine, Finished(INTERACTIVE)) == [Acquire(INTERACTIVE)]
    assert told(machine, Acquired(BATCH, None), Woken(BATCH)) == []
    assert told(machine, Acquired(INTERACTIVE, None)) == [Acquire(BATCH)]


def test_an_idle_agent_asks_when_it_is_woken() -> None:
    machine = idle(Machine())
    assert told(machine, Woken(BATCH)) == [Acquire(BATCH)]
    assert told(machine, Woken(INTERACTIVE)) == [Acquire(INTERACTIVE)]


def test_what_comes_while_the_server_is_asked_is_asked_for_again() -> None:
    machine = idle(Machine())
    told(machine, Woken(INTERACTIVE), Woken(INTERACTIVE))
    assert told(machine, Acquired(INTERACTIVE, None)) == [Acquire(INTERACTIVE)]


def test_interactive_requests_are_answered_while_a_task_is_annotated() -> None:
    machine = idle(Machine())
    assert told(machine, Woken(BATCH), Acquired(BATCH, B))[-1] == Work(BATCH, B)
    assert told(machine, Woken(INTERACTIVE)) == [Acquire(INTERACTIVE)]
    assert told(machine, Acquired(INTERACTIVE, A)) == [Work(INTERACTIVE, A)]
    assert told(machine, Woken(BATCH)) == [], "one batch request at a time"


def test_batch_requests_are_reported_on_from_time_to_time() -> None:
    machine = idle(Machine(periods=Periods(report=5)))
    told(machine, Woken(BATCH), Acquired(BATCH, B))
    assert machine.deadline(0) == 5
    assert told(machine, Ticked(), now=4.9) == []
    assert told(machine, Ticked(), now=5) == [Report("b")]
    assert machine.deadline(5) == 5


def test_a_request_that_was_taken_away_is_worked_on_no_longer() -> None:
    machine = idle(Machine())
    told(machine, Woken(BATCH), Acquired(BATCH, B))
    assert told(machine, Refused("another")) == []
    assert told(machine, Refused("b")) == [Cancel(BATCH)]
    assert told(machine, Finished(BATCH)) == [Acquire(INTERACTIVE)]


def test_without_events_the_server_is_asked_once_a_minute() -> None:
    machine = idle(Machine(periods=Periods(poll=60, poll_beside_stream=600)))
    assert machine.deadline(0) == 60
    assert told(machine, Ticked(), now=60) == [Acquire(INTERACTIVE)]
    told(machine, Acquired(INTERACTIVE, None), Acquired(BATCH, None), now=60)
    told(machine, StreamChanged(True), now=61)
    told(machine, Acquired(INTERACTIVE, None), Acquired(BATCH, None), now=61)
    told(machine, Ticked(), now=120)
    assert machine.deadline(120) == 600
    told(machine, StreamChanged(False), now=130)
    assert machine.deadline(130) == 60


def test_what_came_while_there_was_no_stream_is_asked_for() -> None:
    assert told(idle(Machine()), StreamChanged(True)) == [Acquire(INTERACTIVE)]


def test_a_server_that_is_down_is_asked_less_and_less_often() -> None:
    machine = Machine(periods=Periods(retry=1, retry_most=5))
    now, waits = 0.0, []
    for _ in range(4):
        assert told(machine, Ticked(), now=now) == [Acquire(INTERACTIVE)]
        assert told(machine, AcquireFailed(INTERACTIVE), now=now) == []
        waits.append(machine.deadline(now))
        now += waits[-1]
    assert waits == [1, 2, 4, 5]


def test_a_server_may_say_when_to_ask_again() -> None:
    machine = Machine()
    told(machine, Ticked(), AcquireFailed(INTERACTIVE, retry_after_s=7))
    assert machine.deadline(0) == 7
    assert told(machine, Ticked(), now=6.9) == []
    assert told(machine, Ticked(), now=7) == [Acquire(INTERACTIVE)]


def test_a_server_that_refuses_for_good_ends_the_agent() -> None:
    machine, error = idle(Machine()), ValueError("deleted")
    told(machine, Woken(BATCH), Acquired(BATCH, B), Woken(INTERACTIVE))
    assert told(machine, AcquireFailed(INTERACTIVE, fatal=error)) == [HandBack(BATCH, B)]
    assert told(machine, Finished(BATCH)) == [End(error)]


def test_who_is_stopped_hands_back_what_is_unfinished() -> None:
    machine = idle(Machine())
    told(machine, Woken(BATCH), Acquired(BATCH, B), Woken(INTERACTIVE))
    assert told(machine, Stopped()) == [HandBack(BATCH, B)]
    assert told(machine, Stopped()) == []
    assert told(machine, Acquired(INTERACTIVE, A)) == [HandBack(INTERACTIVE, A)]
    assert told(machine, Finished(BATCH)) == []
    assert told(machine, Finished(INTERACTIVE)) == [End()]
    assert told(machine, Ticked(), Woken()) == []


def test_a_burst_ends_when_there_is_nothing_to_do() -> None:
    machine = Machine(burst=True)
    told(machine, Ticked())
    assert told(machine, Acquired(INTERACTIVE, None)) == [Acquire(BATCH)]
    assert told(machine, Acquired(BATCH, B)) == [Work(BATCH, B)]
    assert told(machine, Finished(BATCH)) == [Acquire(INTERACTIVE)]
    assert told(machine, Acquired(INTERACTIVE, None)) == [Acquire(BATCH)]
    assert told(machine, Acquired(BATCH, None)) == [End()]


@pytest.mark.parametrize("seed", range(50))
def test_whatever_happens_a_lane_has_one_thing_to_do(seed: int) -> None:
    """A server that hands out requests at random is asked and answered in turn, and at the end all
    requests were worked on or handed back."""
    chance = random.Random(seed)
    machine, now, open_lanes, asked, number = Machine(), 0.0, {}, set(), 0
    commands = machine.on(Ticked(), now)
    is_stopped = False
    for step in range(300):
        for command in commands:
            match command:
                case Acquire(category):
                    assert category not in asked
                    assert category not in open_lanes
                    asked.add(category)
                case Work(category, assignment):
                    assert category not in open_lanes
                    open_lanes[category] = assignment
                case HandBack(category, assignment):
                    open_lanes[category] = assignment
                case End():
                    assert is_stopped
                    assert not asked
                    assert not open_lanes
                    return
        now += chance.random() * 30
        choices: list[Event] = [Ticked(), Woken(chance.choice(list(Category)))]
        for category in asked:
            number += 1
            one = Assignment(str(number), {}) if chance.random() < 0.7 else None
            choices += [Acquired(category, one), AcquireFailed(category)]
        choices += [Finished(category) for category in open_lanes]
        if step > 200 and not is_stopped:
            choices = [Stopped()]
        event = chance.choice(choices)
        match event:
            case Acquired(category, _) | AcquireFailed(category, _, _):
                asked.discard(category)
            case Finished(category):
                del open_lanes[category]
            case Stopped():
                is_stopped = True
        commands = machine.on(event, now)
    pytest.fail("the agent did not end")
