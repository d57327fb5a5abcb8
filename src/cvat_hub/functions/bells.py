"""News of the queue, brought to those who wait for it, from any thread to any event loop.

News is a short text: `f:7:batch` says that a batch request waits for function 7, `r:<key>` that a
request has got further, `f:7:gone` that the function was removed. It only says where to look; a
bell that rings without need does no harm.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Iterable
from contextlib import suppress

# Topics that nobody waits for any more are forgotten when there are this many more than needed.
_SPARE = 256


def of_function(function_id: int) -> str:
    """Return the topic of all news of a function."""
    return f"f:{function_id}"


def of_queue(function_id: int, category: str) -> str:
    """Return the news that a request waits, or with `gone` that the function was removed."""
    return f"{of_function(function_id)}:{category}"


def of_request(key: str) -> str:
    """Return the news that a request has got further."""
    return f"r:{key}"


class Mailbox:
    """What somebody has yet to hear: each news once, however often it came meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._news: dict[str, None] = {}
        self._waiting: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def put(self, news: str) -> None:
        """Leave news, from any thread."""
        with self._lock:
            self._news[news] = None
            if self._waiting:
                loop, event = self._waiting
                self._waiting = None
                # A loop that is closed has nobody who waits.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(event.set)

    async def take(self) -> list[str]:
        """Return the news, as soon as there is any."""
        while True:
            with self._lock:
                news, self._news = list(self._news), {}
                if news:
                    return news
                event = asyncio.Event()
                self._waiting = asyncio.get_running_loop(), event
            try:
                await event.wait()
            finally:
                with self._lock:
                    if self._waiting and self._waiting[1] is event:
                        self._waiting = None


class Bells:
    """Who waits for which news in this process. A mailbox that nobody holds any more is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._boxes: dict[str, weakref.WeakSet[Mailbox]] = {}
        self._most = _SPARE
        self._everybody: weakref.WeakSet[Mailbox] = weakref.WeakSet()
        self.stopped = False

    def mailbox(self, *topics: str) -> Mailbox:
        """Return a mailbox for all news that begin with one of these."""
        box = Mailbox()
        with self._lock:
            self._everybody.add(box)
        for topic in topics:
            self.add(box, topic)
        if self.stopped:
            box.put(STOP)
        return box

    def add(self, box: Mailbox, topic: str) -> None:
        """Let a mailbox get more news."""
        with self._lock:
            self._boxes.setdefault(topic, weakref.WeakSet()).add(box)
            if len(self._boxes) > self._most:
                self._boxes = {name: boxes for name, boxes in self._boxes.items() if boxes}
                self._most = 2 * len(self._boxes) + _SPARE

    def __len__(self) -> int:
        """Return how many topics are known; some of them nobody may wait for any more."""
        return len(self._boxes)

    def ring(self, news: Iterable[str]) -> None:
        """Tell news to those who wait for it."""
        for one in news:
            topic = ":".join(one.split(":")[:2])
            with self._lock:
                boxes = list(self._boxes.get(topic, ()))
            for box in boxes:
                box.put(one)

    def ring_all(self) -> None:
        """Let everybody look, after news may have been missed."""
        self._tell_all(LOOK)

    def stop(self) -> None:
        """Send everybody home, as the hub stops."""
        self.stopped = True
        self._tell_all(STOP)

    def _tell_all(self, news: str) -> None:
        with self._lock:
            boxes = list(self._everybody)
        for box in boxes:
            box.put(news)


# That a function was removed is news of this category.
GONE = "gone"
# What every mailbox gets, whatever it waits for.
STOP = "stop"
LOOK = "look"
