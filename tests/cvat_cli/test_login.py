from __future__ import annotations

import argparse

import pytest

from cvat_cli.login import choose_credentials, parse_auth
from cvat_sdk.core.client import AccessTokenCredentials, Credentials, PasswordCredentials


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ann", ("ann", None)),
        ("ann:", ("ann", None)),
        ("ann:secret", ("ann", "secret")),
        ("ann:a:b", ("ann", "a:b")),
    ],
)
def test_auth_is_a_user_and_perhaps_a_password(text: str, expected: tuple[str, str]) -> None:
    assert parse_auth(text) == expected


@pytest.mark.parametrize("text", ["", ":", ":secret"])
def test_auth_without_a_user_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected USER or USER:PASS"):
        parse_auth(text)


TOKEN = {"CVAT_ACCESS_TOKEN": "token"}
PASS = {"PASS": "from-environment"}


@pytest.mark.parametrize(
    ("auth", "environment", "expected"),
    [
        (("ann", "given"), {**TOKEN, **PASS}, PasswordCredentials("ann", "given")),
        (("ann", None), {**TOKEN, **PASS}, PasswordCredentials("ann", "from-environment")),
        (("ann", None), TOKEN, PasswordCredentials("ann", "asked ann")),
        (None, {**TOKEN, **PASS}, AccessTokenCredentials("token")),
        (None, {"CVAT_ACCESS_TOKEN": "", **PASS}, PasswordCredentials("me", "from-environment")),
        (None, {"PASS": ""}, PasswordCredentials("me", "asked me")),
    ],
)
def test_auth_wins_over_a_token_and_a_token_over_the_account(
    auth: tuple[str, str | None] | None, environment: dict[str, str], expected: Credentials
) -> None:
    chosen = choose_credentials(auth, environment, ask="asked {}".format, account=lambda: "me")
    assert chosen == expected
