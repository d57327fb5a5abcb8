"""When the next request is sent: the line is never idle, and what is needed first comes first."""

from __future__ import annotations

import math

# The next answer is to begin this many waits before the line falls idle.
_MARGIN = 2.0
# Bytes that come in less tell nothing of the line.
_FELT_S = 1e-3
# How much the last request tells, against all before it.
_FRESH = 0.5


class Pace:
    """Learns from requests how long a server takes to answer, and how fast bytes then come.

    Requests at the same time share the line, so that the first of them is done later. Therefore the
    next one begins only when what is under way will have come before its answer begins: right at
    the end of the last one where the line is slow, several at a time where the server is.
    """

    def __init__(self) -> None:
        self._wait_s: float | None = None
        self._rate: float | None = None
        self._bytes = self._frames = 0

    def answered(self, seconds: float) -> None:
        """Learn how long the first bytes of a request took."""
        self._wait_s = _mixed(self._wait_s, seconds)

    def fetched(self, size: int, seconds: float, frames: int) -> None:
        """Learn how many bytes so many frames were, and how long they took from the first on."""
        self._rate = _mixed(self._rate, size / seconds if seconds >= _FELT_S else math.inf)
        self._bytes += size
        self._frames += frames

    def expected(self, frames: int) -> int:
        """Return how many bytes so many frames may be, 0 if nothing is known."""
        return self._bytes * frames // max(self._frames, 1)

    def is_due(self, to_come: int) -> bool:
        """Tell whether to send a request while so many bytes of others are still to come."""
        if self._rate is None or self._wait_s is None:
            return False
        return to_come <= self._rate * self._wait_s * _MARGIN


def _mixed(before: float | None, now: float) -> float:
    if before is None or math.isinf(before):
        return now
    return before if math.isinf(now) else before + _FRESH * (now - before)
