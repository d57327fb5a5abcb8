"""The stream of events: read as long as it is there, and opened again when it is lost."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from urllib3.exceptions import HTTPError

from cvat_agent.machine import Category, Event, StreamChanged, Woken
from cvat_agent.server import FunctionQueue
from cvat_agent.wakeups import StreamError, StreamEvent, StreamParser
from cvat_sdk.exceptions import ApiException, TransportError

if TYPE_CHECKING:
    from cvat_sdk.core.transport import Response

# A server says something at least that often; if not, the connection is dead.
_SILENCE_S = 120.0
_PIECE = 1 << 16


@dataclass
class Backoff:
    """How long to wait before the next attempt. Pure.

    Attributes:
        base_s: the longest wait after the first failure; twice as long after each further one.
        most_s: no wait is longer.
    """

    base_s: float = 0.5
    most_s: float = 30.0
    failures: int = 0

    def failed(self, chance: float, *, asked_s: float = 0.0) -> float:
        """Return the seconds to wait.

        Args:
            chance: from 0 to 1; it spreads those whose server comes back.
            asked_s: what the server asked for.
        """
        longest: float = min(self.most_s, self.base_s * 2 ** min(self.failures, 16))
        self.failures += 1
        return max(min(asked_s, self.most_s), longest * (0.5 + 0.5 * chance))

    def succeeded(self) -> None:
        self.failures = 0


def event_of(event: StreamEvent) -> Woken | None:
    """Return what an event of the stream means, None if it is not for agents.

    >>> event_of(StreamEvent("newrequest", '{"request_category": "batch"}'))
    Woken(category=<Category.BATCH: 'batch'>)
    """
    if event.name != "newrequest":
        return None
    try:
        return Woken(Category(json.loads(event.data)["request_category"]))
    except (ValueError, KeyError, TypeError):
        # Something is new; the agent asks everywhere.
        return Woken()


@dataclass
class Watching:
    """A thread that reads the stream and tells what comes."""

    queue: FunctionQueue
    tell: Callable[[Event], object]
    logger: logging.Logger
    backoff: Backoff = field(default_factory=Backoff)
    chance: Callable[[], float] = random.random
    _stopped: threading.Event = field(default_factory=threading.Event)
    _response: Response | None = None

    def start(self) -> None:
        """Begin to read."""
        self._thread = threading.Thread(target=self._run, name="cvat-agent-watch", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop reading."""
        self._stopped.set()
        response = self._response
        if response is not None:
            with contextlib.suppress(Exception):
                response.shutdown()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopped.is_set():
            parser = StreamParser()
            problem = self._read(parser)
            if self._stopped.is_set():
                return
            self.tell(StreamChanged(False))
            wait = self.backoff.failed(self.chance(), asked_s=(parser.retry_ms or 0) / 1000)
            self.logger.info("the stream of events is lost (%s); again in %.1f s", problem, wait)
            self._stopped.wait(wait)

    def _read(self, parser: StreamParser) -> object:
        try:
            response = self._response = self.queue.watch(_SILENCE_S)
        except (ApiException, TransportError) as error:
            return error
        try:
            self.tell(StreamChanged(True))
            while not self._stopped.is_set() and (piece := response.read1(_PIECE)):
                self.backoff.succeeded()
                for event in filter(None, map(event_of, parser.feed(piece))):
                    self.tell(event)
        except (HTTPError, OSError, StreamError, ValueError) as error:
            return error
        finally:
            self._response = None
            response.close()
        return "it ended"
