from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cvat_cli.token_file import TokenFile, parse_token_file
from cvat_sdk.core.auth import AuthStore

Cli = Callable[..., tuple[int, str, str]]
CREATE = ("--server-host", "http://lab.test:8080", "profile", "create")


def test_profiles_are_made_listed_chosen_and_forgotten(cli: Cli) -> None:
    assert cli("profile", "list") == (0, "", "")
    for name in ("lab", "home"):
        code, out, err = cli(*CREATE, "--name", name, "very-secret")
        assert (code, out) == (0, "")
        assert f"profile '{name}' for http://lab.test:8080 is saved in" in err
        assert "very-secret" not in err
    listed = "home\thttp://lab.test:8080\nlab\thttp://lab.test:8080\t(default)\n"
    assert cli("profile", "list") == (0, listed, "")
    assert cli("profile", "list", "--names-only") == (0, "home\nlab\n", "")
    assert cli("profile", "default", "home") == (0, "", "")
    assert cli("profile", "default") == (0, "home\n", "")
    assert cli("profile", "default", "--unset") == (0, "", "")
    assert cli("profile", "default")[0] == 1
    assert cli("profile", "delete", "home") == (0, "", "")
    assert cli("profile", "list", "--names-only") == (0, "lab\n", "")
    saved = AuthStore().get_profile("lab")
    assert saved is not None
    assert (saved.server, saved.token) == ("http://lab.test:8080", "very-secret")
    assert saved.created_date.endswith("+00:00")


def test_a_profile_is_replaced_only_if_that_is_said(cli: Cli) -> None:
    cli(*CREATE, "--name", "lab", "one")
    code, _, err = cli(*CREATE, "--name", "lab", "two")
    assert code == 1
    assert "there is a profile 'lab' already; --force replaces it" in err
    assert cli(*CREATE, "--name", "lab", "--force", "two")[0] == 0
    assert cli(*CREATE, "--name", "new", "--set-default", "three")[0] == 0
    profiles = AuthStore().list_profiles()
    assert {name: profile.token for name, profile in profiles.items()} == {
        "lab": "two",
        "new": "three",
    }
    assert cli("profile", "default")[1] == "new\n"


def test_a_token_comes_from_a_file_or_is_asked_for(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token.json"
    file.write_text(json.dumps({"token": "filed", "server": "https://a.test", "name": "filed"}))
    assert cli("profile", "create", "--file", file)[0] == 0
    monkeypatch.setattr("getpass.getpass", lambda text: text.replace(" ", "-"))
    cli("config", "default-server", "http://kept.test")
    assert cli("--server-port", 8, "profile", "create", "--name", "asked")[0] == 0
    profiles = AuthStore().list_profiles()
    assert [(p.server, p.token) for p in profiles.values()] == [
        ("http://kept.test:8", "Access-token-for-http://kept.test:8:-"),
        ("https://a.test", "filed"),
    ]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("profile", "default", "--unset", "x"), "give either a profile or --unset"),
        (("profile", "default", "x"), "there is no profile 'x'"),
        (("profile", "default"), "no profile is the default"),
        (("profile", "delete", "x"), "there is no profile 'x'"),
        ((*CREATE, "--file", "x", "y"), "give either a token or --file"),
        ((*CREATE, "--file", "absent"), "absent: there is no such file"),
        ((*CREATE, "--name", "x", ""), "the access token is empty"),
        ((*CREATE, "--name", "x", "very secret"), "has a character that no token has"),
        ((*CREATE, "--name", "a\nb", "t"), "unprintable characters"),
        (("--server-port", "5", *CREATE, "--name", "x", "t"), "leave out --server-port"),
        (("--server-host", "ftp://a", "profile", "create", "t"), "begins with http:// or https://"),
        (("config", "default-server", "--unset", "x"), "give either a server or --unset"),
        (("config", "default-server", "ftp://a"), "begins with http:// or https://"),
        (("--profile", "x", "task", "ls"), "there is no profile 'x'"),
        (("--profile", "x", "--auth", "a", "task", "ls"), "leave out --server-host"),
    ],
)
def test_what_cannot_be_done_is_one_line(cli: Cli, args: tuple[str, ...], message: str) -> None:
    code, out, err = cli(*args)
    assert (code, out) == (1, "")
    assert message in err
    assert "very secret" not in err
    assert len(err.splitlines()) == 1
    assert not AuthStore().path.exists()


def test_the_default_server_is_printed_set_and_forgotten(cli: Cli) -> None:
    words = ("config", "default-server")
    assert cli(*words) == (0, "", "no default server is set\n")
    assert cli(*words, "http://lab.test:8080") == (0, "", "")
    assert cli(*words) == (0, "http://lab.test:8080\n", "")
    assert cli(*words, "--unset") == (0, "", "")
    assert cli(*words)[1] == ""


def test_the_default_profile_is_used_and_its_token_not_shown(cli: Cli, closed_port: int) -> None:
    host = f"http://127.0.0.1:{closed_port}"
    cli("--server-host", host, "profile", "create", "--name", "lab", "very-secret")
    code, _, err = cli("--debug", "task", "ls")
    assert code == 1
    assert f"{host} cannot be reached" in err
    assert "very-secret" not in err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc\n", TokenFile("abc")),
        ("a//b", TokenFile("a//b")),
        ('"abc"', TokenFile('"abc"')),
        ('{"token": "t"}', TokenFile("t")),
        ('{"token": "t", "server": "http://a", "name": "n"}', TokenFile("t", "http://a", "n")),
        ('// for the lab\n{"token": "t", /* "token": "x", */ "name": null,}', TokenFile("t")),
        ('{"token": "/*t//,}", "more": [1, 2, ]}', TokenFile("/*t//,}")),
        (r'{"token": "a\"//b"}', TokenFile('a"//b')),
    ],
)
def test_a_file_of_a_token_is_plain_or_json_with_comments(text: str, expected: TokenFile) -> None:
    assert parse_token_file(text) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"token": "very-secret"', "the JSON is damaged"),
        ('{"name": "very-secret"}', "'token' is missing"),
        ('{"token": ["very-secret"]}', "'token' is not a text"),
        ('{"token": "very-secret", "server": 5}', "'server' is not a text"),
        ('{"token": "very-secret", "name": 5}', "'name' is not a text"),
        (b"\xff very-secret", "it is not text"),
    ],
)
def test_a_damaged_file_of_a_token_is_told_without_its_secret(
    cli: Cli, tmp_path: Path, text: str | bytes, problem: str
) -> None:
    file = tmp_path / "token"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    code, _, err = cli("profile", "create", "--file", file)
    assert code == 1
    assert f"{file} holds no access token: {problem}" in err
    assert "very-secret" not in err
