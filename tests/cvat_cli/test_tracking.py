"""From the words of a command line to the arguments of `track_task`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import cvat_cli.__main__
from cvat_sdk.exceptions import NotFoundException

Cli = Callable[..., tuple[int, str, str]]
FUNCTION = "spec = 'the spec'\ndef track(context, image, state): return None\n"


def retrieve(task_id: int) -> SimpleNamespace:
    if task_id != 5:
        raise NotFoundException(404, "Not Found")
    return SimpleNamespace(id=5)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, Any, dict[str, Any]]]:
    """What the library was called with, but for the progress bar."""
    calls = []

    @contextmanager
    def client(*_: object, **__: object) -> Iterator[SimpleNamespace]:
        tasks, api_map = SimpleNamespace(retrieve=retrieve), SimpleNamespace(host="http://hub")
        yield SimpleNamespace(tasks=tasks, api_map=api_map)

    def track_task(client: object, task_id: int, function: Any, *, pbar: Any, **given: Any) -> None:
        calls.append((task_id, function.spec, given))

    monkeypatch.setattr(cvat_cli.__main__, "logged_in_client", client)
    monkeypatch.setattr("cvat_sdk.auto_annotation.track_task", track_task)
    return calls


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {}),
        (["--from-frame", 3, "--to-frame", 9], {"from_frame": 3, "to_frame": 9}),
        (["--shapes", 11, 12], {"shape_ids": [11, 12]}),
        (["--track-id", 7, "--from-frame", 0], {"track_ids": [7], "from_frame": 0}),
    ],
)
def test_options_become_arguments(
    cli: Cli, calls: list[Any], write: Any, words: list[object], expected: dict[str, Any]
) -> None:
    function = write("fn.py", FUNCTION)
    assert cli("task", "track", 5, "--function-file", function, *words)[:2] == (0, "")
    assert calls == [(5, "the spec", expected)]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([5], 2, "one of the arguments --function-module --function-file is required"),
        ([5, "--shapes", 1, "--track-id", 2], 2, "not allowed with argument --shapes"),
        ([5, "--shapes", "x"], 2, "invalid int value: 'x'"),
        ([6], 1, "there is no task 6 on http://hub"),
    ],
)
def test_what_makes_no_sense_is_told(
    cli: Cli, calls: list[Any], write: Any, words: list[object], code: int, message: str
) -> None:
    source = ("--function-file", write("fn.py", FUNCTION)) if len(words) > 1 or code == 1 else ()
    done, _, err = cli("task", "track", *words, *source)
    assert (done, calls) == (code, [])
    assert message in err


def test_there_is_no_old_form(cli: Cli, write: Callable[[str, str], Path]) -> None:
    assert cli("track", 5, "--function-file", write("fn.py", FUNCTION))[0] == 2
