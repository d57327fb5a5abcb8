"""`cvat-cli`: data goes to stdout, talk to stderr; 0 is success, 1 failure, 2 wrong arguments."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cvat_cli import authoring, config, profiles, projects, serving, tasks, tracking
from cvat_cli.command import Command, LocalCommand
from cvat_cli.errors import explain
from cvat_cli.login import logged_in_client
from cvat_sdk.core.auth import configure_client_auth_arguments
from cvat_sdk.version import VERSION

_NOUNS: dict[str, tuple[str, Sequence[Command | LocalCommand]]] = {
    "task": ("work with tasks", (*tasks.COMMANDS, tracking.COMMAND)),
    "project": ("work with projects", projects.COMMANDS),
    "function": (
        "write functions, try them out, and serve them to people who annotate in a browser",
        (*authoring.COMMANDS, *serving.COMMANDS),
    ),
    "profile": ("save servers and access tokens, and choose one of them", profiles.COMMANDS),
    "config": ("what this program remembers", config.COMMANDS),
}
_INTERRUPTED = 130


def main(args: Sequence[str] | None = None) -> int:
    """Carry out a command line, without the program's name, and return the exit code."""
    try:
        arguments = make_parser().parse_args(args)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2
    try:
        with _talk(debug=arguments.debug) as logger:
            if arguments.old_form:
                logger.warning("this form is old: say 'task %s' instead", arguments.command.name)
            _execute(arguments.command, arguments, logger)
            sys.stdout.flush()
    except KeyboardInterrupt:
        print("cvat-cli: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of stdout has gone, as in `cvat-cli ls | head`: nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if arguments.debug:
            traceback.print_exc()
        print(f"cvat-cli: error: {explain(error)}", file=sys.stderr)
        return 1
    return 0


def run() -> None:
    """The entry point of the installed program."""
    sys.exit(main())


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all arguments; it sets `command` and `old_form`."""
    parser = argparse.ArgumentParser(
        prog="cvat-cli", description="Work with tasks and projects on a CVAT server or a CVAT Hub."
    )
    parser.add_argument("--version", action="version", version=VERSION)
    configure_client_auth_arguments(parser)
    parser.add_argument("--debug", action="store_true", help="say more, show tracebacks")
    words = parser.add_subparsers(metavar="COMMAND", required=True)
    for noun, (text, commands) in _NOUNS.items():
        verbs = words.add_parser(noun, help=text, description=text).add_subparsers(
            metavar="COMMAND", required=True
        )
        for command in commands:
            _add_command(verbs, command, help=command.text)
    for command in tasks.COMMANDS:
        _add_command(words, command, old_form=True, help=f"old form of 'task {command.name}'")
    return parser


def _add_command(
    words: argparse._SubParsersAction[argparse.ArgumentParser],
    command: Command | LocalCommand,
    *,
    help: str,
    old_form: bool = False,
) -> None:
    parser = words.add_parser(command.name, help=help, description=command.text)
    command.add_arguments(parser)
    parser.set_defaults(command=command, old_form=old_form)


def _execute(
    command: Command | LocalCommand, arguments: argparse.Namespace, logger: logging.Logger
) -> None:
    if isinstance(command, LocalCommand):
        command.execute(arguments)
        return
    with logged_in_client(arguments, logger=logger) as client:
        command.execute(client, arguments)


@contextmanager
def _talk(*, debug: bool) -> Iterator[logging.Logger]:
    logger = logging.getLogger("cvat_cli")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter("[{asctime}] {levelname}: {message}", "%Y-%m-%d %H:%M:%S", style="{")
    )
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if debug else logging.INFO)
    try:
        yield logger
    finally:
        logger.removeHandler(handler)


if __name__ == "__main__":
    run()
