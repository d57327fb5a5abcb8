"""The life of a request, as a table, and whose turn it is: decided without IO."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class State(enum.StrEnum):
    """How far a request is."""

    QUEUED = "queued"
    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELED = "canceled"


class Event(enum.StrEnum):
    """What happens to a request."""

    ACQUIRED = "acquired"
    COMPLETED = "completed"
    FAILED = "failed"
    RELEASED = "released"
    # Its agent has been silent for too long; the last time is one too many.
    LOST = "lost"
    LOST_AGAIN = "lost again"
    CANCELED = "canceled"


NEXT: Mapping[tuple[State, Event], State] = {
    (State.QUEUED, Event.ACQUIRED): State.STARTED,
    (State.QUEUED, Event.CANCELED): State.CANCELED,
    (State.STARTED, Event.COMPLETED): State.FINISHED,
    (State.STARTED, Event.FAILED): State.FAILED,
    (State.STARTED, Event.RELEASED): State.QUEUED,
    (State.STARTED, Event.LOST): State.QUEUED,
    (State.STARTED, Event.LOST_AGAIN): State.FAILED,
    (State.STARTED, Event.CANCELED): State.CANCELED,
}
# As many characters of a reason reach users.
MOST_TOLD = 500
UNFINISHED = frozenset({State.QUEUED, State.STARTED})


class Agent(NamedTuple):
    """Who serves: the id that an agent made up, and the user whom it works for."""

    id: str
    user_id: int


def after(state: State, event: Event) -> State:
    """Return what a request is after an event.

    Raises:
        ValueError: that can't happen to it.

    >>> after(State.STARTED, Event.RELEASED)
    <State.QUEUED: 'queued'>
    """
    if (state, event) not in NEXT:
        raise ValueError(f"a request that is {state} can't be {event}")
    return NEXT[state, event]


def loss(attempts: int, most: int) -> Event:
    """Return what the silence of an agent means for a request that was given out so often."""
    return Event.LOST_AGAIN if attempts >= most else Event.LOST


def told(reason: str) -> str:
    """Return what an agent says of its failure as users read it: its last line, bounded.

    Whatever an agent's machine has put before that, such as the way through its code, stays away.

    >>> told('Traceback (most recent call last):\\n  ...\\nOut of memory\\n')
    'Out of memory'
    >>> told("")
    'The agent gave no reason.'
    """
    lines = [line for line in reason.splitlines() if line.strip()]
    return lines[-1].strip()[:MOST_TOLD] if lines else "The agent gave no reason."


class Flow(NamedTuple):
    """What waits for one user and task: the turns of the first and the last of it."""

    user_id: int
    task_id: int
    first: int
    last: int


def turn(waiting: Iterable[Flow], user_id: int, task_id: int) -> int:
    """Return the turn of a new request, so that users take turns, and the tasks of each user.

    Who has many requests waiting is as far ahead of the others with the next one as with the
    first: a flow's requests are as many turns apart as its user has flows.

    >>> turn([], 1, 7)
    1
    >>> turn([Flow(1, 7, 1, 100)], 1, 7), turn([Flow(1, 7, 51, 100)], 2, 9)
    (101, 51)
    """
    flows = list(waiting)
    served = min((flow.first for flow in flows), default=1) - 1
    own = {flow.task_id: flow.last for flow in flows if flow.user_id == user_id}
    return max(served, own.get(task_id, 0)) + len(own.keys() | {task_id})
