"""The queue: what becomes of requests, in transactions of the store.

Every change is decided by `states`, in a transaction that has locked the request. News of it goes
out with the commit.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from cvat_hub.errors import BadRequest, Conflict, NotFound, Refusal
from cvat_hub.settings import Settings
from cvat_hub.store import Store, function_requests, functions, tracking_states
from cvat_hub.store import function_agents as agents
from cvat_hub.store.function_requests import Request

from . import findings, tracking
from .bells import GONE, Bells, of_queue, of_request
from .home import Home
from .kinds import CATEGORIES, OF_OUR_OWN
from .notices import announce
from .states import UNFINISHED, Agent, Event, Flow, State, after, loss, told, turn
from .wire import Complete

Date = datetime.datetime
_NOT_YOURS = "This request is not, or no longer, being processed by this agent."


class Wanted(NamedTuple):
    """A request that is yet to be queued; only the agent that it is meant for may have it."""

    function_id: int
    type: str
    user_id: int
    task_id: int
    job_id: int | None
    params: Mapping[str, Any]
    meant_for: str | None = None


class Queue:
    """The queues of all functions of one store."""

    def __init__(
        self,
        store: Store,
        bells: Bells,
        home: Home,
        settings: Settings,
        clock: Callable[[], Date],
    ) -> None:
        self.store = store
        self.bells = bells
        self.home = home
        self.settings = settings
        self.clock = clock

    @contextmanager
    def changing(self) -> Iterator[tuple[Connection, list[str]]]:
        """Open a transaction; the news that is put into the list goes out with its commit."""
        news: list[str] = []
        with self.store.write() as connection:
            yield connection, news
            announce(connection, news)
        self.bells.ring(news)

    def submit(self, wanted: Wanted, key: str = "") -> str:
        """Queue a request, and return its key.

        Raises:
            Conflict: its task has a batch request that isn't done.
            NotFound: the function has been removed.
        """
        key = key or new_key()
        try:
            self._add(wanted, key, CATEGORIES[wanted.type])
        except IntegrityError:
            # Of two at a time, the database lets one pass.
            raise _busy(wanted) from None
        return key

    def _add(self, wanted: Wanted, key: str, category: str) -> None:
        with self.changing() as (connection, news):
            if not functions.hold(connection, wanted.function_id):
                raise NotFound("No Function matches the given query.")
            if category == "batch" and function_requests.is_busy(connection, wanted.task_id):
                raise _busy(wanted)
            waiting = function_requests.flows(connection, wanted.function_id, category)
            row = wanted._asdict() | {
                "key": key,
                "category": category,
                "turn": turn((Flow(*row) for row in waiting), wanted.user_id, wanted.task_id),
            }
            function_requests.add(connection, row, self.clock())
            news.append(of_queue(wanted.function_id, category))

    def acquire(
        self,
        connection: Connection,
        function_id: int,
        agent: Agent,
        category: str,
        capabilities: frozenset[str] = frozenset(),
    ) -> Request | None:
        """Return the request that an agent is to work on, None if there is nothing to do.

        An agent that has one of this category gets it again: the reply may have been lost.
        """
        now = self.clock()
        agents.see(connection, function_id, agent.id, agent.user_id, now)
        held = function_requests.held(connection, function_id, agent.id, agent.user_id)
        for request in held:
            function_requests.update(connection, request.id, heard_date=now)
        found = next((request for request in held if request.category == category), None)
        return found or self._give(connection, function_id, agent, category, capabilities, now)

    def _give(
        self,
        connection: Connection,
        function_id: int,
        agent: Agent,
        category: str,
        capabilities: frozenset[str],
        now: Date,
    ) -> Request | None:
        without = sorted(OF_OUR_OWN - capabilities)
        found = function_requests.next_for(connection, function_id, category, agent.id, without)
        if found:
            function_requests.update(
                connection,
                found.id,
                status=after(State(found.status), Event.ACQUIRED),
                agent_id=agent.id,
                agent_user_id=agent.user_id,
                attempts=found.attempts + 1,
                started_date=found.started_date or now,
                heard_date=now,
            )
        return found

    def assignment(self, connection: Connection, request: Request) -> dict[str, Any]:
        """Return the parameters of a request as its agent gets them."""
        params = {k: v for k, v in request.params.items() if not k.startswith(tracking.INTERNAL)}
        if request.type == "track":
            known = tracking_states.by_names(connection, params["states"])
            # One that has aged out, or is another agent's by now, is unknown to this one as well.
            own = (one for one in known.values() if one.agent_id == request.meant_for)
            states = {state.name: state.agent_state for state in own}
            params["states"] = [states.get(name, name) for name in params["states"]]
        return params

    def remove(self, connection: Connection, function_id: int) -> list[str]:
        """Remove a function with all that was asked of it, and return the news of that."""
        keys = function_requests.unfinished_of(connection, function_id)
        functions.remove(connection, function_id)
        return [of_queue(function_id, GONE), *map(of_request, keys)]

    def advance(self, connection: Connection, key: str, agent: Agent, progress: float) -> None:
        """Note how far an agent is.

        Raises:
            NotFound: there is no such request.
            Conflict: the agent doesn't work on it, or no longer.
        """
        request = self._of_agent(connection, key, agent)
        values = {"progress": progress, "heard_date": self.clock()}
        function_requests.update(connection, request.id, **values)

    def complete(self, request: Request, agent: Agent, sent: Complete) -> None:
        """Take the answer of an agent; that of a batch request is written in the same transaction.

        A repeated answer changes nothing.

        Raises:
            Conflict: the agent doesn't work on it, or no longer.
            BadRequest: the answer is wrong; the request has failed by that.
        """
        if _is_repeated(request, agent, State.FINISHED):
            return
        _check_agent(request, agent)
        try:
            if request.category == "batch":
                self._write(request, agent, sent)
            else:
                self._answer(request, agent, sent)
        except BadRequest as refusal:
            self.give_up(request, agent, f"The result was refused: {_words(refusal)}")
            raise
        except NotFound as refusal:
            self.give_up(request, agent, f"The result can't be written: {_words(refusal)}")
            raise Conflict("The task is gone, or its asker may no longer write there.") from None

    def _write(self, request: Request, agent: Agent, sent: Complete) -> None:
        found = findings.of_annotations(request, sent)
        with self.home.apply(found, self.clock()) as connection:
            locked = self._of_agent(connection, request.key, agent)
            news = self._end(connection, locked, Event.COMPLETED, progress=1.0)
            announce(connection, news)
        self.bells.ring(news)

    def _answer(self, request: Request, agent: Agent, sent: Complete) -> None:
        result = b""
        match request.type:
            case "annotate_frame":
                result = self.home.check(findings.of_annotations(request, sent))
            case "interact":
                result = findings.interaction(request, sent)
        with self.changing() as (connection, news):
            locked = self._of_agent(connection, request.key, agent)
            if request.type in tracking.TYPES:
                result = tracking.note(connection, locked, sent, self.clock())
            news += self._end(connection, locked, Event.COMPLETED, result=result, progress=1.0)

    def give_up(self, request: Request, agent: Agent, reason: str) -> None:
        """Let a request fail because its agent says so; said again, it changes nothing."""
        if _is_repeated(request, agent, State.FAILED):
            return
        with self.changing() as (connection, news):
            locked = self._of_agent(connection, request.key, agent)
            news += self._end(connection, locked, Event.FAILED, reason=told(reason))

    def release(self, connection: Connection, key: str, agent: Agent) -> list[str]:
        """Take a request back from an agent that stops; it doesn't count as an attempt."""
        request = self._of_agent(connection, key, agent)
        return self._requeue(connection, request, Event.RELEASED, request.attempts - 1)

    def cancel(self, key: str, *, only: State | None = None) -> bool:
        """Cancel a request that isn't done; return whether it was one.

        Args:
            only: cancel it only while it is in this state.
        """
        with self.changing() as (connection, news):
            request = function_requests.lock(connection, key)
            if request is None or State(request.status) not in (UNFINISHED if not only else {only}):
                return False
            news += self._end(connection, request, Event.CANCELED)
        return True

    def expire(self) -> None:
        """Take requests from agents that have been silent for too long."""
        now = self.clock()
        before = now - datetime.timedelta(seconds=self.settings.lease_seconds)
        with self.store.read() as connection:
            keys = function_requests.silent(connection, before)
        for key in keys:
            with self.changing() as (connection, news):
                request = function_requests.lock(connection, key)
                # It may have been heard of since.
                silent = request and request.heard_date and request.heard_date < before
                if request and silent and request.status == State.STARTED:
                    news += self._lose(connection, request)

    def cancel_homeless(self) -> None:
        """Cancel the requests whose tasks are gone."""
        with self.store.read() as connection:
            asked = function_requests.tasks_of_unfinished(connection)
            gone = self.home.gone(connection, asked) if asked else set()
            keys = function_requests.unfinished_for(connection, gone) if gone else []
        for key in keys:
            self.cancel(key)

    def _lose(self, connection: Connection, request: Request) -> list[str]:
        event = loss(request.attempts, self.settings.lease_attempts)
        if event is Event.LOST:
            return self._requeue(connection, request, event, request.attempts)
        reason = f"No agent finished it: {request.attempts} of them fell silent."
        return self._end(connection, request, event, reason=reason)

    def _requeue(
        self, connection: Connection, request: Request, event: Event, attempts: int
    ) -> list[str]:
        function_requests.update(
            connection,
            request.id,
            status=after(State(request.status), event),
            attempts=attempts,
            agent_id=None,
            agent_user_id=None,
            heard_date=None,
            progress=0.0,
        )
        return [of_queue(request.function_id, request.category), of_request(request.key)]

    def _end(
        self, connection: Connection, request: Request, event: Event, **values: Any
    ) -> list[str]:
        status = after(State(request.status), event)
        function_requests.update(
            connection, request.id, status=status, finished_date=self.clock(), **values
        )
        return [of_request(request.key)]

    def _of_agent(self, connection: Connection, key: str, agent: Agent) -> Request:
        request = function_requests.lock(connection, key)
        if request is None:
            raise NotFound("No AnnotationRequest matches the given query.")
        _check_agent(request, agent)
        return request


def new_key() -> str:
    """Return a name for a request that nobody guesses."""
    return secrets.token_hex(12)


def _busy(wanted: Wanted) -> Conflict:
    return Conflict(f"Task {wanted.task_id} is being annotated by a function already.")


def _check_agent(request: Request, agent: Agent) -> None:
    if request.status != State.STARTED or not _is_by(request, agent):
        raise Conflict(_NOT_YOURS)


def _is_repeated(request: Request, agent: Agent, state: State) -> bool:
    return request.status == state and _is_by(request, agent)


def _is_by(request: Request, agent: Agent) -> bool:
    return (request.agent_id, request.agent_user_id) == agent


def _words(refusal: Refusal) -> str:
    body = refusal.body
    return str(body["detail"] if isinstance(body, dict) and "detail" in body else body)
