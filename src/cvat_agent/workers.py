"""The agent's end of a worker process: calls, and what happens when the process dies."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import connection
from typing import Any, NoReturn

from cvat_agent.failures import CancelledError, WorkerDiedError, WorkerStartError
from cvat_agent.host import About, Answer, Limits, Loader, serve

# A process that is to end, and does not, is killed after this many seconds.
_GRACE_S = 5.0


class Gate:
    """Lets one thread through at a time, and those that are in a hurry first."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._hurrying = 0
        self._is_taken = False

    @contextmanager
    def passed(self, *, hurry: bool) -> Iterator[None]:
        """Have the gate for a block."""
        self._take(hurry)
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def passed_if_free(self) -> Iterator[bool]:
        """Have the gate for a block, if nobody else has it or wants it."""
        with self._changed:
            has_it = not self._is_taken and not self._hurrying
            self._is_taken = self._is_taken or has_it
        try:
            yield has_it
        finally:
            if has_it:
                self._leave()

    def _take(self, hurry: bool) -> None:
        with self._changed:
            self._hurrying += hurry
            self._changed.wait_for(lambda: not self._is_taken and (hurry or not self._hurrying))
            self._hurrying -= hurry
            self._is_taken = True

    def _leave(self) -> None:
        with self._changed:
            self._is_taken = False
            self._changed.notify_all()


@dataclass
class Worker:
    """A process that runs the function; started anew after it died.

    Args:
        load: makes the function, on a device; it is pickled.
        call_timeout_s: a call that takes longer ends the process.

    Attributes:
        generation: how many processes there have been. States of an earlier one are lost.
        about: what the function told of itself.
    """

    load: Loader
    logger: logging.Logger
    device: str | None = None
    limits: Limits = field(default_factory=Limits)
    call_timeout_s: float = 600.0
    start_timeout_s: float = 3600.0
    generation: int = 0
    about: About | None = None

    def __post_init__(self) -> None:
        self._gate = Gate()
        self._process: Any = None
        self._pipe: Any = None
        self._closing = threading.Lock()
        self._is_closed = False

    def start(self) -> About:
        """Start the process, unless it runs, and return what the function told.

        Raises:
            WorkerStartError: the function cannot be loaded.
            WorkerDiedError: the process ended meanwhile.
        """
        with self._gate.passed(hurry=True):
            return self._start()

    def call(self, name: str, *args: Any, hurry: bool = True, again: bool = False) -> Answer:
        """Have the host do something, and return its answer, which is not an error.

        Args:
            hurry: go before calls that are in no hurry.
            again: if the process dies, try once more in a new one.

        Raises:
            WorkerDiedError: the process died, or the call took too long.
            CancelledError: the worker was closed.
            What the host raises.
        """
        with self._gate.passed(hurry=hurry):
            self._start()
            try:
                return self._call(name, args)
            except WorkerDiedError as error:
                if not again or self._is_closed:
                    raise
                self.logger.warning("%s; the call is tried again in a new one", error)
                self._start()
                return self._call(name, args)

    def call_if_free(self, name: str, *args: Any) -> Answer | None:
        """Do the same if the process runs and nobody else needs it; otherwise return None."""
        with self._gate.passed_if_free() as is_free:
            if not is_free or self._process is None:
                return None
            return self._call(name, args)

    def close(self) -> None:
        """End the process, from any thread; a call that is under way raises a CancelledError."""
        with self._closing:
            self._is_closed = True
            process = self._process
        if process is not None:
            # Somebody else may have noticed its end.
            with contextlib.suppress(ValueError):
                process.terminate()
            with self._gate.passed(hurry=True):
                self._reap()

    def _start(self) -> About:
        if self._process is not None and self._process.is_alive():
            assert self.about is not None
            return self.about
        if self._process is not None:
            self.logger.warning("the worker process has ended (%s)", _end_of(self._process))
            self._reap()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=serve,
            args=(theirs, self.load, self.device, self.limits),
            name="cvat-agent-worker",
        )
        with self._closing:
            if self._is_closed:
                ours.close()
                theirs.close()
                raise CancelledError("the worker is closed")
            process.start()
            self._process, self._pipe = process, ours
        theirs.close()
        self.generation += 1
        try:
            self.about = self._receive(self.start_timeout_s).value
        except WorkerStartError:
            self._reap()
            raise
        assert self.about is not None
        return self.about

    def _call(self, name: str, args: tuple[Any, ...]) -> Answer:
        try:
            self._pipe.send((name, args))
        except (BrokenPipeError, ConnectionResetError):
            self._raise_death()
        return self._receive(self.call_timeout_s)

    def _receive(self, timeout_s: float) -> Answer:
        ready = connection.wait([self._pipe, self._process.sentinel], timeout_s)
        if not ready:
            self.logger.error("a call took longer than %.0f s: the worker is ended", timeout_s)
            self._process.kill()
            self._raise_death()
        try:
            if self._pipe not in ready and not self._pipe.poll():
                self._raise_death()
            answer: Answer = self._pipe.recv()
        except (EOFError, ConnectionResetError):
            self._raise_death()
        if answer.error is not None:
            raise answer.error
        return answer

    def _raise_death(self) -> NoReturn:
        self._process.join(_GRACE_S)
        end = _end_of(self._process)
        self._reap()
        if self._is_closed:
            raise CancelledError("the worker is closed")
        raise WorkerDiedError(f"the worker process ended unexpectedly ({end})")

    def _reap(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        self._pipe.close()
        process.join(_GRACE_S)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


def _end_of(process: Any) -> str:
    code = process.exitcode
    if code is None:
        return "it still runs"
    return f"signal {-code}" if code < 0 else f"exit code {code}"
