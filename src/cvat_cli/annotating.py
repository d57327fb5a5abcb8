"""The commands that run a function over a task, and over all tasks of a project."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cvat_cli import functions, objects
from cvat_cli.command import Command
from cvat_cli.errors import CommandError
from cvat_sdk.core.client import Client
from cvat_sdk.core.helpers import DeferredTqdmProgressReporter

# The options that go to the library if they are given, under the same names.
_OPTIONS = (
    "clear_existing",
    "allow_unmatched_labels",
    "conf_threshold",
    "conv_mask_to_poly",
    "batch_size",
    "frames",
    "job_id",
    "only_unannotated",
    "label_mapping",
    "roi",
    "merge",
    "iou_threshold",
    "on_error",
    "upload",
    "resume",
    "journal_dir",
    "report",
)


def parse_threshold(text: str) -> float:
    """Return a number from 0 to 1.

    Raises:
        argparse.ArgumentTypeError: it is not.
    """
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 1")
    return value


def parse_overlap(text: str) -> float:
    """Return a number over 0, and at most 1.

    Raises:
        argparse.ArgumentTypeError: it is not.
    """
    value = parse_threshold(text)
    if value == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not over 0")
    return value


def parse_batch_size(text: str) -> int | str:
    """Return a number of images from 1 on, or "auto".

    Raises:
        argparse.ArgumentTypeError: it is neither.
    """
    if text == "auto":
        return text
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'auto' nor a number from 1 on")
    return int(text)


def parse_frames(text: str) -> str:
    """Return the text, if it names frames.

    Raises:
        argparse.ArgumentTypeError: it doesn't.
    """
    from cvat_sdk.auto_annotation import selection

    _check(selection.parse_frames, text)
    return text


def parse_roi(text: str) -> tuple[float, ...]:
    """Return left, top, right and bottom of a region.

    Raises:
        argparse.ArgumentTypeError: it is no region.
    """
    from cvat_sdk.auto_annotation import roi

    try:
        numbers = tuple(map(float, text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not X,Y,X2,Y2, as in 0,0,640,480") from None
    _check(roi.check, numbers)
    return numbers


def parse_label_mapping(text: str) -> tuple[str, str]:
    """Return what the function calls something, and what the task calls it.

    >>> parse_label_mapping("car=vehicle")
    ('car', 'vehicle')

    Raises:
        argparse.ArgumentTypeError: it is not two names.
    """
    ours, _, theirs = text.partition("=")
    if not (ours and theirs):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=NAME, as in car=vehicle")
    return ours, theirs


def add_task_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task_id", type=int, help="id of the task")
    _add_arguments(parser).add_argument(
        "--job-id", type=int, metavar="ID", help="only the frames of this job of the task"
    )


def add_project_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project_id", type=int, help="id of the project")
    _add_arguments(parser)


def _add_arguments(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    functions.add_arguments(parser)
    _add_function_options(parser.add_argument_group("how the function is asked"))
    selection = parser.add_argument_group("which frames it is asked about")
    _add_selection_options(selection)
    _add_result_options(parser.add_argument_group("what becomes of its answers"))
    _add_run_options(parser.add_argument_group("how the run goes"))
    return selection


def _add_function_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--conf-threshold",
        type=parse_threshold,
        metavar="NUMBER",
        help="how sure the function must be, from 0 to 1 (default: the function's own)",
    )
    _add_flag(group, "--conv-mask-to-poly", "polygons instead of masks")
    group.add_argument(
        "--batch-size",
        type=parse_batch_size,
        metavar="N",
        help="images per call, if the function takes several, or 'auto' (default)",
    )
    group.add_argument(
        "--roi",
        type=parse_roi,
        metavar="X,Y,X2,Y2",
        help="show the function only this part of each image, in pixels",
    )


def _add_selection_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--frames",
        type=parse_frames,
        metavar="RANGES",
        help="only these frames, as in 0-10,20,30-100:5 or 500-",
    )
    _add_flag(group, "--only-unannotated", "only frames without any annotation")


def _add_result_options(group: argparse._ArgumentGroup) -> None:
    _add_flag(group, "--clear-existing", "replace the annotations that are there")
    group.add_argument(
        "--merge",
        choices=("append", "replace", "iou"),
        help="add to what is there (default), replace what is on the frames that are annotated,"
        " or leave out what is there already",
    )
    group.add_argument(
        "--iou-threshold",
        type=parse_overlap,
        metavar="NUMBER",
        help="with --merge iou: from which overlap on a shape is there already (default: 0.5)",
    )
    group.add_argument(
        "--label-mapping",
        type=parse_label_mapping,
        action="append",
        metavar="NAME=NAME",
        help="what the function calls something, and what the task calls it; repeatable",
    )
    _add_flag(
        group,
        "--allow-unmatched-labels",
        "leave out labels, sublabels and attributes of the function that the task lacks",
    )


def _add_run_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--on-error",
        choices=("raise", "skip"),
        help="end the run at the first error (default), or skip what it concerns",
    )
    group.add_argument(
        "--upload",
        choices=("at_end", "streaming"),
        help="send the annotations when all are there (default), or as they come",
    )
    _add_flag(group, "--resume", "go on with a run that was cut off")
    group.add_argument(
        "--journal-dir",
        type=Path,
        metavar="FOLDER",
        help="where runs keep what they can be resumed by",
    )
    group.add_argument(
        "--report", type=Path, metavar="PATH", help="write what was done to this file, as JSON"
    )


def _add_flag(group: argparse._ArgumentGroup, name: str, help: str) -> None:
    group.add_argument(name, action="store_true", default=None, help=help)


def _check(check: Callable[[Any], object], value: object) -> None:
    from cvat_sdk.exceptions import SelectionError

    try:
        check(value)
    except SelectionError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def annotate_task(client: Client, arguments: argparse.Namespace) -> None:
    from cvat_sdk import auto_annotation

    task = objects.retrieve(client, "task", client.tasks, arguments.task_id)
    auto_annotation.annotate_task(client, task.id, **_common(arguments))


def annotate_project(client: Client, arguments: argparse.Namespace) -> None:
    from cvat_sdk import auto_annotation

    project = objects.retrieve(client, "project", client.projects, arguments.project_id)
    report = auto_annotation.annotate_project(client, project.id, **_common(arguments))
    if report.failed:
        failed = (f"task {task_id} ({problem})" for task_id, problem in report.failed.items())
        raise CommandError(f"failed: {', '.join(failed)}")


def _common(arguments: argparse.Namespace) -> dict[str, Any]:
    given = objects.without_none({name: getattr(arguments, name, None) for name in _OPTIONS})
    if "label_mapping" in given:
        given["label_mapping"] = dict(given["label_mapping"])
    if parameters := dict(arguments.function_parameters):
        given["parameters"] = parameters
    function = functions.load(arguments)
    return {"function": function, "pbar": DeferredTqdmProgressReporter(), **given}


TASK_COMMAND = Command(
    "auto-annotate",
    "annotate a task by a function that runs on this machine",
    add_task_arguments,
    annotate_task,
)
PROJECT_COMMAND = Command(
    "auto-annotate",
    "annotate all tasks of a project by a function that runs on this machine",
    add_project_arguments,
    annotate_project,
)
