"""The commands about functions that agents serve."""

from __future__ import annotations

import argparse
import logging

from cvat_cli import functions, objects
from cvat_cli.command import Command
from cvat_sdk.core.client import Client

_MEGABYTE = 1 << 20


def parse_count(text: str) -> int:
    """Return a number from 1 on.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def parse_devices(text: str) -> tuple[str, ...]:
    """Return the names in a list.

    >>> parse_devices("cuda:0,cuda:1")
    ('cuda:0', 'cuda:1')

    Raises:
        argparse.ArgumentTypeError: one is empty.
    """
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list such as cuda:0,cuda:1")
    return names


def add_create_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="what users read, up to 128 characters")
    parser.add_argument(
        "--visibility",
        choices=("private", "public"),
        default="private",
        help="who may use it: its owner or organization (default), or everybody",
    )
    functions.add_arguments(parser)


def create(client: Client, arguments: argparse.Namespace) -> None:
    from cvat_agent import register

    spec = functions.load(arguments).spec
    made = register(client, arguments.name, spec, visibility=arguments.visibility)
    client.logger.info("function %s is registered: %s", made.id, made.name)
    print(made.id)


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("function_id", type=int, help="id of the function to serve")
    functions.add_arguments(parser)
    parser.add_argument(
        "--burst", action="store_true", help="end when there are no requests any more"
    )
    _add_process_arguments(parser.add_argument_group("the processes that run the function"))
    _add_memory_arguments(parser.add_argument_group("what is kept in memory"))
    _add_talk_arguments(parser.add_argument_group("what is told of it"))


def _add_process_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--workers",
        type=parse_count,
        metavar="N",
        help="how many there are (default: one, or one for each device)",
    )
    group.add_argument(
        "--devices",
        type=parse_devices,
        default=(),
        metavar="NAMES",
        help="what create() is given as device, in turn, as in cuda:0,cuda:1",
    )
    group.add_argument(
        "--call-timeout",
        type=parse_count,
        default=600,
        metavar="SECONDS",
        help="a call that takes longer ends its process (default: %(default)s)",
    )


def _add_memory_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--frame-cache",
        type=parse_count,
        default=512,
        metavar="MB",
        help="decoded frames (default: %(default)s)",
    )
    group.add_argument(
        "--prepared-cache",
        type=parse_count,
        default=512,
        metavar="MB",
        help="preprocessed images, in each process (default: %(default)s)",
    )
    group.add_argument(
        "--cache-age",
        type=parse_count,
        default=600,
        metavar="SECONDS",
        help="how long either is kept that nobody asks for (default: %(default)s)",
    )


def _add_talk_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="lines for people (default), or JSON objects for programs",
    )
    group.add_argument(
        "--metrics-port",
        type=parse_count,
        metavar="PORT",
        help="serve figures for Prometheus at /metrics of this port",
    )


def run(client: Client, arguments: argparse.Namespace) -> None:
    from cvat_agent import run_agent

    if arguments.log_format == "json":
        _log_json(client.logger)
    run_agent(
        client,
        arguments.function_id,
        functions.source_of(arguments),
        burst=arguments.burst,
        workers=arguments.workers or max(1, len(arguments.devices)),
        devices=arguments.devices,
        metrics_port=arguments.metrics_port,
        frame_bytes=arguments.frame_cache * _MEGABYTE,
        prepared_bytes=arguments.prepared_cache * _MEGABYTE,
        cache_age_s=arguments.cache_age,
        call_timeout_s=arguments.call_timeout,
    )


def _log_json(logger: logging.Logger) -> None:
    from cvat_agent.logs import JsonFormatter

    for handler in logger.handlers:
        handler.setFormatter(JsonFormatter())


COMMANDS = (
    objects.ls_command("functions", lambda client: client.functions),
    Command(
        "create-native",
        "register a function, and print its id; 'function run-agent' serves it then",
        add_create_arguments,
        create,
    ),
    Command(
        "run-agent",
        "serve a function: work on the requests for it until Ctrl-C or SIGTERM",
        add_run_arguments,
        run,
    ),
    objects.delete_command("functions", lambda client: client.functions),
)
