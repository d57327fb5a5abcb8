"""The commands `cvat-hub user` and `cvat-hub token`, on both databases, while a hub runs."""

from __future__ import annotations

import argparse
import base64
import datetime
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cvat_hub.__main__ import main

PASSWORD = "battery staple"


@pytest.fixture
def run(
    hub: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command on the shared hub; returns its exit code, stdout and stderr."""
    monkeypatch.setenv("CVAT_HUB_DATABASE", hub.settings.database)

    def command(*args: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = main([*args, "--data-dir", str(hub.settings.data_dir)])
        return code, *capsys.readouterr()

    return command


@pytest.fixture
def name(hub: Any) -> str:
    return str(hub.name_of(hub.new_user()))


def _by_password(hub: Any, name: str, password: str) -> int:
    shown = base64.b64encode(f"{name}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {shown}"}
    return int(hub.client()("GET", "users/self", headers=headers).status)


def test_a_user_is_added_to_a_running_hub(hub: Any, run: Any) -> None:
    for name, flags, is_admin in (("ann", [], False), ("bob", ["--admin"], True)):
        done = run("user", "add", name, *flags, "--email", f"{name}@x.org", stdin=f"{PASSWORD}\n")
        assert done == (0, "", "")
        shown = base64.b64encode(f"{name}@x.org:{PASSWORD}".encode()).decode()
        found = hub.client()("GET", "users/self", headers={"Authorization": f"Basic {shown}"})
        assert (found.json["username"], found.json["is_superuser"]) == (name, is_admin)
    listed = json.loads(run("user", "ls", "--json")[1])
    assert [(user["name"], user["admin"]) for user in listed[-2:]] == [
        ("ann", False),
        ("bob", True),
    ]
    header, *rows = run("user", "ls")[1].splitlines()
    assert header.split() == ["id", "name", "email", "admin", "active", "last_login"]
    assert rows[-1].split()[1:5] == ["bob", "bob@x.org", "yes", "yes"]


def test_a_changed_password_ends_the_logins(hub: Any, run: Any, name: str) -> None:
    login = {"username": name, "password": "correct horse"}
    key = hub.client()("POST", "auth/login", login).json["key"]
    client = hub.client({"Authorization": f"Token {key}"})
    assert client("GET", "users/self").status == 200
    assert run("user", "passwd", name, stdin=PASSWORD) == (0, "", "")
    assert client("GET", "users/self").status == 401
    assert _by_password(hub, name, "correct horse") == 401
    assert _by_password(hub, name, PASSWORD) == 200


def test_a_disabled_user_is_kept_out_until_enabled(hub: Any, run: Any, name: str) -> None:
    value = run("token", "create", name, "--name", "x")[1].strip()
    bearer = hub.client({"Authorization": f"Bearer {value}"})
    for word, status in (("disable", 401), ("enable", 200)):
        assert run("user", word, name) == (0, "", "")
        assert bearer("GET", "users/self").status == status
        assert _by_password(hub, name, "correct horse") == status


@pytest.mark.parametrize(
    ("flags", "status"), [([], 403), (["--read-only"], 403), (["--write"], 201)]
)
def test_a_token_is_made_and_printed_alone(
    hub: Any, run: Any, name: str, flags: list[str], status: int
) -> None:
    code, value, errors = run("token", "create", name, "--name", "script", *flags)
    assert (code, errors, value.count("\n")) == (0, "", 1)
    bearer = hub.client({"Authorization": f"Bearer {value.strip()}"})
    assert bearer("GET", "users/self").json["username"] == name
    assert bearer("POST", "tasks", {"name": "x"}).status == status
    [listed] = json.loads(run("token", "ls", name, "--json")[1])
    assert (listed["user"], listed["name"]) == (name, "script")
    assert listed["last_used"]
    assert value.strip() not in run("token", "ls")[1]
    assert run("token", "delete", str(listed["id"])) == (0, "", "")
    assert bearer("GET", "users/self").status == 401
    assert run("token", "ls", name) == (0, "", "")


def test_a_token_can_end(run: Any, name: str) -> None:
    assert run("token", "create", name, "--name", "x", "--expires", "2999-12-31")[0] == 0
    [listed] = json.loads(run("token", "ls", name, "--json")[1])
    end = datetime.datetime.fromisoformat(listed["expires"])
    assert end == datetime.datetime(2999, 12, 31, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("args", "stdin", "reason"),
    [
        ("user add admin", PASSWORD, "user admin: there is one of this name already"),
        ("user add new", "short", "user new: This password is too short."),
        ("user add new", "", "user new: This password is too short."),
        ("user add new-user", "New-User", "user new-user: The password is the same as"),
        ("user add a/b", PASSWORD, "user 'a/b': a name is letters, digits and"),
        ("user passwd nobody", PASSWORD, "user nobody: there is none of this name"),
        ("user disable nobody", "", "user nobody: there is none of this name"),
        ("token create nobody --name x", "", "user nobody: there is none of this name"),
        ("token ls nobody", "", "user nobody: there is none of this name"),
        ("token delete 999999", "", "token 999999: there is none of this id"),
        ("token create admin --name x --expires 2020-01-01", "", "token x: 2020-01-01 00:00 UTC"),
        (f"token create admin --name {'x' * 51}", "", "token 'xxx"),
    ],
)
def test_what_cannot_be_done_is_one_line(run: Any, args: str, stdin: str, reason: str) -> None:
    code, output, errors = run(*args.split(), stdin=stdin)
    assert (code, output, errors.count("\n")) == (1, "", 1)
    assert errors.startswith(f"cvat-hub: {reason}")


@pytest.mark.parametrize(
    "args",
    [
        "token create admin",
        "token create admin --name x --expires soon",
        "token create admin --name x --write --read-only",
        "user add ann secret-as-an-argument",
        "user",
    ],
)
def test_wrong_arguments_are_refused(run: Any, args: str) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*args.split())
    assert caught.value.code == 2


def test_a_first_user_can_be_added_before_the_hub_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new"
    assert main(["user", "ls", "--data-dir", str(folder)]) == 1
    assert f"data folder {folder}: there is no hub in it" in capsys.readouterr().err
    assert not folder.exists()
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD))
    assert main(["user", "add", "ann", "--data-dir", str(folder)]) == 0
    assert folder.stat().st_mode & 0o777 == 0o700
    assert main(["user", "ls", "--data-dir", str(folder)]) == 0
    assert "ann" in capsys.readouterr().out


def test_on_a_terminal_a_password_is_asked_for_twice_without_echo(
    run: Any, hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    answers = iter([PASSWORD, "something else", PASSWORD, PASSWORD])
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    monkeypatch.setattr("io.StringIO", Terminal)
    code, _, errors = run("user", "add", "cyd")
    assert (code, errors) == (1, "cvat-hub: user cyd: the two passwords are not the same\n")
    assert run("user", "add", "cyd")[0] == 0
    assert _by_password(hub, "cyd", PASSWORD) == 200


def test_every_option_of_the_commands_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "run-a-hub.md").read_text(encoding="utf-8")
    from cvat_hub.__main__ import _parser

    words = {word for parser in _leaves(_parser()) for word in (parser.prog, *_options(parser))}
    assert [word for word in sorted(words) if word not in text] == []


def _leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    inner = [a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not inner:
        yield parser
    for choices in inner:
        for choice in choices.values():
            yield from _leaves(choice)


def _options(parser: argparse.ArgumentParser) -> set[str]:
    return {o for a in parser._actions for o in a.option_strings} - {"-h", "--help"}
