"""Threads that send one thing after the other while their owner goes on."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Sender(Generic[T]):
    """Hands things to a function, in threads of its own; few wait at a time.

    The first error ends it: what waits then is not sent. The threads keep no program from ending.

    Args:
        send: is called with each thing.
        threads: how many calls there are at a time.
    """

    def __init__(self, send: Callable[[T], object], threads: int) -> None:
        self._send = send
        self._most_waiting = threads
        self._changed = threading.Condition()
        self._waiting: deque[T] = deque()
        self._at_work = 0
        self._error: BaseException | None = None
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._work, name="cvat-upload", daemon=True)
            for _ in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def offer(self, thing: T) -> None:
        """Have something sent; wait if too much is waiting already.

        Raises:
            What `send` raised before.
        """
        with self._changed:
            while not self._error and len(self._waiting) >= self._most_waiting:
                self._changed.wait()
            self._raise_error()
            self._waiting.append(thing)
            self._changed.notify_all()

    def finish(self) -> None:
        """Wait until everything is sent, or one call has failed and the others are done.

        Raises:
            What `send` raised.
        """
        self.wait()
        with self._changed:
            self._raise_error()

    def wait(self) -> None:
        """Wait as `finish` does, and raise nothing."""
        with self._changed:
            while self._at_work or (self._waiting and not self._error):
                self._changed.wait()

    def stop(self) -> None:
        """Send nothing that waits. What is being sent is not waited for."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify_all()

    def _raise_error(self) -> None:
        if self._error:
            raise self._error

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and (self._error or not self._waiting):
                    self._changed.wait()
                if self._stopped:
                    return
                thing = self._waiting.popleft()
                self._at_work += 1
                self._changed.notify_all()
            error = self._try(thing)
            del thing
            with self._changed:
                self._error = self._error or error
                self._at_work -= 1
                self._changed.notify_all()

    def _try(self, thing: T) -> BaseException | None:
        try:
            self._send(thing)
        except BaseException as error:
            return error
        return None
