"""A lock that is given to those who wait for it in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any


class Turns:
    """A lock for `with` blocks.

    An ordinary lock goes to whoever is quickest: to the thread that has just let go of it.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Lock] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for it."""
        return len(self._waiting)

    def __enter__(self) -> None:
        turn = threading.Lock()
        with self._mutex:
            if not self._held:
                self._held = True
                return
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(self, *_: Any) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False
