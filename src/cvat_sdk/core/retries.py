"""When a request that failed is sent again: decisions only, time and chance are arguments."""

from __future__ import annotations

import email.utils
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_UNAVAILABLE = frozenset({502, 503, 504})
_TOO_MANY_REQUESTS = 429
_NOT_FOUND = 404
# A proxy answers, which does not know what became of the request.
_SERVER_BEHIND_LOST = frozenset({502, 504})


@dataclass(frozen=True)
class Failure:
    """What went wrong with one attempt: an answer's status, or None when there was no answer.

    `repeatable` says of a request of any method that it does no more when it comes again.
    """

    method: str
    status: int | None = None
    reached_server: bool = True
    timed_out: bool = False
    retry_after_s: float | None = None
    repeatable: bool = False

    @property
    def may_have_acted(self) -> bool:
        """Whether the server may have done what it was asked, though it did not say so."""
        return self.reached_server and (self.status is None or self.status in _SERVER_BEHIND_LOST)

    @property
    def is_worth_another_try(self) -> bool:
        # These two were surely not acted upon, so that even a POST may go again.
        if not self.reached_server or self.status == _TOO_MANY_REQUESTS:
            return True
        # The time limit is one for the caller, who waited for all of it already.
        if self.timed_out:
            return False
        if not (self.repeatable or self.method in _IDEMPOTENT):
            return False
        return self.status is None or self.status in _UNAVAILABLE


@dataclass(frozen=True)
class RetryPolicy:
    """How often to try, and how long to wait in between.

    Attributes:
        attempts: how often a request is sent at most.
        base_s: the longest wait before the second attempt; doubled for each further one.
        cap_s: no wait is longer than this. A server that asks for a longer one by `Retry-After`
            is not waited for: its answer goes to the caller.
    """

    attempts: int = 4
    base_s: float = 0.5
    cap_s: float = 60.0

    def delay_s(
        self, failure: Failure, attempt: int, *, chance: Callable[[], float]
    ) -> float | None:
        """Return the seconds to wait after the failed `attempt` (from 1), None to give up.

        Args:
            chance: returns a number in [0, 1); it spreads the clients of a server that comes back.
        """
        if attempt >= self.attempts or not failure.is_worth_another_try:
            return None
        if failure.retry_after_s is not None:
            return failure.retry_after_s if failure.retry_after_s <= self.cap_s else None
        longest: float = min(self.cap_s, self.base_s * 2 ** (attempt - 1))
        return longest * (0.5 + 0.5 * chance())


def was_done_before(method: str, status: int, earlier: Iterable[Failure]) -> bool:
    """Tell whether a DELETE finds nothing because an attempt whose answer was lost removed it.

    Args:
        earlier: the attempts before the one that `status` answers.
    """
    gone = method == "DELETE" and status == _NOT_FOUND
    return gone and any(failure.may_have_acted for failure in earlier)


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Return the seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3), None if it says
    nothing intelligible.

    >>> parse_retry_after("3", now=datetime(2026, 1, 1, tzinfo=UTC))
    3.0
    """
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        until = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
