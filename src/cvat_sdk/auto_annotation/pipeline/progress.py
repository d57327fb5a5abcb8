"""How far a run has come, for its log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .report import bottleneck

_PERIOD_S = 30.0


@dataclass
class Progress:
    """Tells from time to time how far a run has come, and what holds it up.

    Args:
        total: how many frames it has.
        before: how many were finished when it began.
        stages: returns the seconds of each stage so far.
    """

    total: int
    before: int
    stages: Callable[[], Mapping[str, float]]
    logger: logging.Logger
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._start = self._told = self.clock()

    def tell(self, finished: int, shapes: int) -> None:
        """Say something, if that is due.

        Args:
            finished: how many frames are, those of before among them.
            shapes: how many were found.
        """
        now = self.clock()
        if now - self._told < _PERIOD_S:
            return
        self._told = now
        speed = (finished - self.before) / (now - self._start)
        left = (self.total - finished) / speed if speed else 0.0
        self.logger.info(
            "%d of %d frames, %.1f frames/s, %d shapes, %d min %02d s left; bottleneck: %s",
            *(finished, self.total, speed, shapes, left // 60, left % 60),
            bottleneck(self.stages()),
        )
