"""From the words of a command line to the arguments of `track_task`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging import getLogger
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import cvat_cli.__main__

Cli = Callable[..., tuple[int, str, str]]
CASES: list[tuple[list[str], dict[str, Any]]] = [
    (["--from-frame", "3"], {"from_frame": 3}),
    (["--from-frame", "3", "--to-frame", "9"], {"from_frame": 3, "to_frame": 9}),
    (["--from-frame", "3", "--shapes", "4, 5"], {"from_frame": 3, "shapes": (4, 5)}),
    (["--track-id", "7"], {"track_id": 7}),
]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, dict[str, Any]]]:
    """How the library was called."""
    calls: list[tuple[int, dict[str, Any]]] = []

    @contextmanager
    def client(*_: object, **__: object) -> Iterator[SimpleNamespace]:
        tasks = SimpleNamespace(retrieve=lambda task_id: SimpleNamespace(id=task_id))
        yield SimpleNamespace(tasks=tasks, logger=getLogger("test"))

    def track_task(
        client: object, task_id: int, function: Any, *, pbar: object, **options: Any
    ) -> list[Any]:
        assert function.spec == "the spec"
        calls.append((task_id, options))
        return []

    monkeypatch.setattr(cvat_cli.__main__, "logged_in_client", client)
    monkeypatch.setattr("cvat_sdk.auto_annotation.track_task", track_task)
    return calls


@pytest.fixture
def function(write: Callable[[str, str], Path]) -> tuple[object, object]:
    return "--function-file", write("fn.py", "spec = 'the spec'\n")


@pytest.mark.parametrize(("words", "options"), CASES)
def test_options_reach_the_library(
    cli: Cli, calls: Any, function: tuple[object, ...], words: list[str], options: dict[str, Any]
) -> None:
    assert cli("task", "track", 5, *function, *words)[0] == 0
    assert calls == [(5, options)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--shapes", "a"], "'a' is not a list of ids such as 12,15"),
        (["--shapes", "1", "--track-id", "2"], "not allowed with argument"),
    ],
)
def test_what_makes_no_sense_is_refused(
    cli: Cli, calls: Any, function: tuple[object, ...], words: list[str], message: str
) -> None:
    code, _, errors = cli("task", "track", 5, *function, *words)
    assert code == 2
    assert message in errors
    assert not calls
