from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cvat_sdk.core.retries import Failure, RetryPolicy, parse_retry_after, was_done_before


@pytest.mark.parametrize(
    ("failure", "attempt", "delay"),
    [
        (Failure("GET", 503), 1, 1.0),
        (Failure("GET", 503), 2, 2.0),
        (Failure("GET", 503), 3, 4.0),
        (Failure("GET", 503), 4, None),
        (Failure("PUT", 502), 1, 1.0),
        (Failure("DELETE", 504), 1, 1.0),
        (Failure("HEAD", None), 1, 1.0),
        (Failure("GET", 500), 1, None),
        (Failure("GET", 404), 1, None),
        (Failure("GET", 200), 1, None),
        (Failure("POST", 503), 1, None),
        (Failure("PATCH", None), 1, None),
        (Failure("PATCH", None, repeatable=True), 1, 1.0),
        (Failure("PATCH", 502, repeatable=True), 1, 1.0),
        (Failure("PATCH", 500, repeatable=True), 1, None),
        (Failure("PATCH", None, timed_out=True, repeatable=True), 1, None),
        (Failure("POST", None, reached_server=False), 1, 1.0),
        (Failure("GET", None, timed_out=True), 1, None),
        (Failure("POST", 429, retry_after_s=7), 1, 7),
        (Failure("GET", 503, retry_after_s=0), 1, 0),
        (Failure("GET", 503, retry_after_s=61), 1, None),
    ],
)
def test_what_is_tried_again_and_when(failure: Failure, attempt: int, delay: float | None) -> None:
    policy = RetryPolicy(attempts=4, base_s=1, cap_s=60)
    assert policy.delay_s(failure, attempt, chance=lambda: 1.0) == delay


LOST, REFUSED = Failure("DELETE", None), Failure("DELETE", None, reached_server=False)


@pytest.mark.parametrize(
    ("method", "status", "earlier", "done"),
    [
        ("DELETE", 404, [LOST], True),
        ("DELETE", 404, [Failure("DELETE", 502)], True),
        ("DELETE", 404, [REFUSED, Failure("DELETE", 504), Failure("DELETE", 503)], True),
        ("DELETE", 404, [], False),
        ("DELETE", 404, [REFUSED], False),
        ("DELETE", 404, [Failure("DELETE", 503), Failure("DELETE", 429)], False),
        ("DELETE", 403, [LOST], False),
        ("GET", 404, [Failure("GET", None)], False),
    ],
)
def test_nothing_to_delete_is_success_if_an_attempt_before_may_have_deleted_it(
    method: str, status: int, earlier: list[Failure], done: bool
) -> None:
    assert was_done_before(method, status, earlier) is done


def test_chance_spreads_the_second_half_of_a_wait() -> None:
    policy = RetryPolicy(base_s=1)
    assert policy.delay_s(Failure("GET", 503), 1, chance=lambda: 0.0) == 0.5


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("5", 5.0),
        ("Mon, 23 Nov 2026 10:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, seconds: float | None) -> None:
    now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert parse_retry_after(value, now=now) == seconds
