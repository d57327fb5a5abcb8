"""One request at work, and what all kinds of requests are worked on with."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cvat_agent.failures import CancelledError
from cvat_agent.frames import FrameStore
from cvat_agent.machine import Assignment, Category
from cvat_agent.metrics import Metrics
from cvat_agent.states import TrackingStates
from cvat_agent.workers import Worker

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client


@dataclass
class Job:
    """A request that is being worked on.

    Attributes:
        progress: from 0 to 1.
        is_handed_back: whether others are to have it when it is cancelled.
        resources: what is closed when the work has ended.
    """

    category: Category
    assignment: Assignment
    progress: float = 0.0
    is_handed_back: bool = False
    resources: ExitStack = field(default_factory=ExitStack)
    _cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def id(self) -> str:
        return self.assignment.id

    @property
    def kind(self) -> str:
        return str(self.assignment.params.get("type"))

    @property
    def params(self) -> dict[str, Any]:
        return self.assignment.params

    @property
    def is_urgent(self) -> bool:
        return self.category is Category.INTERACTIVE

    def cancel(self, *, hand_back: bool = False) -> None:
        """Have the work end soon."""
        self.is_handed_back = self.is_handed_back or hand_back
        self._cancelled.set()

    def check(self) -> None:
        """Go on only if somebody wants the result.

        Raises:
            CancelledError: nobody does.
        """
        if self._cancelled.is_set():
            raise CancelledError(f"request {self.id} is not wanted any more")


@dataclass
class Bench:
    """What requests are worked on with.

    Attributes:
        spec: the function's.
        worker: the one that belongs to this agent.
        states: those of all agents in this process.
    """

    client: Client
    spec: Any
    worker: Worker
    frames: FrameStore
    states: TrackingStates
    metrics: Metrics
    logger: logging.Logger

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the seconds of a block to the figures."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.metrics.spent(stage, time.perf_counter() - start)
