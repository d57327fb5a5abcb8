"""The command that follows the shapes of a task through its frames."""

from __future__ import annotations

import argparse

from cvat_cli import functions, objects
from cvat_cli.command import Command
from cvat_sdk.core.client import Client
from cvat_sdk.core.helpers import DeferredTqdmProgressReporter

_OPTIONS = ("from_frame", "to_frame", "shapes", "track_id")


def parse_ids(text: str) -> tuple[int, ...]:
    """Return numbers.

    >>> parse_ids("12,15")
    (12, 15)

    Raises:
        argparse.ArgumentTypeError: they are none.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of ids such as 12,15")
    return tuple(map(int, parts))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task_id", type=int, help="id of the task")
    functions.add_arguments(parser)
    parser.add_argument(
        "--from-frame",
        type=int,
        metavar="FRAME",
        help="the frame that the shapes are on; needed unless a track is followed",
    )
    parser.add_argument(
        "--to-frame", type=int, metavar="FRAME", help="the last frame (default: the task's last)"
    )
    followed = parser.add_mutually_exclusive_group()
    followed.add_argument(
        "--shapes",
        type=parse_ids,
        metavar="IDS",
        help="shapes to follow, as in 12,15 (default: all that the function can follow)",
    )
    followed.add_argument("--track-id", type=int, metavar="ID", help="a track to go on with")


def track(client: Client, arguments: argparse.Namespace) -> None:
    from cvat_sdk import auto_annotation

    task = objects.retrieve(client, "task", client.tasks, arguments.task_id)
    given = objects.without_none({name: getattr(arguments, name) for name in _OPTIONS})
    pbar = DeferredTqdmProgressReporter()
    function = functions.load(arguments)
    tracks = auto_annotation.track_task(client, task.id, function, pbar=pbar, **given)
    keys = sum(len(one["shapes"]) for one in tracks)
    client.logger.info("%d tracks with %d key frames are written", len(tracks), keys)


COMMAND = Command(
    "track",
    "follow shapes through the frames of a task by a function that runs on this machine",
    add_arguments,
    track,
)
