"""The life of a request, by its table, and whose turn it is."""

from __future__ import annotations

import itertools

import pytest

from cvat_hub.functions.states import MOST_TOLD, Event, Flow, State, after, loss, told, turn

LIVES = {
    State.QUEUED: {Event.ACQUIRED: State.STARTED, Event.CANCELED: State.CANCELED},
    State.STARTED: {
        Event.COMPLETED: State.FINISHED,
        Event.FAILED: State.FAILED,
        Event.RELEASED: State.QUEUED,
        Event.LOST: State.QUEUED,
        Event.LOST_AGAIN: State.FAILED,
        Event.CANCELED: State.CANCELED,
    },
}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_each_event_leads_where_the_table_says_and_no_other_can_happen(
    state: State, event: Event
) -> None:
    expected = LIVES.get(state, {}).get(event)
    if expected:
        assert after(state, event) == expected
    else:
        with pytest.raises(ValueError, match=f"{state} can't be {event}"):
            after(state, event)


@pytest.mark.parametrize(
    ("attempts", "event"), [(1, Event.LOST), (2, Event.LOST), (3, Event.LOST_AGAIN)]
)
def test_the_last_of_so_many_attempts_is_one_too_many(attempts: int, event: Event) -> None:
    assert loss(attempts, 3) == event


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("out of memory", "out of memory"),
        ('Traceback:\n  File "/home/ada/model.py", line 3\nIt broke.\n\n', "It broke."),
        ("", "The agent gave no reason."),
        (" \n ", "The agent gave no reason."),
        ("x" * 4096, "x" * MOST_TOLD),
    ],
)
def test_of_a_failure_users_read_one_line(sent: str, seen: str) -> None:
    assert told(sent) == seen


def test_users_take_turns_and_so_do_the_tasks_of_each() -> None:
    waiting: list[tuple[int, int, int]] = []
    asked = [(1, 10)] * 4 + [(2, 20)] * 2 + [(1, 11)] * 2
    for user, task in asked:
        own: dict[tuple[int, int], list[int]] = {}
        for number, *flow in waiting:
            own.setdefault((flow[0], flow[1]), []).append(number)
        flows = [Flow(*flow, min(turns), max(turns)) for flow, turns in own.items()]
        waiting.append((turn(flows, user, task), user, task))
    order = [(user, task) for _, user, task in sorted(waiting, key=lambda one: one[0])]
    # The first three are for three flows: nobody waits for all of what the first one asked for.
    assert (2, 20) in order[:2]
    assert (1, 11) in order[:5]
    assert sorted(order) == sorted(asked)
