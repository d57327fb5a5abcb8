"""The command that follows shapes through a task."""

from __future__ import annotations

import argparse

from cvat_cli import functions, objects
from cvat_cli.command import Command
from cvat_sdk.core.client import Client
from cvat_sdk.core.helpers import DeferredTqdmProgressReporter

# The options that go to the library if they are given, under the same names.
_OPTIONS = ("from_frame", "to_frame", "track_ids", "shape_ids")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task_id", type=int, help="id of the task")
    functions.add_arguments(parser)
    parser.add_argument(
        "--from-frame",
        type=int,
        metavar="N",
        help="where the shapes are (default: the frame of --shapes, or the first one)",
    )
    parser.add_argument(
        "--to-frame", type=int, metavar="N", help="the last frame (default: that of the task)"
    )
    _add_selection(parser.add_mutually_exclusive_group())


def _add_selection(group: argparse._MutuallyExclusiveGroup) -> None:
    group.add_argument(
        "--shapes",
        dest="shape_ids",
        type=int,
        nargs="+",
        metavar="ID",
        help="ids of the shapes that become tracks"
        " (default: all on the first frame that the function can follow)",
    )
    group.add_argument(
        "--track-id",
        dest="track_ids",
        type=int,
        nargs="+",
        metavar="ID",
        help="ids of tracks that go on: their key frames from --from-frame on are replaced",
    )


def track(client: Client, arguments: argparse.Namespace) -> None:
    from cvat_sdk import auto_annotation

    task = objects.retrieve(client, "task", client.tasks, arguments.task_id)
    given = objects.without_none({name: getattr(arguments, name) for name in _OPTIONS})
    function = functions.load(arguments)
    auto_annotation.track_task(
        client, task.id, function, pbar=DeferredTqdmProgressReporter(), **given
    )


COMMAND = Command(
    "track",
    "follow shapes through a task by a function that runs on this machine; they become tracks",
    add_arguments,
    track,
)
