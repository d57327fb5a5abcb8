"""The commands that every kind of objects has."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from cvat_cli.command import Command
from cvat_cli.errors import CommandError
from cvat_sdk.core.client import Client
from cvat_sdk.exceptions import NotFoundException

# Returns the repository of the kind.
Find = Callable[[Client], Any]


def ls_command(kind: str, find: Find) -> Command:
    """Return the command that lists all objects of a kind, such as "tasks"."""

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="write all fields, as JSON")

    def ls(client: Client, arguments: argparse.Namespace) -> None:
        found = find(client).list(return_json=arguments.json)
        if arguments.json:
            print(json.dumps(json.loads(found), indent=2))
            return
        for one in found:
            print(one.id)

    return Command("ls", f"list {kind}: their ids, or all of them as JSON", add_arguments, ls)


def delete_command(kind: str, find: Find) -> Command:
    """Return the command that removes objects of a kind by their ids."""

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("ids", type=int, nargs="+", help=f"ids of {kind}")

    def delete(client: Client, arguments: argparse.Namespace) -> None:
        find(client).remove_by_ids(arguments.ids)

    text = f"remove {kind}; ids that are not there are passed over"
    return Command("delete", text, add_arguments, delete)


def retrieve(client: Client, noun: str, repository: Any, object_id: int) -> Any:
    """Return an object by its id.

    Raises:
        CommandError: it is not there.
    """
    try:
        return repository.retrieve(object_id)
    except NotFoundException as error:
        raise CommandError(
            f"there is no {noun} {object_id} on {client.api_map.host}, or this user may not see it"
        ) from error


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    """Return what was given of the values of arguments."""
    return {name: value for name, value in values.items() if value is not None}
