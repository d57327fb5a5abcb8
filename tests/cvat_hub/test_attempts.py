"""How often a password may be tried."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest

from cvat_hub.attempts import RULES, Attempts

FREE = RULES["name at address"].free
HOME, ELSEWHERE = "10.0.0.1", "10.0.0.2"


def _failing(attempts: Attempts, name: str, address: str, start: float, seconds: int) -> int:
    """Try once a second, always wrong, and return how many attempts were let through."""
    return sum(
        attempts.begin(name, address, now) == 0
        for now in map(float, range(int(start), int(start) + seconds))
    )


def test_the_first_attempts_are_free_and_each_wait_is_longer() -> None:
    attempts, now, waits = Attempts(), 0.0, []
    for _ in range(FREE + 12):
        wait = attempts.begin("ann", HOME, now)
        waits.append(wait)
        now += wait
        assert wait == 0 or attempts.begin("ann", HOME, now) == 0
    assert waits[: FREE + 4] == [0] * FREE + [1, 2, 4, 8]
    assert max(waits) <= RULES["name at address"].longest


def test_a_day_of_guessing_gets_few_guesses() -> None:
    assert _failing(Attempts(), "ann", HOME, 0, 24 * 3600) < 200


def test_an_attempt_that_succeeds_forgets_the_failures_of_this_name_here() -> None:
    attempts = Attempts()
    for _ in range(FREE):
        assert attempts.begin("ann", HOME, 0) == 0
    assert attempts.begin("ann", HOME, 0) > 0
    assert attempts.begin("ann", HOME, 1) == 0
    attempts.succeed("ann", HOME, 1)
    assert [attempts.begin("ann", HOME, 1) for _ in range(FREE)] == [0] * FREE


def test_attempts_at_the_same_time_are_counted_before_they_fail() -> None:
    attempts = Attempts()
    begun = [attempts.begin("ann", HOME, 0) for _ in range(50)]
    assert begun.count(0) == FREE


def test_who_guesses_here_keeps_nobody_out_elsewhere() -> None:
    attempts = Attempts()
    _failing(attempts, "ann", HOME, 0, 24 * 3600)
    assert attempts.begin("ann", HOME, 24 * 3600) > 0
    assert attempts.begin("ann", ELSEWHERE, 24 * 3600) == 0
    assert attempts.begin("bob", HOME, 24 * 3600) == 0


def test_trying_many_names_at_one_address_is_slow_as_well() -> None:
    attempts = Attempts()
    tried = sum(attempts.begin(f"user{n}", HOME, 0) == 0 for n in range(1000))
    assert tried == RULES["address"].free
    assert attempts.begin("ann", ELSEWHERE, 0) == 0


def test_an_own_account_does_not_help_to_try_other_names() -> None:
    attempts, tried = Attempts(), 0
    for n in range(1000):
        tried += attempts.begin(f"user{n}", HOME, 0) == 0
        if attempts.begin("mallory", HOME, 0) == 0:
            attempts.succeed("mallory", HOME, 0)
    assert tried <= RULES["address"].free


def test_guesses_from_many_addresses_are_slow_but_not_for_who_was_here_before() -> None:
    attempts = Attempts()
    assert attempts.begin("ann", HOME, 0) == 0
    attempts.succeed("ann", HOME, 0)
    tried = sum(attempts.begin("ann", f"10.1.{n // 250}.{n % 250}", 1) == 0 for n in range(1000))
    assert tried == RULES["name"].free
    assert attempts.begin("ann", ELSEWHERE, 1) > 0
    assert attempts.begin("ann", HOME, 1) == 0


def test_failures_are_forgiven_with_time() -> None:
    attempts = Attempts()
    rule = RULES["name at address"]
    for _ in range(FREE):
        attempts.begin("ann", HOME, 0)
    later = 2.0 * rule.forgiven
    assert [attempts.begin("ann", HOME, later) for _ in range(3)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
    ],
)
def test_one_who_has_very_many_addresses_has_one(one: str, other: str, same: bool) -> None:
    attempts = Attempts()
    for _ in range(FREE):
        attempts.begin("ann", one, 0)
    assert (attempts.begin("ann", other, 0) > 0) is same


def test_what_is_remembered_is_bounded() -> None:
    attempts = Attempts(most=10)
    for n in range(100):
        attempts.begin(f"user{n}", f"10.0.0.{n}", 0)
        attempts.succeed(f"user{n}", f"10.0.0.{n}", 0)
    assert len(attempts) <= 20


@pytest.mark.parametrize(("way", "name"), [("login", "nobody"), ("basic", "admin")])
def test_a_client_is_told_when_to_try_again(
    settings: Any, start: Callable[..., Any], way: str, name: str
) -> None:
    with start(settings) as hub:
        answer = _until_refused(hub.client(), way, name)
        assert int(answer.headers["Retry-After"]) >= 1
        assert re.fullmatch(
            r"Request was throttled\. Expected available in \d+ seconds?\.", answer.json["detail"]
        )
        assert hub.new_user()("GET", "users/self").status == 200


def test_a_password_that_was_right_is_not_slow_while_others_guess(
    settings: Any, start: Callable[..., Any]
) -> None:
    with start(settings) as hub:
        client = hub.client()
        assert _sign_in(client, "basic", "admin", settings.admin_password).status == 200
        _until_refused(client, "basic", "admin")
        assert _sign_in(client, "basic", "admin", settings.admin_password).status == 200


def _until_refused(client: Any, way: str, name: str) -> Any:
    """Try wrong passwords; the waits grow past the time that a try takes, however slow."""
    for _ in range(FREE + 10):
        answer = _sign_in(client, way, name, "wrong")
        if answer.status == 429:
            return answer
        assert answer.status in (400, 401)
    raise AssertionError("nobody refused")


def _sign_in(client: Any, way: str, name: str, password: str) -> Any:
    if way == "login":
        return client("POST", "auth/login", {"username": name, "password": password})
    shown = base64.b64encode(f"{name}:{password}".encode()).decode()
    return client("GET", "users/self", headers={"Authorization": f"Basic {shown}"})
