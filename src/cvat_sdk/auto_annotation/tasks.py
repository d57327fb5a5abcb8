"""Run a detection function over many tasks, one after the other."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from cvat_sdk.auto_annotation.driver import annotate_task
from cvat_sdk.auto_annotation.interface import DetectionFunction
from cvat_sdk.auto_annotation.ledger import Ledger, writable_folder
from cvat_sdk.auto_annotation.pipeline import RunReport
from cvat_sdk.exceptions import SelectionError, TransportError, UnauthorizedException

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client

# With these, all other tasks would fail as well.
_OF_ALL_TASKS = (TransportError, UnauthorizedException)
# The options that may differ when a run is resumed.
_OF_NO_WEIGHT = frozenset({"pbar", "batch_size", "upload"})


class TasksReport(msgspec.Struct):
    """What became of several tasks.

    Attributes:
        done: what `annotate_task` returned, by the ids of the tasks.
        done_before: the ids of the tasks that were done before the run was resumed.
        failed: why the others failed, by their ids.
    """

    done: dict[int, RunReport] = msgspec.field(default_factory=dict)
    done_before: list[int] = msgspec.field(default_factory=list)
    failed: dict[int, str] = msgspec.field(default_factory=dict)


def annotate_tasks(
    client: Client,
    task_ids: Iterable[int],
    function: DetectionFunction,
    *,
    on_error: Literal["raise", "skip"] = "raise",
    resume: bool = False,
    journal_dir: Path | None = None,
    report: Path | None = None,
    **options: Any,
) -> TasksReport:
    """Annotate tasks, one after the other, with the same function.

    Args:
        client: logged in.
        task_ids: of the tasks, in the order in which they are annotated.
        function: an object with `spec` and `detect`, see `DetectionFunction`.
        on_error: `"raise"` ends the run at the first task that fails. `"skip"` goes on with the
            next one, unless the server cannot be reached or refuses the login; in a task, the
            frames that fail are skipped then.
        resume: leave out the tasks that were done by an earlier run with the same function and the
            same options, and go on with the task that it was at.
        journal_dir: where runs keep what they can be resumed by.
        report: a file for what is returned, as JSON. It is written when the run fails, too.
        options: what else `annotate_task` takes, but `job_id`.

    Raises:
        SelectionError: `job_id` is given.
        TypeError: an option is not one of `annotate_task`.
        What `annotate_task` raises, with a note that names the task.
    """
    if options.get("job_id") is not None:
        raise SelectionError("job_id: a job belongs to one task; give it to annotate_task")
    if (frames := options.get("frames")) is not None and not isinstance(frames, str | range):
        options["frames"] = sorted(frames)
    ledger = Ledger(writable_folder(journal_dir), _identity(client, function, options))
    options |= {"on_error": on_error, "resume": resume, "journal_dir": journal_dir}
    # A wrong name is not a matter of single tasks.
    inspect.signature(annotate_task).bind(client, 0, function, **options)
    annotate = partial(annotate_task, client, function=function, **options)
    run = _Run(list(dict.fromkeys(task_ids)), annotate, ledger, client.logger)
    try:
        run.run(resume=resume, skip=on_error == "skip")
    finally:
        if report is not None:
            report.write_bytes(msgspec.json.format(msgspec.json.encode(run.outcome)))
    return run.outcome


def annotate_project(
    client: Client, project_id: int, function: DetectionFunction, **options: Any
) -> TasksReport:
    """Annotate the tasks that a project has now, the oldest first.

    Args:
        client: logged in.
        project_id: of the project.
        function: an object with `spec` and `detect`, see `DetectionFunction`.
        options: what `annotate_tasks` takes.

    Raises:
        What `annotate_tasks` raises.
    """
    tasks = client.projects.retrieve(project_id).get_tasks()
    return annotate_tasks(client, sorted(task.id for task in tasks), function, **options)


@dataclass(frozen=True)
class _Run:
    task_ids: Sequence[int]
    annotate: Callable[..., RunReport]
    ledger: Ledger
    logger: logging.Logger
    outcome: TasksReport = field(default_factory=TasksReport)

    def run(self, *, resume: bool, skip: bool) -> None:
        if not resume:
            self.ledger.forget(self.task_ids)
        for position, task_id in enumerate(self.task_ids, 1):
            if task_id in self.ledger:
                self.outcome.done_before.append(task_id)
                continue
            self.logger.info("Task %d (%d of %d)", task_id, position, len(self.task_ids))
            self._annotate(task_id, skip=skip)
        self.logger.info("%s", _told(self.outcome))
        if not self.outcome.failed:
            self.ledger.forget(self.task_ids)

    def _annotate(self, task_id: int, *, skip: bool) -> None:
        outcome = self.outcome
        try:
            outcome.done[task_id] = self.annotate(
                task_id, on_done=lambda _: self.ledger.add(task_id)
            )
        except Exception as error:
            outcome.failed[task_id] = f"{type(error).__name__}: {error}"
            if not skip or isinstance(error, _OF_ALL_TASKS):
                error.add_note(f"in task {task_id}; {_told(outcome)}")
                raise
            self.logger.error("Task %d failed: %s", task_id, outcome.failed[task_id])


def _told(outcome: TasksReport) -> str:
    counts = {"done": len(outcome.done), "done before": len(outcome.done_before)}
    parts = [f"{count} {word}" for word, count in counts.items()]
    if outcome.failed:
        parts.append(f"{len(outcome.failed)} failed ({', '.join(map(str, outcome.failed))})")
    return f"tasks: {', '.join(parts)}"


def _identity(client: Client, function: DetectionFunction, options: Mapping[str, Any]) -> str:
    """Return what tells one run from another, but for its tasks."""
    # A function is a module, or an object of a class.
    place = getattr(function, "__file__", None) or type(function)
    spec = getattr(function, "spec", None)
    labels = [(label.name, label.id) for label in getattr(spec, "labels", ())]
    weighty = sorted((name, value) for name, value in options.items() if name not in _OF_NO_WEIGHT)
    return repr((client.api_map.host, place, labels, weighty))
