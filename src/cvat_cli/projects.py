"""The commands about projects."""

from __future__ import annotations

import argparse

from cvat_cli import annotating, labels, objects
from cvat_cli.command import Command
from cvat_sdk.core.client import Client


def add_create_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="name of the project")
    labels.add_argument(parser)
    parser.add_argument(
        "--bug_tracker", "--bug", metavar="URL", help="where problems with the project are tracked"
    )


def create(client: Client, arguments: argparse.Namespace) -> None:
    given = {"labels": arguments.labels, "bug_tracker": arguments.bug_tracker}
    project = client.projects.create({"name": arguments.name} | objects.without_none(given))
    print(project.id)


COMMANDS = (
    objects.ls_command("projects", lambda client: client.projects),
    Command("create", "make a project, and print its id", add_create_arguments, create),
    objects.delete_command("projects", lambda client: client.projects),
    annotating.PROJECT_COMMAND,
)
