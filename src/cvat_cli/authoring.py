"""The commands for people who write functions; all of them work without a server."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cvat_cli import functions, starting
from cvat_cli.command import LocalCommand
from cvat_cli.errors import CommandError

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
)
