"""Tracking states: what a function remembers of shapes that it follows."""

from __future__ import annotations

import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cvat_agent.caches import Cache
from cvat_agent.failures import BadRequestError
from cvat_agent.host import Held
from cvat_agent.workers import Worker
from cvat_sdk.auto_annotation.interface import TrackableShape

# Eight hours, as long as one sits at a task.
MAX_AGE_S = 8 * 3600.0
MAX_BYTES = 4 << 30


@dataclass
class TrackingState:
    """A shape that is followed, and where the function's own state of it lies.

    Attributes:
        kind: the type of the shape.
        size_wh: of the image that it was made of, in pixels.
        frame, shape: where the shape was seen last; a lost state is made of it again.
        seen_at: the frame that was looked at last.
        generation: of the worker's process; another one doesn't have the state.
    """

    task_id: int
    kind: str
    size_wh: tuple[int, int]
    frame: int
    shape: TrackableShape
    worker: Worker
    generation: int = 0
    held: Held = field(default_factory=lambda: Held(0, 0))
    seen_at: int = 0

    @property
    def is_lost(self) -> bool:
        return self.generation != self.worker.generation


class TrackingStates:
    """The states of a process by names that nobody can guess. Safe to share between threads.

    Those that are too old or too many are dropped, and their workers are told at the next occasion.
    """

    def __init__(
        self,
        *,
        max_bytes: int = MAX_BYTES,
        max_age_s: float = MAX_AGE_S,
        clock: Callable[[], float] = time.monotonic,
        make_name: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> None:
        self._lock = threading.Lock()
        self._make_name = make_name
        self._dropped: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._cache: Cache[str, TrackingState] = Cache(max_bytes, max_age_s, clock, self._drop)

    def __len__(self) -> int:
        return len(self._cache)

    def add(self, state: TrackingState) -> str:
        """Keep a state, and return its name."""
        name = self._make_name()
        with self._lock:
            self._cache.put(name, state, state.held.size)
        return name

    def find(self, name: object, task_id: int, size_wh: tuple[int, int]) -> TrackingState:
        """Return a state.

        Raises:
            BadRequestError: there is none of this name, for this task and images of this size.
        """
        with self._lock:
            state = self._cache.get(name) if isinstance(name, str) else None
        # Whoever has learnt the name of a state learns nothing of a task by it.
        if state is None or state.task_id != task_id:
            raise BadRequestError("a tracking state is not known; it may have expired")
        if state.size_wh != size_wh:
            raise BadRequestError("the image is of another size than the one that was begun with")
        return state

    def to_forget(self, worker: Worker) -> list[int]:
        """Return the numbers of dropped states that a worker still has, once."""
        with self._lock:
            dropped = self._dropped.pop(id(worker), [])
        return [number for number, generation in dropped if generation == worker.generation]

    def _drop(self, state: TrackingState) -> None:
        self._dropped[id(state.worker)].append((state.held.number, state.generation))


def by_worker(states: Iterable[TrackingState]) -> dict[int, list[TrackingState]]:
    """Return states by the identity of their workers, each in their order."""
    found: dict[int, list[TrackingState]] = defaultdict(list)
    for state in states:
        found[id(state.worker)].append(state)
    return found
