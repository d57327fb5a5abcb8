"""One agent: the thin shell that does what its machine says."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cvat_agent import detection, interaction, tracking
from cvat_agent.failures import BadRequestError, CancelledError, told_to_users
from cvat_agent.jobs import Bench, Job
from cvat_agent.machine import (
    Acquire,
    Acquired,
    Cancel,
    Category,
    Command,
    End,
    Event,
    Finished,
    HandBack,
    Machine,
    Refused,
    Report,
    Stopped,
    Ticked,
    Woken,
    Work,
)
from cvat_agent.prefetching import Prefetching
from cvat_agent.registration import kind_of
from cvat_agent.server import FunctionQueue, RequestGoneError
from cvat_agent.spool import Spool
from cvat_sdk.exceptions import ApiException, CvatSdkException, TransportError

Compute = Callable[[Bench, Job], dict[str, Any] | Spool]

# What is done for each type of request, by the kind of the function.
COMPUTE: Mapping[str, Mapping[str, Compute]] = {
    "detector": {
        "annotate_task": detection.annotate_task,
        "annotate_frame": detection.annotate_frame,
    },
    "interactor": {"interact": interaction.interact},
    "tracker": {
        "init_tracking": tracking.init_tracking,
        "track": tracking.track,
        "track_task": tracking.track_task,
    },
}
# An agent that is to end does not wait longer for what it has begun.
_PATIENCE_S = 10.0
_GRACE_S = 1.0


class Lane:
    """A thread that does one thing after the other."""

    def __init__(self, name: str) -> None:
        self._todo: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, act: Callable[[], object]) -> None:
        self._todo.put(act)

    def close(self, timeout_s: float) -> None:
        """End the thread, when it has done what it is at."""
        self._todo.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (act := self._todo.get()) is not None:
            act()


@dataclass
class Agent:
    """Works on the requests of one queue, with one worker process."""

    server: FunctionQueue
    bench: Bench
    machine: Machine
    logger: logging.Logger
    prefetching: Prefetching
    clock: Callable[[], float] = time.monotonic
    _inbox: queue.SimpleQueue[Event] = field(default_factory=queue.SimpleQueue)
    _jobs: dict[Category, Job] = field(default_factory=dict)
    _woken_at: dict[Category, float] = field(default_factory=dict)
    # The requests that were handed back, in each lane the last, as the server was out of reach.
    _unreached: dict[Category, str] = field(default_factory=dict)

    def tell(self, event: Event) -> None:
        """Hand the agent an event, from any thread."""
        if isinstance(event, Woken) and event.category is not None:
            self._woken_at.setdefault(event.category, self.clock())
        self._inbox.put(event)

    def stop(self) -> None:
        """Have the agent end, and hand back what is unfinished."""
        self.tell(Stopped())

    def run(self) -> None:
        """Work until there is nothing to do, or until the agent is stopped.

        Raises:
            ApiException: the server refuses to hand out requests.
        """
        self._lanes = {category: Lane(f"cvat-agent-{category}") for category in Category}
        self._reporter = Lane("cvat-agent-reports")
        try:
            end = self._loop()
        finally:
            for lane in (*self._lanes.values(), self._reporter):
                lane.close(_GRACE_S)
        if end.error is not None:
            raise end.error

    def _loop(self) -> End:
        event: Event = Ticked()
        give_up_at: float | None = None
        while True:
            if isinstance(event, Stopped) and give_up_at is None:
                give_up_at = self.clock() + _PATIENCE_S
            if isinstance(event, Finished):
                self._jobs.pop(event.category, None)
            for command in self.machine.on(event, self.clock()):
                if isinstance(command, End):
                    return command
                self._do(command)
            if give_up_at is not None and self.clock() >= give_up_at:
                return self._given_up()
            event = self._next_event(give_up_at)

    def _next_event(self, give_up_at: float | None) -> Event:
        now = self.clock()
        wait = self.machine.deadline(now)
        if give_up_at is not None:
            wait = min(wait, max(0.0, give_up_at - now))
        try:
            event: Event = self._inbox.get(timeout=wait)
        except queue.Empty:
            return Ticked()
        return event

    def _given_up(self) -> End:
        """Hand back what doesn't end by itself, such as downloads from a server that is silent."""
        for job in list(self._jobs.values()):
            self._hand_back(job)
        return End()

    def _do(self, command: Command) -> None:
        match command:
            case Acquire(category):
                self._lanes[category].do(lambda: self._acquire(category))
            case Work(category, assignment):
                job = self._jobs[category] = Job(category, assignment)
                self._lanes[category].do(lambda: self._work(job))
            case Report(request_id):
                self._reporter.do(lambda: self._report(request_id))
            case Cancel(category):
                self._jobs[category].cancel()
            case HandBack(category, assignment):
                self._stop_job(category, Job(category, assignment))

    def _stop_job(self, category: Category, new: Job) -> None:
        job = self._jobs.get(category)
        if job is None:
            new.cancel(hand_back=True)
            self._jobs[category] = new
            self._lanes[category].do(lambda: self._work(new))
            return
        job.cancel(hand_back=True)
        # It may be in the middle of a long call.
        self.bench.worker.close()

    def _acquire(self, category: Category) -> None:
        with self.bench.timed("acquire"):
            event = self.server.acquire(category)
        news = self._woken_at.pop(category, None)
        if isinstance(event, Acquired):
            if event.assignment is not None and news is not None:
                self.bench.metrics.waited(self.clock() - news)
        else:
            self.logger.warning("no %s requests can be had: %s", category, event.fatal or "later")
        self._inbox.put(event)

    def _work(self, job: Job) -> None:
        start = self.clock()
        try:
            with job.resources:
                outcome = self._outcome(job)
        except Exception:
            # The queue takes the request away from agents that are silent.
            self.logger.exception("request %s: its end could not be told", job.id)
            outcome = "lost"
        finally:
            self._inbox.put(Finished(job.category))
        self.bench.metrics.ended(job.kind, outcome)
        seconds = self.clock() - start
        self.logger.info("request %s (%s): %s after %.3f s", job.id, job.kind, outcome, seconds)

    def _outcome(self, job: Job) -> str:
        try:
            job.check()
            result = self._compute(job)
            job.check()
            with self.bench.timed("send"):
                self.server.complete(job.id, result)
        except RequestGoneError as error:
            self.logger.warning("request %s is no longer ours: %s", job.id, error)
            return "gone"
        except CancelledError:
            if not job.is_handed_back:
                return "canceled"
            return self._hand_back(job)
        except TransportError as error:
            return self._out_of_reach(job, error)
        except Exception as error:
            return self._fail(job, error)
        self.prefetching.expect(self.bench, job)
        return "completed"

    def _compute(self, job: Job) -> dict[str, Any] | Spool:
        compute = COMPUTE[kind_of(self.bench.spec)].get(job.kind)
        if compute is None:
            raise BadRequestError(f"this function takes no requests of type {job.kind!r}")
        return compute(self.bench, job)

    def _out_of_reach(self, job: Job, error: TransportError) -> str:
        """Hand a request back, as it is not to blame. If it comes again for that, it fails."""
        if not self.server.is_hub or self._unreached.get(job.category) == job.id:
            return self._fail(job, error)
        self._unreached[job.category] = job.id
        self.logger.warning("request %s (%s): %s; it is handed back", job.id, job.kind, error)
        return self._hand_back(job)

    def _fail(self, job: Job, error: Exception) -> str:
        if isinstance(error, BadRequestError):
            self.logger.warning("request %s (%s): %s", job.id, job.kind, error)
        else:
            self.logger.error("request %s (%s) failed", job.id, job.kind, exc_info=error)
        # What is believed of the task may have been wrong.
        self.bench.frames.forget(job.params.get("task"))
        try:
            self.server.fail(job.id, told_to_users(error))
        except RequestGoneError:
            return "gone"
        return "failed"

    def _hand_back(self, job: Job) -> str:
        try:
            self.server.hand_back(job.id)
        except CvatSdkException as error:
            self.logger.warning("request %s could not be handed back: %s", job.id, error)
        return "handed_back"

    def _report(self, request_id: str) -> None:
        job = self._jobs.get(Category.BATCH)
        if job is None or job.id != request_id:
            return
        try:
            self.server.update(request_id, job.progress)
        except RequestGoneError:
            self._inbox.put(Refused(request_id))
        except (ApiException, TransportError) as error:
            self.logger.warning("request %s: its progress could not be told: %s", request_id, error)
