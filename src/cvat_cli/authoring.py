"""The commands for people who write functions; all of them work without a server."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvat_cli import annotating, functions, starting
from cvat_cli.command import LocalCommand
from cvat_cli.errors import CommandError, explain

if TYPE_CHECKING:
    from cvat_sdk.auto_annotation.trial import Problem

_MOST_ALIKE = 2


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    functions.add_arguments(parser)
    _add_images(parser, "images to try it on (default: some that are drawn)")


def _add_images(parser: argparse.ArgumentParser, help: str, *, nargs: str = "*") -> None:
    parser.add_argument("images", nargs=nargs, type=Path, metavar="IMAGE", help=help)


def check(arguments: argparse.Namespace) -> None:
    from cvat_sdk.auto_annotation import trial

    frames = trial.local_frames(arguments.images) or trial.sample_frames()
    problems = trial.check(functions.load(arguments), frames)
    for line in _lines(problems):
        print(line)
    errors = sum(problem.level == "error" for problem in problems)
    if errors:
        raise CommandError(f"the function breaks rules: {errors} found")
    print(f"the function keeps the rules, tried on {len(frames)} images")


def add_bench_arguments(parser: argparse.ArgumentParser) -> None:
    functions.add_arguments(parser)
    _add_images(parser, "images to measure on (default: some that are drawn)")
    parser.add_argument(
        "--batch-sizes",
        type=parse_sizes,
        metavar="N,N,...",
        help="how many images at a time, if the function takes several (default: 1,2,4,8,16)",
    )


def parse_sizes(text: str) -> tuple[int, ...]:
    """Return numbers from 1 on.

    >>> parse_sizes("1,4")
    (1, 4)

    Raises:
        argparse.ArgumentTypeError: it is no list of such numbers.
    """
    words = text.split(",")
    if not all(word.isdecimal() and int(word) for word in words):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers, as in 1,4,16")
    return tuple(map(int, words))


def bench(arguments: argparse.Namespace) -> None:
    from cvat_sdk.auto_annotation import trial
    from cvat_sdk.auto_annotation.trial import speed

    function = _detection_function(arguments)
    frames = trial.local_frames(arguments.images) or trial.sample_frames()
    print("batch  images/s  read ms  detect ms  check ms")
    for size in arguments.batch_sizes or speed.BATCH_SIZES:
        for one in speed.measure(function, frames, batch_sizes=[size]):
            print(
                f"{one.batch_size:5}  {one.images_per_s:8.1f}  {one.read_ms:7.1f}"
                f"  {one.detect_ms:9.1f}  {one.check_ms:8.1f}",
                flush=True,
            )
        if not speed.takes_batches(function):
            print("it has no detect_batch: one image at a time")
            break
    for device, peak in speed.peak_memory().items():
        print(f"peak memory, {device}: {peak / 2**20:.0f} MB")


def add_preview_arguments(parser: argparse.ArgumentParser) -> None:
    functions.add_arguments(parser)
    _add_images(parser, "images to find things on", nargs="+")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="where the pictures are written"
    )
    parser.add_argument(
        "--conf-threshold",
        type=annotating.parse_threshold,
        metavar="NUMBER",
        help="how sure the function must be, from 0 to 1 (default: the function's own)",
    )
    parser.add_argument(
        "--conv-mask-to-poly", action="store_true", help="polygons instead of masks"
    )


def preview(arguments: argparse.Namespace) -> None:
    from cvat_sdk.auto_annotation import trial
    from cvat_sdk.auto_annotation.trial.preview import preview

    done = preview(
        _detection_function(arguments),
        trial.local_frames(arguments.images),
        arguments.out,
        conf_threshold=arguments.conf_threshold,
        conv_mask_to_poly=arguments.conv_mask_to_poly,
    )
    print(f"{done.annotations} annotations on {len(arguments.images)} images: {done.folder}")
    if done.failed:
        name, error = next(iter(done.failed.items()))
        raise CommandError(f"{len(done.failed)} images failed, the first {name}: {explain(error)}")


def _detection_function(arguments: argparse.Namespace) -> Any:
    """Return the function, if it is one that finds things in images.

    Raises:
        CommandError: it is not.
    """
    from cvat_sdk.auto_annotation import DetectionFunctionSpec

    function = functions.load(arguments)
    if not isinstance(function.spec, DetectionFunctionSpec):
        raise CommandError("this is no detection function; 'function check' takes the others too")
    return function


def _lines(problems: Sequence[Problem]) -> Iterator[str]:
    """Yield problems as text, and of many of one kind only how many there are."""
    kinds: dict[object, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.rule, problem.level, problem.hint), []).append(problem)
    for alike in kinds.values():
        yield from map(str, alike[:_MOST_ALIKE])
        if len(alike) > _MOST_ALIKE:
            yield f"  and {len(alike) - _MOST_ALIKE} more like these"


COMMANDS = (
    starting.COMMAND,
    LocalCommand(
        "check",
        "try a function out on images, and say which rules of the protocol it breaks",
        add_check_arguments,
        check,
    ),
    LocalCommand(
        "bench",
        "measure how fast a detection function is on images",
        add_bench_arguments,
        bench,
    ),
    LocalCommand(
        "preview",
        "draw what a detection function finds: pictures, a contact sheet, COCO JSON",
        add_preview_arguments,
        preview,
    ),
)
