"""The command about the default server."""

from __future__ import annotations

import argparse
import sys

from cvat_cli.command import LocalCommand
from cvat_cli.errors import CommandError
from cvat_sdk.core.auth import AuthStore, address_of


def add_default_server_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("server", nargs="?", metavar="URL", help="the server to remember")
    parser.add_argument("--unset", action="store_true", help="forget the server")


def default_server(arguments: argparse.Namespace) -> None:
    store = AuthStore()
    if arguments.unset and arguments.server is not None:
        raise CommandError("give either a server or --unset")
    if arguments.unset:
        store.clear_default_server()
    elif arguments.server is not None:
        address_of(arguments.server, None)
        store.set_default_server(arguments.server)
    elif (server := store.get_default_server()) is not None:
        print(server)
    else:
        print("no default server is set", file=sys.stderr)


COMMANDS = (
    LocalCommand(
        "default-server",
        "print or set the server that is used where neither --server-host nor a profile names one",
        add_default_server_arguments,
        default_server,
    ),
)
