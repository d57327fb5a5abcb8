"""The commands about profiles: saved servers and access tokens."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path

from cvat_cli.command import LocalCommand
from cvat_cli.errors import CommandError
from cvat_cli.login import quiet_about_certificates
from cvat_cli.token_file import TokenFile, read_token_file
from cvat_sdk.core.auth import (
    DEFAULT_SERVER,
    AuthStore,
    ProfileEntry,
    address_of,
    make_client_from_profile,
)
from cvat_sdk.core.client import Config
from cvat_sdk.core.credentials import AccessTokenCredentials


def add_list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--names-only", action="store_true", help="only the names")


def list_profiles(arguments: argparse.Namespace) -> None:
    store = AuthStore()
    default_name, _ = store.get_default_profile() or (None, None)
    for name, profile in sorted(store.list_profiles().items()):
        if arguments.names_only:
            print(name)
        else:
            marker = "(default)" if name == default_name else ""
            print(f"{name}\t{profile.server}\t{marker}".rstrip())


def add_default_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="the profile to make the default")
    parser.add_argument("--unset", action="store_true", help="have no default")


def default(arguments: argparse.Namespace) -> None:
    store = AuthStore()
    if arguments.unset and arguments.name is not None:
        raise CommandError("give either a profile or --unset")
    if arguments.unset:
        store.clear_default_profile()
    elif arguments.name is not None:
        try:
            store.set_default_profile(arguments.name)
        except KeyError:
            raise _unknown(arguments.name) from None
    elif (found := store.get_default_profile()) is not None:
        print(found[0])
    else:
        raise CommandError("no profile is the default; 'cvat-cli profile default NAME' makes it so")


def add_delete_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the profile to forget")


def delete(arguments: argparse.Namespace) -> None:
    try:
        AuthStore().remove_profile(arguments.name)
    except KeyError:
        raise _unknown(arguments.name) from None


def add_create_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "token",
        nargs="?",
        metavar="TOKEN",
        help="the access token; it is asked for if it is left out, which keeps it out of the "
        "shell's history",
    )
    parser.add_argument("--name", help="name of the profile (default: that of the token)")
    parser.add_argument("--set-default", action="store_true", help="make it the default profile")
    parser.add_argument("--force", action="store_true", help="replace a profile of that name")
    parser.add_argument(
        "--file",
        type=Path,
        metavar="PATH",
        help="a file of the token, or of JSON with 'token' and perhaps 'server' and 'name'",
    )


def create(arguments: argparse.Namespace) -> None:
    store = AuthStore()
    given = _given_token(arguments)
    host = arguments.server_host or (given and given.server) or store.get_default_server()
    server = address_of(host or DEFAULT_SERVER, arguments.server_port)
    token = given.token if given else _ask(server)
    AccessTokenCredentials(token)  # refuses what is no token
    profile = ProfileEntry(server, token, datetime.now(UTC).isoformat())
    name = arguments.name or (given and given.name) or _name_of_token(profile, arguments.insecure)
    if not name.isprintable():
        raise CommandError(f"{name!r} is no name for a profile: it has unprintable characters")
    if not arguments.force and store.get_profile(name) is not None:
        raise CommandError(f"there is a profile {name!r} already; --force replaces it")
    store.put_profile(name, profile, set_default=arguments.set_default)
    print(f"profile {name!r} for {server} is saved in {store.path}", file=sys.stderr)


def _given_token(arguments: argparse.Namespace) -> TokenFile | None:
    if arguments.file is not None and arguments.token is not None:
        raise CommandError("give either a token or --file")
    if arguments.file is not None:
        return read_token_file(arguments.file)
    return None if arguments.token is None else TokenFile(arguments.token)


def _ask(server: str) -> str:
    try:
        return getpass.getpass(f"Access token for {server}: ")
    except EOFError:
        raise CommandError("no access token: give it, or --file") from None


def _name_of_token(profile: ProfileEntry, insecure: bool) -> str:
    config = Config(verify_ssl=False if insecure else None)
    with (
        quiet_about_certificates(insecure),
        make_client_from_profile(profile, config=config) as client,
    ):
        token, _ = client.api_client.auth_api.retrieve_access_tokens_self()
        return str(token.name)


def _unknown(name: str) -> CommandError:
    return CommandError(f"there is no profile {name!r}; 'cvat-cli profile list' shows them")


COMMANDS = (
    LocalCommand("list", "list the profiles", add_list_arguments, list_profiles),
    LocalCommand("default", "print or choose the default profile", add_default_arguments, default),
    LocalCommand(
        "delete",
        "forget a profile; its token stays valid on the server",
        add_delete_arguments,
        delete,
    ),
    LocalCommand(
        "create",
        "save the server that --server-host names, and an access token of it",
        add_create_arguments,
        create,
    ),
)
