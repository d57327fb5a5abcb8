"""`function new`: a folder with a function that works, to begin with."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from cvat_cli.command import LocalCommand
from cvat_cli.errors import CommandError

_SERVE = (
    'cvat-cli function create-native "{name}" --function-file function.py\n'
    "cvat-cli function run-agent ID --function-file function.py"
)
_MEASURE = (
    "cvat-cli function bench --function-file function.py photo.jpg\n"
    "cvat-cli function preview --function-file function.py photo.jpg --out preview\n"
)


@dataclass(frozen=True)
class Kind:
    """What the README tells of a kind of functions."""

    text: str
    more: str = ""
    use: str = _SERVE


KINDS = {
    "detection": Kind(
        "A detection function: it finds things in one image.",
        _MEASURE,
        f"cvat-cli task auto-annotate TASK --function-file function.py\n{_SERVE}",
    ),
    "interaction": Kind("An interaction function: it finds the object that a user points at."),
    "tracking": Kind("A tracking function: it follows shapes from image to image."),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", type=Path, help="the folder that is made")
    parser.add_argument(
        "--kind",
        choices=tuple(KINDS),
        default="detection",
        help="finds things in images (default), what a user points at, or follows shapes",
    )


def new(arguments: argparse.Namespace) -> None:
    folder, kind = arguments.name, arguments.kind
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise CommandError(f"{folder} is there already: choose another name") from None
    for name, text in _files(folder.absolute().name, kind).items():
        (folder / name).write_text(text, encoding="utf-8")
    print(folder / "function.py")


def _files(name: str, kind: str) -> dict[str, str]:
    told = KINDS[kind]
    readme = Template(_template("README.md.txt"))
    return {
        "function.py": _template(f"{kind}.py.txt"),
        "test_function.py": _template(f"{kind}_test.py.txt"),
        "README.md": readme.substitute(
            name=name, text=told.text, more=told.more, use=told.use.format(name=name)
        ),
    }


def _template(name: str) -> str:
    file = resources.files("cvat_cli").joinpath("templates", name)
    return file.read_text(encoding="utf-8")


COMMAND = LocalCommand(
    "new", "make a folder with a function that works, its test and a README", add_arguments, new
)
