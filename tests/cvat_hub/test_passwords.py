"""Passwords: what is kept of them, and for how long."""

from __future__ import annotations

import argon2
import pytest

from cvat_hub.passwords import LONGEST, REMEMBERED_SECONDS, SHORTEST, Passwords, problem

CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("x" * SHORTEST, ""),
        ("x" * LONGEST, ""),
        ("x" * (SHORTEST - 1), "too short"),
        ("x" * (LONGEST + 1), "too long"),
        ("Ann.Miller", "the same as the username"),
    ],
)
def test_a_password_has_rules(password: str, reason: str) -> None:
    found = problem(password, "ann.miller")
    assert reason in found
    assert bool(found) is bool(reason)


def test_a_password_matches_its_hash_alone() -> None:
    passwords = Passwords(CHEAP)
    kept = passwords.hash("right")
    assert "right" not in kept
    assert passwords.match(kept, "right")
    assert not passwords.match(kept, "wrong")
    assert not passwords.match(None, "right")
    assert not passwords.match("no hash at all", "right")


def test_a_right_password_is_remembered_for_a_while() -> None:
    passwords = Passwords(CHEAP)
    passwords.remember("hash", "right", now=0)
    for password_hash, password, now, known in (
        ("hash", "right", REMEMBERED_SECONDS - 1, True),
        ("hash", "wrong", 1, False),
        ("another hash", "right", 1, False),
        ("hash", "right", REMEMBERED_SECONDS, False),
        ("hash", "right", 1, False),
    ):
        assert passwords.was_right(password_hash, password, now) is known


def test_what_is_remembered_is_bounded_and_shows_no_password() -> None:
    passwords = Passwords(CHEAP)
    for number in range(2000):
        passwords.remember("hash", f"secret{number}", now=0)
    assert not passwords.was_right("hash", "secret0", 1)
    assert passwords.was_right("hash", "secret1999", 1)
    assert "secret" not in repr(vars(passwords))


def test_a_hash_of_other_parameters_is_outdated() -> None:
    passwords = Passwords(CHEAP)
    assert not passwords.is_outdated(passwords.hash("x"))
    assert passwords.is_outdated(argon2.PasswordHasher(time_cost=2).hash("x"))
