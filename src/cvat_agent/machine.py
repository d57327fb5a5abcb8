"""What an agent does next. Pure: it is told of events, and says what is to be done.

An agent has two lanes, one for requests that somebody waits for and one for those over whole tasks.
Each works on one request at a time; a request over a task goes on while others are answered. After
each request, and when it is woken, an agent asks for interactive requests until there are none, and
then for a batch request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any, TypeAlias


class Category(StrEnum):
    """Which lane a request belongs to, as the wire calls it."""

    INTERACTIVE = "interactive"
    BATCH = "batch"


@dataclass(frozen=True)
class Assignment:
    """A request that this agent is to work on."""

    id: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Woken:
    """There is something new, in a category or who knows where."""

    category: Category | None = None


@dataclass(frozen=True)
class StreamChanged:
    """The stream of events is there, or is lost."""

    is_up: bool


@dataclass(frozen=True)
class Acquired:
    """The server was asked; `assignment` is None if there was nothing."""

    category: Category
    assignment: Assignment | None


@dataclass(frozen=True)
class AcquireFailed:
    """The server could not be asked.

    Attributes:
        retry_after_s: what it said about when to ask again.
        fatal: why asking again is of no use.
    """

    category: Category
    retry_after_s: float | None = None
    fatal: Exception | None = None


@dataclass(frozen=True)
class Finished:
    """The work on a lane's request has ended, and the server was told."""

    category: Category


@dataclass(frozen=True)
class Refused:
    """The server says that a request is no longer this agent's."""

    request_id: str


@dataclass(frozen=True)
class Ticked:
    """Time has passed."""


@dataclass(frozen=True)
class Stopped:
    """The agent is to end."""


Event: TypeAlias = (
    Woken | StreamChanged | Acquired | AcquireFailed | Finished | Refused | Ticked | Stopped
)


@dataclass(frozen=True)
class Acquire:
    """Ask the server for a request."""

    category: Category


@dataclass(frozen=True)
class Work:
    """Work on a request, and tell the server what came of it."""

    category: Category
    assignment: Assignment


@dataclass(frozen=True)
class Report:
    """Tell the server how far a request is."""

    request_id: str


@dataclass(frozen=True)
class Cancel:
    """Stop working on a request that is no longer ours."""

    category: Category


@dataclass(frozen=True)
class HandBack:
    """Stop working on a request, and let others have it."""

    category: Category
    assignment: Assignment


@dataclass(frozen=True)
class End:
    """All is done, or nothing can be done any more."""

    error: Exception | None = None


Command: TypeAlias = Acquire | Work | Report | Cancel | HandBack | End


class Lane(Enum):
    """What a lane is about."""

    EMPTY = auto()
    """The server had nothing when it was asked last."""
    DUE = auto()
    """The server is to be asked."""
    ASKING = auto()
    WORKING = auto()


@dataclass(frozen=True, kw_only=True)
class Periods:
    """Seconds between things.

    Attributes:
        poll: between two questions for requests while there is no stream of events.
        poll_beside_stream: the same while there is one.
        report: between two reports on a batch request.
        retry: after the first question that failed; twice as long after each further one.
        retry_most: how long that becomes at most.
    """

    poll: float = 60.0
    poll_beside_stream: float = 60.0
    report: float = 5.0
    retry: float = 0.5
    retry_most: float = 30.0


@dataclass
class _LaneState:
    lane: Lane = Lane.DUE
    # Something new came while the server was being asked.
    is_woken: bool = False
    due_at: float = 0.0
    failures: int = 0
    assignment: Assignment | None = None


@dataclass
class Machine:
    """An agent's decisions.

    Args:
        burst: end when there is nothing to do.
        chance: returns a number in [0, 1), which spreads agents.
    """

    burst: bool = False
    periods: Periods = field(default_factory=Periods)
    chance: Callable[[], float] = lambda: 1.0
    _lanes: dict[Category, _LaneState] = field(
        default_factory=lambda: {category: _LaneState() for category in Category}
    )
    _has_stream: bool = False
    _is_stopping: bool = False
    _has_ended: bool = False
    _poll_at: float = 0.0
    _report_at: float = 0.0
    _error: Exception | None = None

    def on(self, event: Event, now: float) -> list[Command]:
        """Return what is to be done after an event."""
        commands = list(self._take(event, now))
        return [*commands, *self._next(now)]

    def deadline(self, now: float) -> float:
        """Return how many seconds may pass before time itself is an event."""
        times = [self._poll_at]
        times += [
            state.due_at
            for state in self._lanes.values()
            if state.lane is Lane.DUE and state.due_at > now
        ]
        if self._lanes[Category.BATCH].lane is Lane.WORKING:
            times.append(self._report_at)
        return max(0.0, min(times) - now)

    def _take(self, event: Event, now: float) -> Iterator[Command]:
        match event:
            case Woken(category):
                self._wake(now, [category] if category else list(Category))
            case StreamChanged(is_up):
                self._has_stream = is_up
                # What came while there was no stream was not told.
                self._wake(now, list(Category) if is_up else [])
                self._poll_at = min(self._poll_at, now + self._poll_s())
            case Acquired(category, assignment):
                yield from self._acquired(category, assignment, now)
            case AcquireFailed(category, retry_after_s, fatal):
                self._failed(category, retry_after_s, fatal, now)
            case Finished(category):
                self._lanes[category].assignment = None
                self._lanes[category].lane = Lane.EMPTY
                self._wake(now, [category] if category is Category.INTERACTIVE else list(Category))
            case Refused(request_id):
                yield from self._refused(request_id)
            case Ticked():
                yield from self._tick(now)
            case Stopped():
                yield from self._stop()

    def _wake(self, now: float, categories: list[Category]) -> None:
        for category in categories:
            state = self._lanes[category]
            if state.lane is Lane.EMPTY:
                state.lane, state.due_at = Lane.DUE, now
            elif state.lane is Lane.ASKING:
                state.is_woken = True

    def _acquired(
        self, category: Category, assignment: Assignment | None, now: float
    ) -> Iterator[Command]:
        state = self._lanes[category]
        state.failures = 0
        if assignment is None:
            state.lane = Lane.DUE if state.is_woken else Lane.EMPTY
            state.is_woken = False
            return
        state.lane, state.assignment, state.is_woken = Lane.WORKING, assignment, False
        if category is Category.BATCH:
            self._report_at = now + self.periods.report
        yield (HandBack if self._is_stopping else Work)(category, assignment)

    def _failed(
        self,
        category: Category,
        retry_after_s: float | None,
        fatal: Exception | None,
        now: float,
    ) -> None:
        state = self._lanes[category]
        state.lane, state.is_woken = Lane.DUE, False
        if fatal is not None:
            self._error = self._error or fatal
            return
        longest = min(self.periods.retry_most, self.periods.retry * 2**state.failures)
        state.failures = min(state.failures + 1, 16)
        wait = longest * (0.5 + 0.5 * self.chance())
        state.due_at = now + (wait if retry_after_s is None else retry_after_s)

    def _refused(self, request_id: str) -> Iterator[Command]:
        for category, state in self._lanes.items():
            if state.assignment is not None and state.assignment.id == request_id:
                yield Cancel(category)

    def _tick(self, now: float) -> Iterator[Command]:
        if now >= self._poll_at:
            self._poll_at = now + self._poll_s()
            self._wake(now, list(Category))
        state = self._lanes[Category.BATCH]
        if state.assignment is not None and now >= self._report_at:
            self._report_at = now + self.periods.report
            yield Report(state.assignment.id)

    def _stop(self) -> Iterator[Command]:
        if self._is_stopping:
            return
        self._is_stopping = True
        for category, state in self._lanes.items():
            if state.assignment is not None:
                yield HandBack(category, state.assignment)

    def _poll_s(self) -> float:
        return self.periods.poll_beside_stream if self._has_stream else self.periods.poll

    def _next(self, now: float) -> Iterator[Command]:
        """Begin what is due, interactive requests first."""
        if self._has_ended:
            return
        if self._error is not None and not self._is_stopping:
            yield from self._stop()
        interactive, batch = self._lanes[Category.INTERACTIVE], self._lanes[Category.BATCH]
        if self._is_stopping:
            if all(state.lane in (Lane.EMPTY, Lane.DUE) for state in self._lanes.values()):
                self._has_ended = True
                yield End(self._error)
            return
        for category, state in self._lanes.items():
            waits_for_others = state is batch and interactive.lane in (Lane.DUE, Lane.ASKING)
            if state.lane is Lane.DUE and now >= state.due_at and not waits_for_others:
                state.lane = Lane.ASKING
                yield Acquire(category)
        if self.burst and interactive.lane is batch.lane is Lane.EMPTY:
            self._has_ended = True
            yield End()
