"""The commands about tasks."""

from __future__ import annotations

import argparse
from pathlib import Path

from cvat_cli import annotating, labels, objects
from cvat_cli.command import Command
from cvat_cli.objects import without_none
from cvat_sdk.core.client import Client
from cvat_sdk.core.helpers import DeferredTqdmProgressReporter
from cvat_sdk.core.proxies.tasks import ResourceType

_SORTING_METHODS = ("lexicographical", "natural", "predefined", "random")
# The arguments of `create` that go to the server with the data, under the same names.
_DATA_PARAMETERS = (
    "chunk_size",
    "copy_data",
    "frame_step",
    "image_quality",
    "sorting_method",
    "start_frame",
    "stop_frame",
    "use_cache",
    "use_zip_chunks",
    "cloud_storage_id",
    "filename_pattern",
)
_TASK_FIELDS = ("labels", "project_id", "bug_tracker", "overlap", "segment_size", "subset")


def parse_resource_type(text: str) -> ResourceType:
    """Return the type of that name.

    Raises:
        argparse.ArgumentTypeError: there is none.
    """
    try:
        return ResourceType[text.upper()]
    except KeyError:
        names = ", ".join(map(str, ResourceType))
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {names}") from None


def add_create_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="name of the task")
    parser.add_argument(
        "resource_type",
        type=parse_resource_type,
        choices=list(ResourceType),
        help="where the files are: on this machine, on the server's share, or behind URLs",
    )
    parser.add_argument("resources", nargs="+", help="paths or URLs")
    _add_task_arguments(parser.add_argument_group("the task"))
    _add_data_arguments(parser.add_argument_group("its data"))


def _add_task_arguments(parser: argparse._ArgumentGroup) -> None:
    labels.add_argument(parser)
    parser.add_argument(
        "--project_id", type=int, metavar="ID", help="the project whose labels the task uses"
    )
    parser.add_argument(
        "--bug_tracker", "--bug", metavar="URL", help="where problems with the task are tracked"
    )
    parser.add_argument("--segment_size", type=int, metavar="N", help="frames per job")
    parser.add_argument(
        "--overlap", type=int, metavar="N", help="frames that neighbouring jobs share"
    )
    parser.add_argument("--subset", help="such as Train, Validation or Test")


def _add_data_arguments(parser: argparse._ArgumentGroup) -> None:
    parser.add_argument("--chunk_size", type=int, metavar="N", help="frames per chunk")
    parser.add_argument(
        "--completion_verification_period",
        dest="status_check_period",
        type=float,
        metavar="SECONDS",
        help="time between two looks at whether the server has taken the data in",
    )
    parser.add_argument(
        "--copy_data", action="store_true", help="let the server copy files of its share"
    )
    parser.add_argument("--frame_step", type=int, metavar="N", help="take every Nth frame")
    parser.add_argument(
        "--image_quality",
        type=int,
        default=70,
        metavar="PERCENT",
        help="quality of the compressed chunks (default: %(default)s)",
    )
    parser.add_argument(
        "--sorting-method",
        choices=_SORTING_METHODS,
        default="lexicographical",
        help="order of the images (default: %(default)s)",
    )
    parser.add_argument("--start_frame", type=int, metavar="N", help="first frame to take")
    parser.add_argument("--stop_frame", type=int, metavar="N", help="last frame to take")
    parser.add_argument("--use_cache", action="store_true", help="make chunks when asked for")
    parser.add_argument(
        "--use_zip_chunks", action="store_true", help="chunks of a video are zips of images"
    )
    parser.add_argument(
        "--cloud_storage_id", type=int, metavar="ID", help="the cloud storage that has the files"
    )
    parser.add_argument(
        "--filename_pattern",
        metavar="PATTERN",
        help="which files of a manifest to take; with *, ?, [seq] and [!seq]",
    )


def create(client: Client, arguments: argparse.Namespace) -> None:
    given = {name: getattr(arguments, name) for name in _TASK_FIELDS}
    data = {name: getattr(arguments, name) for name in _DATA_PARAMETERS}
    task = client.tasks.create_from_data(
        {"name": arguments.name} | without_none(given),
        arguments.resources,
        resource_type=arguments.resource_type,
        data_params=without_none(data),
        status_check_period=arguments.status_check_period,
        pbar=DeferredTqdmProgressReporter(),
    )
    print(task.id)


def add_frames_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task_id", type=int, help="id of the task")
    parser.add_argument("frame_ids", type=int, nargs="+", help="numbers of frames, from 0")
    parser.add_argument(
        "--outdir", type=Path, default=Path(), help="folder to write to (default: the current one)"
    )
    parser.add_argument(
        "--quality",
        choices=("original", "compressed"),
        default="original",
        help="the image as it was uploaded, or smaller (default: %(default)s)",
    )


def frames(client: Client, arguments: argparse.Namespace) -> None:
    task = objects.retrieve(client, "task", client.tasks, arguments.task_id)
    arguments.outdir.mkdir(parents=True, exist_ok=True)
    task.download_frames(
        arguments.frame_ids,
        outdir=arguments.outdir,
        quality=arguments.quality,
        filename_pattern=f"task_{task.id}_frame_{{frame_id:06d}}{{frame_ext}}",
    )


COMMANDS = (
    objects.ls_command("tasks", lambda client: client.tasks),
    Command(
        "create",
        "make a task from images, a video or an archive, and print its id. "
        "Its labels come from --labels or from the project that --project_id names",
        add_create_arguments,
        create,
    ),
    objects.delete_command("tasks", lambda client: client.tasks),
    Command(
        "frames",
        "write frames of a task to task_<ID>_frame_<FRAME>.<EXTENSION>",
        add_frames_arguments,
        frames,
    ),
    annotating.TASK_COMMAND,
)
