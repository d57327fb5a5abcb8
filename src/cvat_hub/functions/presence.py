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

from .wire import FunctionFigures

Date = datetime.datetime
_PERCENTILES = (50, 90, 99)
_SAMPLE = 200
# What is told of open streams in the database is told again after this time.
_TOLD_AGAIN = datetime.timedelta(seconds=20)
# While a hub has just started, agents of this past count: they are about to come back.
_BEFORE_START = datetime.timedelta(days=1)


class Presence:
    """The streams that are open here, and the agents that have come to any hub."""

    def __init__(self, alive_seconds: int, lease_seconds: int, started: Date) -> None:
        self._alive = datetime.timedelta(seconds=alive_seconds)
        self._lease = datetime.timedelta(seconds=lease_seconds)
        self._started = started
        self._name = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._open: Counter[int] = Counter()
        self._told: dict[int, tuple[int, Date]] = {}

    @contextmanager
    def watching(self, function_id: int) -> Iterator[None]:
        """Count a stream that is open for a function."""
        with self._lock:
            self._open[function_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[function_id] -= 1

    def tell(self, store: Store, now: Date) -> None:
        """Tell other hubs how many streams are open here, where that is news or long ago."""
        with self._lock:
            counts = dict(self._open)
            self._open += Counter()
        due = {key: count for key, count in counts.items() if self._is_due(key, count, now)}
        for function_id, count in due.items():
            with store.write() as connection:
                agents.watch_if_there(connection, function_id, self._name, count, now)
            self._told[function_id] = count, now
            if not count:
                del self._told[function_id]

    def _is_due(self, function_id: int, count: int, now: Date) -> bool:
        if function_id not in self._told:
            return count > 0
        told, when = self._told[function_id]
        return told != count or (count > 0 and now - when >= _TOLD_AGAIN)

    def is_served(self, connection: Connection, function_id: int, now: Date) -> bool:
        """Tell whether an agent is there that may answer soon."""
        since = self._since(now)
        return bool(
            self._open[function_id]
            or agents.alive(connection, function_id, since)
            or agents.watching(connection, function_id, since)
            or function_requests.leases(connection, function_id, now - self._lease)
        )

    def is_alive(self, connection: Connection, function_id: int, agent_id: str, now: Date) -> bool:
        """Tell whether this agent may come for work.

        Somebody waits at a stream: it may be this one, which comes seldom then.
        """
        if agents.is_alive(connection, function_id, agent_id, self._since(now)):
            return True
        known = agents.is_alive(connection, function_id, agent_id, now - _BEFORE_START)
        return known and self._watched(connection, function_id, now) > 0

    def count_alive(self, connection: Connection, now: Date) -> int:
        """Return how many agents of all functions have come lately."""
        return agents.count_alive(connection, now - self._alive)

    def figures(self, connection: Connection, function_id: int, now: Date) -> FunctionFigures:
        """Return how a function is served."""
        queued = function_requests.waiting(connection, function_id)
        late = function_requests.late_seconds(connection, function_id, _SAMPLE)
        leases = function_requests.leases(connection, function_id, now - self._lease)
        return FunctionFigures(
            agents=max(agents.alive(connection, function_id, now - self._alive), min(leases, 1)),
            watching=self._watched(connection, function_id, now),
            last_seen=agents.last_seen(connection, function_id),
            queued={name: queued.get(name, 0) for name in ("interactive", "batch")},
            seconds=percentiles(late),
        )

    def _watched(self, connection: Connection, function_id: int, now: Date) -> int:
        others = agents.watching(connection, function_id, now - self._alive, but=self._name)
        return others + self._open[function_id]

    def _since(self, now: Date) -> Date:
        if now - self._started < self._alive:
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
