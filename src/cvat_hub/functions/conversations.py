"""What somebody at the screen waits for: one request, or the requests that following shapes takes.

A state is followed by the agent that made it. If that one doesn't come in time and another one is
there, that makes the state anew, of the last known shape, and follows it from there.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from cvat_hub.errors import Conflict, Failed, NoAnswer, NotFound
from cvat_hub.replies import Reply, json_reply, raw_json
from cvat_hub.store import function_requests
from cvat_hub.store.function_requests import Request
from cvat_hub.store.tracking_states import TrackingState

from . import tracking
from .bells import Mailbox, of_request
from .presence import Presence
from .queue import Queue, Wanted, new_key
from .states import UNFINISHED, State

# A decoder of plain values is ready from the start.
_plain = msgspec.json.Decoder()


class Answer:
    """The answer to one request."""

    def __init__(self, queue: Queue, box: Mailbox, wanted: Wanted) -> None:
        self._queue = queue
        self._until = _deadline(queue)
        self._key = new_key()
        queue.bells.add(box, of_request(self._key))
        queue.submit(wanted, self._key)

    def look(self) -> Reply | float:
        """Return the answer, or how many seconds are left."""
        request = _read(self._queue, self._key)
        if request.status == State.FINISHED:
            return raw_json(request.result or b"{}")
        _check(request)
        return _left(self._queue, self._until)

    def leave(self) -> None:
        """Cancel the request if it isn't done."""
        self._queue.cancel(self._key)


@dataclass(frozen=True)
class _Part:
    """Some states of one agent, last seen on one frame, and the request that is under way for them.

    Attributes:
        is_again: whether that request makes the states anew.
        take_by: when another agent takes over, if its own has not come for it; None as soon as it
            has.
        was_rebuilt: whether the states were made anew for this; they aren't a second time because
            of a failure.
    """

    states: Sequence[TrackingState]
    key: str
    is_again: bool
    take_by: datetime.datetime | None
    was_rebuilt: bool = False


class Following:
    """The answer to a request that follows shapes."""

    def __init__(
        self,
        queue: Queue,
        presence: Presence,
        box: Mailbox,
        wanted: Wanted,
        states: Sequence[TrackingState],
    ) -> None:
        self._queue = queue
        self._presence = presence
        self._box = box
        self._wanted = wanted
        self._until = _deadline(queue)
        self._patience = datetime.timedelta(seconds=queue.settings.rebuild_seconds)
        self._order = [state.name for state in states]
        self._found: dict[str, Any] = {}
        # What is found has no part any more.
        self._parts: list[_Part | None] = [self._begin(group) for group in _groups(states)]

    def look(self) -> Reply | float:
        """Go on where an agent has answered, or has not come in time."""
        now = self._queue.clock()
        for index, part in enumerate(self._parts):
            # Kept one by one, so that all can be canceled if the next one fails.
            self._parts[index] = part and self._go_on(part, now)
        parts = [part for part in self._parts if part]
        if not parts:
            shapes = [self._found[name] for name in self._order]
            return json_reply({"shapes": shapes, "states": self._order})
        left = _left(self._queue, self._until)
        takes = [part.take_by - now for part in parts if part.take_by]
        return max(0.0, min([left, *(take.total_seconds() for take in takes)]))

    def leave(self) -> None:
        """Cancel what isn't done."""
        for part in self._parts:
            if part:
                self._queue.cancel(part.key)

    def _begin(self, states: Sequence[TrackingState]) -> _Part:
        with self._queue.store.read() as connection:
            now, first = self._queue.clock(), states[0]
            there = self._presence.is_alive(connection, first.function_id, first.agent_id, now)
        return self._follow(states) if there else self._make_again(states)

    def _go_on(self, part: _Part, now: datetime.datetime) -> _Part | None:
        """Return the part as it is now; None if its shapes are found."""
        request = _read(self._queue, part.key)
        if request.status == State.FINISHED and part.is_again:
            return self._follow(self._read_again(part), was_rebuilt=True)
        if request.status == State.FINISHED:
            answer = _plain.decode(request.result or b"")
            self._found |= zip(answer["states"], answer["shapes"], strict=True)
            return None
        if request.status == State.FAILED and not part.is_again and not part.was_rebuilt:
            # The agent, or a worker of it, may have been started anew, and have lost the states.
            return self._make_again(part.states)
        _check(request)
        if part.is_again or request.status != State.QUEUED:
            # Somebody is at it, or anybody may take it.
            return replace(part, take_by=None)
        if part.take_by and now < part.take_by:
            return part
        if part.take_by and not self._has_others(part):
            return replace(part, take_by=now + self._patience)
        # The agent doesn't come, or has given it back.
        given_up = self._queue.cancel(part.key, only=State.QUEUED)
        return self._make_again(part.states) if given_up else part

    def _has_others(self, part: _Part) -> bool:
        with self._queue.store.read() as connection:
            now, first = self._queue.clock(), part.states[0]
            where = first.function_id, first.agent_id
            return self._presence.has_others(connection, *where, now)

    def _follow(self, states: Sequence[TrackingState], *, was_rebuilt: bool = False) -> _Part:
        params = dict(self._wanted.params) | {"states": [state.name for state in states]}
        key = self._submit(self._wanted._replace(params=params, meant_for=states[0].agent_id))
        return _Part(states, key, False, self._queue.clock() + self._patience, was_rebuilt)

    def _make_again(self, states: Sequence[TrackingState]) -> _Part:
        params = tracking.to_make_again(states)
        key = self._submit(self._wanted._replace(type="init_tracking", params=params))
        return _Part(states, key, True, None)

    def _read_again(self, part: _Part) -> list[TrackingState]:
        wanted = self._wanted
        names = [state.name for state in part.states]
        with self._queue.store.read() as connection:
            where = wanted.function_id, wanted.user_id, wanted.task_id
            return tracking.find(connection, names, *where)

    def _submit(self, wanted: Wanted) -> str:
        key = new_key()
        self._queue.bells.add(self._box, of_request(key))
        return self._queue.submit(wanted, key)


def _groups(states: Sequence[TrackingState]) -> list[list[TrackingState]]:
    found: defaultdict[tuple[str, int], list[TrackingState]] = defaultdict(list)
    for state in states:
        found[state.agent_id, state.frame].append(state)
    return list(found.values())


def _deadline(queue: Queue) -> datetime.datetime:
    return queue.clock() + datetime.timedelta(seconds=queue.settings.interactive_seconds)


def _read(queue: Queue, key: str) -> Request:
    with queue.store.read() as connection:
        request = function_requests.find(connection, key)
    if request is None:
        raise NotFound("The function was removed.")
    return request


def _check(request: Request) -> None:
    if request.status == State.FAILED:
        raise Failed(f"The function failed: {request.reason}")
    if request.status not in UNFINISHED:
        raise Conflict("The request was canceled.")


def _left(queue: Queue, until: datetime.datetime) -> float:
    left = (until - queue.clock()).total_seconds()
    if left <= 0:
        seconds = queue.settings.interactive_seconds
        raise NoAnswer(f"No agent answered within {seconds} seconds. Try again later.")
    return left
