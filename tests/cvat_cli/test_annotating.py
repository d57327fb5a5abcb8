"""From the words of a command line to the arguments of `annotate_task` and `annotate_project`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import cvat_cli.__main__
from cvat_cli import annotating
from cvat_sdk.auto_annotation import TasksReport
from cvat_sdk.exceptions import NotFoundException

Cli = Callable[..., tuple[int, str, str]]
FUNCTION = "spec = 'the spec'\ndef detect(context, image): return []\n"


class Repository:
    """Stands in for `client.tasks` and `client.projects`; each has one object, with id 5."""

    def retrieve(self, object_id: int) -> SimpleNamespace:
        if object_id != 5:
            raise NotFoundException(404, "Not Found")
        return SimpleNamespace(id=5)


class Library:
    """Stands in for the functions of the SDK, and remembers how they were called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, dict[str, Any]]] = []
        self.report = TasksReport()

    def annotate_task(self, client: object, task_id: int, **options: Any) -> None:
        self.calls.append(("task", task_id, options))

    def annotate_project(self, client: object, project_id: int, **options: Any) -> TasksReport:
        self.calls.append(("project", project_id, options))
        return self.report

    @property
    def options(self) -> dict[str, Any]:
        """What the last call was given besides function and progress bar."""
        return {
            name: value
            for name, value in self.calls[-1][2].items()
            if name not in ("function", "pbar")
        }


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    library = Library()

    @contextmanager
    def client(*_: object, **__: object) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(
            tasks=Repository(), projects=Repository(), api_map=SimpleNamespace(host="http://hub")
        )

    monkeypatch.setattr(cvat_cli.__main__, "logged_in_client", client)
    for name in ("annotate_task", "annotate_project"):
        monkeypatch.setattr(f"cvat_sdk.auto_annotation.{name}", getattr(library, name))
    return library


@pytest.fixture
def function(write: Callable[[str, str], Path]) -> tuple[object, object]:
    return "--function-file", write("fn.py", FUNCTION)


OF_BOTH: list[tuple[list[object], dict[str, Any]]] = [
    ([], {}),
    (["--clear-existing"], {"clear_existing": True}),
    (["--allow-unmatched-labels"], {"allow_unmatched_labels": True}),
    (["--conf-threshold", "0.5"], {"conf_threshold": 0.5}),
    (["--conv-mask-to-poly"], {"conv_mask_to_poly": True}),
    (["--batch-size", "8"], {"batch_size": 8}),
    (["--batch-size", "auto"], {"batch_size": "auto"}),
    (["--frames", "0-10,20,30-100:5"], {"frames": "0-10,20,30-100:5"}),
    (["--only-unannotated"], {"only_unannotated": True}),
    (
        ["--label-mapping", "a b=c", "--label-mapping", "person.hat=cap=x"],
        {"label_mapping": {"a b": "c", "person.hat": "cap=x"}},
    ),
    (["--roi", "0,10.5,640,480"], {"roi": (0, 10.5, 640, 480)}),
    (["--roi=-5,0,640,480"], {"roi": (-5, 0, 640, 480)}),
    (["--merge", "iou", "--iou-threshold", "0.7"], {"merge": "iou", "iou_threshold": 0.7}),
    (["--on-error", "skip"], {"on_error": "skip"}),
    (["--upload", "streaming"], {"upload": "streaming"}),
    (["--resume", "--journal-dir", "j"], {"resume": True, "journal_dir": Path("j")}),
    (["--report", "r.json"], {"report": Path("r.json")}),
]


@pytest.mark.parametrize("noun", ["task", "project"])
@pytest.mark.parametrize(("words", "options"), OF_BOTH)
def test_options_become_arguments_of_the_same_names(
    cli: Cli,
    library: Library,
    function: tuple[object, object],
    noun: str,
    words: list[object],
    options: dict[str, Any],
) -> None:
    assert cli(noun, "auto-annotate", 5, *function, *words) == (0, "", "")
    called, object_id, given = library.calls[0]
    assert (called, object_id) == (noun, 5)
    assert given["function"].spec == "the spec"
    assert library.options == options


def test_every_option_is_tried_above() -> None:
    tried = {name for _, options in OF_BOTH for name in options}
    assert tried | {"job_id"} == set(annotating._OPTIONS)


def test_a_job_is_one_of_a_task_not_of_a_project(
    cli: Cli, library: Library, function: tuple[object, object]
) -> None:
    assert cli("task", "auto-annotate", 5, *function, "--job-id", 9)[0] == 0
    assert library.options == {"job_id": 9}
    assert cli("project", "auto-annotate", 5, *function, "--job-id", 9)[0] == 2


def test_what_the_function_was_made_with_is_told(
    cli: Cli, library: Library, write: Callable[[str, str], Path]
) -> None:
    made = "class Made:\n    spec = 'the spec'\ndef create(**given): return Made()\n"
    words = ("--function-file", write("fn.py", made), "-p", "size=int:4", "-p", "name=str:x")
    assert cli("task", "auto-annotate", 5, *words)[0] == 0
    assert library.options == {"parameters": {"size": 4, "name": "x"}}


def test_the_old_form_takes_the_same_options(
    cli: Cli, library: Library, function: tuple[object, object]
) -> None:
    code, _, err = cli("auto-annotate", 5, *function, "--frames", "3")
    assert (code, library.options) == (0, {"frames": "3"})
    assert "say 'task auto-annotate' instead" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--frames", "1,x"), "'x' is neither a frame nor a range of frames"),
        (("--roi", "1,2,3"), "is not four numbers"),
        (("--roi", "1,2,a,4"), "'1,2,a,4' is not X,Y,X2,Y2, as in 0,0,640,480"),
        (("--roi", "9,0,3,4"), "is empty"),
        (("--label-mapping", "car"), "'car' is not NAME=NAME, as in car=vehicle"),
        (("--label-mapping", "=car"), "is not NAME=NAME"),
        (("--batch-size", "0"), "'0' is neither 'auto' nor a number from 1 on"),
        (("--batch-size", "many"), "'many' is neither 'auto' nor a number"),
        (("--merge", "both"), "invalid choice: 'both'"),
        (("--upload", "now"), "invalid choice: 'now'"),
        (("--on-error", "stop"), "invalid choice: 'stop'"),
        (("--iou-threshold", "0"), "'0' is not over 0"),
        (("--iou-threshold", "1.1"), "'1.1' is not a number between 0 and 1"),
        (("--conf-threshold", "half"), "'half' is not a number between 0 and 1"),
    ],
)
def test_a_wrong_word_is_told_before_anything_is_done(
    cli: Cli,
    library: Library,
    function: tuple[object, object],
    words: tuple[str, ...],
    message: str,
) -> None:
    code, out, err = cli("task", "auto-annotate", 5, *function, *words)
    assert (code, out) == (2, "")
    assert message in err
    assert library.calls == []


@pytest.mark.parametrize("noun", ["task", "project"])
def test_what_is_not_there_is_told(
    cli: Cli, library: Library, function: tuple[object, object], noun: str
) -> None:
    code, out, err = cli(noun, "auto-annotate", 6, *function)
    assert (code, out) == (1, "")
    assert f"there is no {noun} 6 on http://hub, or this user may not see it" in err


def test_tasks_of_a_project_that_failed_are_listed_and_the_exit_code_is_1(
    cli: Cli, library: Library, function: tuple[object, object]
) -> None:
    library.report = TasksReport(failed={3: "ZeroDivisionError: oh", 4: "no\nlabel"})
    code, out, err = cli("project", "auto-annotate", 5, *function, "--on-error", "skip")
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "cvat-cli: error: failed: task 3 (ZeroDivisionError: oh), task 4 (no label)"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0.0),
        ("0.5", 0.5),
        ("1", 1.0),
        *((text, None) for text in ("-0.1", "1.1", "nan", "inf", "half", "")),
    ],
)
def test_a_threshold_is_a_number_from_0_to_1(text: str, expected: float | None) -> None:
    if expected is not None:
        assert annotating.parse_threshold(text) == expected
    else:
        with pytest.raises(argparse.ArgumentTypeError):
            annotating.parse_threshold(text)
