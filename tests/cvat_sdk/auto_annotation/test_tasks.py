"""A function over many tasks; `annotate_task` has a stand-in."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation import BadFunctionError, annotate_project, annotate_tasks
from cvat_sdk.exceptions import SelectionError, TransportError, UnauthorizedException


class Function:
    spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("car", 1)])

    def detect(self, context: object, image: object) -> list[Any]:
        return []


class Driver:
    """Stands in for `annotate_task`; `problems` are raised once, by the ids of tasks."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.options: list[dict[str, Any]] = []
        self.functions: list[object] = []
        self.problems: dict[int, BaseException] = {}

    def annotate_task(
        self,
        client: object,
        task_id: int,
        function: object,
        *,
        on_error: str,
        resume: bool,
        journal_dir: Path | None,
        frames: Any = None,
        merge: str = "append",
        job_id: int | None = None,
        batch_size: int = 1,
        on_done: Callable[[Any], object] | None = None,
    ) -> dict[str, int]:
        self.asked.append(task_id)
        self.options.append({"on_error": on_error, "resume": resume, "frames": frames})
        self.functions.append(function)
        if task_id in self.problems:
            raise self.problems.pop(task_id)
        report = {"shapes": 10 * task_id}
        if on_done:
            on_done(report)
        return report


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    driver = Driver()
    monkeypatch.setattr("cvat_sdk.auto_annotation.tasks.annotate_task", driver.annotate_task)
    return driver


@pytest.fixture
def annotate(driver: Driver, tmp_path: Path) -> Callable[..., Any]:
    def annotate(task_ids: Any, function: Any = None, **options: Any) -> Any:
        client: Any = SimpleNamespace(
            logger=logging.getLogger("test"), api_map=SimpleNamespace(host="http://hub")
        )
        return annotate_tasks(
            client, task_ids, function or Function(), **{"journal_dir": tmp_path / "runs"} | options
        )

    return annotate


def test_tasks_are_annotated_in_order_by_one_function(
    driver: Driver, annotate: Callable[..., Any], tmp_path: Path
) -> None:
    function = Function()
    report = annotate([3, 1, 3, 2], function)
    assert driver.asked == [3, 1, 2]
    assert set(driver.functions) == {function}
    assert report.done == {3: {"shapes": 30}, 1: {"shapes": 10}, 2: {"shapes": 20}}
    assert (report.done_before, report.failed) == ([], {})
    assert list((tmp_path / "runs").glob("*")) == []


def test_the_first_task_that_fails_ends_the_run_and_is_named(
    driver: Driver, annotate: Callable[..., Any], tmp_path: Path
) -> None:
    driver.problems[2] = BadFunctionError("no such label")
    with pytest.raises(BadFunctionError) as caught:
        annotate([1, 2, 3], report=tmp_path / "report.json")
    assert driver.asked == [1, 2]
    assert caught.value.__notes__ == ["in task 2; tasks: 1 done, 0 done before, 1 failed (2)"]
    assert json.loads((tmp_path / "report.json").read_text()) == {
        "done": {"1": {"shapes": 10}},
        "done_before": [],
        "failed": {"2": "BadFunctionError: no such label"},
    }


def test_tasks_that_fail_are_skipped_and_listed(
    driver: Driver, annotate: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    driver.problems |= {1: BadFunctionError("no label"), 3: ZeroDivisionError("oh")}
    with caplog.at_level(logging.INFO):
        report = annotate([1, 2, 3, 4], on_error="skip")
    assert list(report.done) == [2, 4]
    assert report.failed == {1: "BadFunctionError: no label", 3: "ZeroDivisionError: oh"}
    assert "Task 3 (3 of 4)" in caplog.text
    assert "Task 3 failed: ZeroDivisionError: oh" in caplog.text
    assert caplog.messages[-1] == "tasks: 2 done, 0 done before, 2 failed (1, 3)"
    assert [options["on_error"] for options in driver.options] == ["skip"] * 4


@pytest.mark.parametrize("error", [TransportError("cut"), UnauthorizedException(401, "no")])
def test_what_all_other_tasks_would_fail_with_as_well_ends_the_run(
    driver: Driver, annotate: Callable[..., Any], error: Exception
) -> None:
    driver.problems[1] = error
    with pytest.raises(type(error)):
        annotate([1, 2], on_error="skip")
    assert driver.asked == [1]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError("oh")])
def test_a_run_goes_on_after_its_last_task_that_is_done(
    driver: Driver, annotate: Callable[..., Any], error: BaseException
) -> None:
    driver.problems[3] = error
    with pytest.raises(type(error)):
        annotate([1, 2, 3, 4])
    driver.asked.clear()
    report = annotate([1, 2, 3, 4], resume=True, batch_size=4)
    assert driver.asked == [3, 4]
    assert driver.options[-1]["resume"] is True
    assert (list(report.done), report.done_before) == ([3, 4], [1, 2])
    driver.asked.clear()
    annotate([1, 2, 3, 4], resume=True)
    assert driver.asked == [1, 2, 3, 4], "the run had come to its end"


def test_tasks_that_failed_are_tried_again_when_the_run_is_resumed(
    driver: Driver, annotate: Callable[..., Any]
) -> None:
    driver.problems[1] = ZeroDivisionError("oh")
    annotate([1, 2], on_error="skip")
    report = annotate([1, 2], on_error="skip", resume=True)
    assert driver.asked == [1, 2, 1]
    assert (list(report.done), report.done_before, report.failed) == ([1], [2], {})


class Other(Function):
    spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("bus", 1)])


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (Function(), {}),
        (Other(), {"resume": True}),
        (Function(), {"resume": True, "merge": "iou"}),
        (Function(), {"resume": True, "frames": "0-9"}),
    ],
)
def test_another_run_begins_at_the_first_task(
    driver: Driver, annotate: Callable[..., Any], function: Function, options: dict[str, Any]
) -> None:
    driver.problems[2] = ZeroDivisionError("oh")
    with pytest.raises(ZeroDivisionError):
        annotate([1, 2])
    driver.asked.clear()
    annotate([1, 2], function, **options)
    assert driver.asked == [1, 2]


def test_every_task_gets_the_frames_that_can_be_read_once(
    driver: Driver, annotate: Callable[..., Any]
) -> None:
    annotate([1, 2], frames=iter([5, 3]))
    assert [options["frames"] for options in driver.options] == [[3, 5], [3, 5]]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"job_id": 4}, SelectionError, "a job belongs to one task"),
        ({"farmes": "1"}, TypeError, "farmes"),
    ],
)
def test_an_option_that_suits_no_task_is_refused_at_once(
    driver: Driver,
    annotate: Callable[..., Any],
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        annotate([1], on_error="skip", **options)
    assert driver.asked == []


def test_a_project_is_its_tasks_the_oldest_first(driver: Driver, tmp_path: Path) -> None:
    tasks = [SimpleNamespace(id=number) for number in (9, 4, 5)]
    project = SimpleNamespace(get_tasks=lambda: tasks)
    client: Any = SimpleNamespace(
        logger=logging.getLogger("test"),
        api_map=SimpleNamespace(host="http://hub"),
        projects=SimpleNamespace(retrieve={7: project}.__getitem__),
    )
    report = annotate_project(client, 7, Function(), journal_dir=tmp_path)
    assert list(report.done) == [4, 5, 9]
