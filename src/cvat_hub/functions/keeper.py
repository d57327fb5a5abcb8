"""What is done for the queue every few seconds, whoever comes."""

from __future__ import annotations

import datetime
import logging
import threading
from collections.abc import Callable

from cvat_hub.store import function_agents, function_requests, tracking_states

from .presence import Presence
from .queue import Queue

log = logging.getLogger("cvat_hub")
_LOOK_SECONDS = 5.0
_TIDY_EVERY = datetime.timedelta(hours=1)
# How long requests that are done are remembered, by their category, and agents.
_KEPT = {"interactive": datetime.timedelta(hours=1), "batch": datetime.timedelta(days=30)}
_AGENTS_KEPT = datetime.timedelta(days=30)


class Keeper:
    """Takes requests from agents that are silent, and removes what is out of date."""

    def __init__(self, queue: Queue, presence: Presence) -> None:
        self._queue = queue
        self._presence = presence
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="function-keeper")
        self._tidied = datetime.datetime.min.replace(tzinfo=datetime.UTC)
        settings = queue.settings
        shortest = min(settings.lease_seconds, settings.agent_alive_seconds)
        self._seconds = min(_LOOK_SECONDS, shortest / 4)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and send home whoever waits."""
        self._queue.bells.stop()
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Do all that is due."""
        now = self._queue.clock()
        self._queue.expire()
        self._queue.cancel_homeless()
        self._cancel_forsaken(now)
        self._presence.tell(self._queue.store, now)
        if now - self._tidied >= _TIDY_EVERY:
            self._tidy(now)
            self._tidied = now

    def _run(self) -> None:
        while not self._stopping.wait(self._seconds):
            self._try(self.look)
        self._try(lambda: self._presence.leave(self._queue.store))

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:
            log.exception("looking after the queue of functions failed")

    def _cancel_forsaken(self, now: datetime.datetime) -> None:
        """Cancel interactive requests for which nobody waits, as their hub was killed."""
        patience = datetime.timedelta(seconds=2 * self._queue.settings.interactive_seconds)
        with self._queue.store.read() as connection:
            keys = function_requests.forsaken(connection, now - patience)
        for key in keys:
            self._queue.cancel(key)

    def _tidy(self, now: datetime.datetime) -> None:
        unused = datetime.timedelta(hours=self._queue.settings.tracking_hours)
        with self._queue.store.write() as connection:
            for category, kept in _KEPT.items():
                function_requests.forget(connection, category, now - kept)
            tracking_states.forget(connection, now - unused)
            function_agents.forget(connection, now - _AGENTS_KEPT)
