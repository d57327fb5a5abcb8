"""Whether somebody serves a function, and how well."""

from __future__ import annotations

import datetime
import secrets
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection

from cvat_hub.store import Store, function_requests
from cvat_hub.store import function_agents as agents

from .states import Agent
from .wire import FunctionFigures

Date = datetime.datetime
_PERCENTILES = (50, 90, 99)
_SAMPLE = 200
# What is told of open streams in the database is told again after this time, or earlier if agents
# count as gone earlier.
_TOLD_AGAIN = datetime.timedelta(seconds=20)
# While the only hub has just started, agents of this past count: they are about to come back.
_BEFORE_START = datetime.timedelta(days=1)
# An agent at an open stream comes of its own accord every ten minutes at least.
_SELDOM = datetime.timedelta(minutes=11)


class Presence:
    """The streams that are open here, and the agents that have come to any hub."""

    def __init__(self, alive_seconds: int, lease_seconds: int, started: Date | None = None) -> None:
        """Begin to count.

        Args:
            started: when this hub started, if no other was there to whom agents could come.
        """
        self._alive = datetime.timedelta(seconds=alive_seconds)
        self._lease = datetime.timedelta(seconds=lease_seconds)
        self._started = started
        self._name = secrets.token_hex(8)
        self._lock = threading.Lock()
        # The streams of each function; those who don't tell their name have an empty one.
        self._open: dict[int, Counter[Agent]] = {}
        self._told: dict[int, tuple[int, Date]] = {}

    @contextmanager
    def watching(self, function_id: int, agent: Agent) -> Iterator[None]:
        """Count a stream that is open for a function."""
        with self._lock:
            self._open.setdefault(function_id, Counter())[agent] += 1
        try:
            yield
        finally:
            with self._lock:
                streams = self._open[function_id]
                streams[agent] -= 1
                if not streams[agent]:
                    del streams[agent]
                if not streams:
                    del self._open[function_id]

    def tell(self, store: Store, now: Date) -> None:
        """Tell other hubs which streams are open here, where that is news or long ago."""
        with self._lock:
            streams = {function_id: Counter(found) for function_id, found in self._open.items()}
        for function_id in streams.keys() | self._told.keys():
            found = streams.get(function_id, Counter())
            if self._is_due(function_id, found.total(), now):
                self._tell(store, function_id, found, now)

    def leave(self, store: Store) -> None:
        """Tell other hubs that no stream is open here any more."""
        with store.write() as connection:
            agents.leave(connection, self._name)

    def _tell(self, store: Store, function_id: int, streams: Counter[Agent], now: Date) -> None:
        with store.write() as connection:
            count = streams.total()
            if agents.watch_if_there(connection, function_id, self._name, count, now):
                for agent in sorted(agent for agent in streams if agent.id):
                    agents.see(connection, function_id, *agent, now)
        self._told[function_id] = count, now
        if not count:
            del self._told[function_id]

    def _is_due(self, function_id: int, count: int, now: Date) -> bool:
        if function_id not in self._told:
            return count > 0
        told, when = self._told[function_id]
        return told != count or (count > 0 and now - when >= min(_TOLD_AGAIN, self._alive / 4))

    def is_served(self, connection: Connection, function_id: int, now: Date) -> bool:
        """Tell whether an agent is there that may answer soon."""
        return bool(
            self._streams(function_id)
            or agents.alive(connection, function_id, self._since(now))
            or self._watched_elsewhere(connection, function_id, now)
            or function_requests.leases(connection, function_id, now - self._lease)
        )

    def is_alive(self, connection: Connection, function_id: int, agent_id: str, now: Date) -> bool:
        """Tell whether this agent may come for work.

        If not all who wait at streams tell their names, it may be one of those: it comes seldom,
        but it has come lately.
        """
        if agents.is_alive(connection, function_id, agent_id, self._since(now)):
            return True
        names = {agent.id for agent in self._streams(function_id)}
        if agent_id in names:
            return True
        may_wait = "" in names or self._watched_elsewhere(connection, function_id, now)
        return bool(may_wait) and agents.is_alive(connection, function_id, agent_id, now - _SELDOM)

    def has_others(
        self, connection: Connection, function_id: int, agent_id: str, now: Date
    ) -> bool:
        """Tell whether another agent than this may come for work.

        Who waits at a stream has been told of the work by now, and so has come lately.
        """
        return agents.has_others(connection, function_id, agent_id, now - self._alive)

    def count_alive(self, connection: Connection, now: Date) -> int:
        """Return how many agents of all functions have come lately."""
        return agents.count_alive(connection, now - self._alive)

    def figures(self, connection: Connection, function_id: int, now: Date) -> FunctionFigures:
        """Return how a function is served."""
        queued = function_requests.waiting(connection, function_id)
        late = function_requests.late_seconds(connection, function_id, _SAMPLE)
        leases = function_requests.leases(connection, function_id, now - self._lease)
        alive = agents.alive(connection, function_id, now - self._alive)
        watching = self._watched(connection, function_id, now)
        return FunctionFigures(
            # Who waits at a stream comes seldom, and who works on a request may not come at all.
            agents=max(alive, watching, min(leases, 1)),
            watching=watching,
            last_seen=self._last_seen(connection, function_id, now),
            queued={name: queued.get(name, 0) for name in ("interactive", "batch")},
            # Two hubs may have told the times, by clocks that differ a little.
            seconds=percentiles([max(0.0, seconds) for seconds in late]),
        )

    def _last_seen(self, connection: Connection, function_id: int, now: Date) -> Date | None:
        if self._streams(function_id):
            return now
        return agents.last_seen(connection, function_id)

    def _streams(self, function_id: int) -> Counter[Agent]:
        with self._lock:
            return Counter(self._open.get(function_id, ()))

    def _watched(self, connection: Connection, function_id: int, now: Date) -> int:
        here = self._streams(function_id).total()
        return here + self._watched_elsewhere(connection, function_id, now)

    def _watched_elsewhere(self, connection: Connection, function_id: int, now: Date) -> int:
        return agents.watching(connection, function_id, now - self._alive, but=self._name)

    def _since(self, now: Date) -> Date:
        if self._started and now - self._started < self._alive:
            return self._started - _BEFORE_START
        return now - self._alive


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return the times that so many of a hundred requests took at most; none of none.

    >>> percentiles([1.0, 3.0, 2.0])
    {'p50': 2.0, 'p90': 3.0, 'p99': 3.0}
    """
    ordered = sorted(seconds)
    last = len(ordered) - 1
    return {f"p{part}": ordered[round(last * part / 100)] for part in _PERCENTILES if ordered}
