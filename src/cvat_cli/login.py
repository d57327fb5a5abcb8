"""Which server to talk to, and as whom: the arguments, and the client that they make."""

from __future__ import annotations

import argparse
import getpass
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from cvat_cli.errors import CommandError, server_says
from cvat_sdk.core.client import (
    AccessTokenCredentials,
    Client,
    Config,
    Credentials,
    PasswordCredentials,
)
from cvat_sdk.exceptions import ApiException, InvalidHostException

DEFAULT_HOST = "http://localhost"
ACCESS_TOKEN_VARIABLE = "CVAT_ACCESS_TOKEN"  # noqa: S105
PASSWORD_VARIABLE = "PASS"  # noqa: S105


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments that name a server and a user."""
    parser.add_argument(
        "--insecure", action="store_true", help="do not check the server's certificate"
    )
    parser.add_argument(
        "--auth",
        type=parse_auth,
        metavar="USER[:PASS]",
        help=f"user and password (default: this account's name); the password may also come from "
        f"${PASSWORD_VARIABLE}, or is asked for. Without --auth, ${ACCESS_TOKEN_VARIABLE} may "
        "hold an access token",
    )
    parser.add_argument(
        "--server-host",
        default=DEFAULT_HOST,
        metavar="URL",
        help="the server, as in https://app.example.org or http://localhost:8080; "
        "https if it has no scheme (default: %(default)s)",
    )
    parser.add_argument(
        "--server-port", type=int, metavar="PORT", help="default: 80 for http, 443 for https"
    )
    parser.add_argument(
        "--organization",
        "--org",
        metavar="SLUG",
        help="short name of the organization to work in; '' is the personal space",
    )


def parse_auth(text: str) -> tuple[str, str | None]:
    """Return user and password, if there is one.

    >>> parse_auth("ann:a:b")
    ('ann', 'a:b')

    Raises:
        argparse.ArgumentTypeError: there is no user.
    """
    user, _, password = text.partition(":")
    if not user:
        raise argparse.ArgumentTypeError("expected USER or USER:PASS")
    return user, password or None


@contextmanager
def logged_in_client(
    arguments: argparse.Namespace, *, logger: logging.Logger, environment: Mapping[str, str]
) -> Iterator[Client]:
    """Yield a client that is logged in as the arguments and the environment say.

    Raises:
        CommandError: the address makes no sense, or the server refuses the login.
    """
    url = _address(arguments.server_host, arguments.server_port)
    config = Config(verify_ssl=False if arguments.insecure else None)
    with (
        _quiet_about_certificates(arguments.insecure),
        Client(url, logger=logger, config=config, check_server_version=False) as client,
    ):
        ask = _asker(client.api_map.host)
        credentials = choose_credentials(arguments.auth, environment, ask=ask)
        with _one_attempt(client):
            _login(client, credentials)
            client.check_server_version()
        if arguments.organization is not None:
            client.organization_slug = arguments.organization
        yield client


def choose_credentials(
    auth: tuple[str, str | None] | None,
    environment: Mapping[str, str],
    *,
    ask: Callable[[str], str],
    account: Callable[[], str] = getpass.getuser,
) -> Credentials:
    """Return what to log in with: `--auth` first, then the access token, then this account.

    Args:
        ask: called with the user's name, returns the password.
        account: returns the name of the account that runs this.
    """
    token = environment.get(ACCESS_TOKEN_VARIABLE)
    if auth is None and token:
        return AccessTokenCredentials(token)
    user, password = auth or (account(), None)
    return PasswordCredentials(user, password or environment.get(PASSWORD_VARIABLE) or ask(user))


def _address(host: str, port: int | None) -> str:
    if port is None:
        return host
    url = host if "://" in host else f"https://{host}"
    try:
        told = urlsplit(url).port
    except ValueError as error:
        raise InvalidHostException(f"{host!r} is not the address of a server: {error}") from error
    if told is not None:
        raise CommandError(f"--server-host {host} tells a port already; leave out --server-port")
    return f"{url.rstrip('/')}:{port}"


def _asker(host: str) -> Callable[[str], str]:
    def ask(user: str) -> str:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", getpass.GetPassWarning)
                return getpass.getpass(f"Password for {user} at {host}: ")
        except EOFError:
            raise CommandError(
                f"no password for {user}: give --auth {user}:PASSWORD, "
                f"or set {PASSWORD_VARIABLE} or {ACCESS_TOKEN_VARIABLE}"
            ) from None

    return ask


@contextmanager
def _one_attempt(client: Client) -> Iterator[None]:
    # A server that does not answer at first has likely another address: don't try for long.
    transport = client.api_client.transport
    patient = transport.policy
    transport.policy = replace(patient, attempts=1)
    try:
        yield
    finally:
        transport.policy = patient


def _login(client: Client, credentials: Credentials) -> None:
    try:
        client.login(credentials)
    except ApiException as error:
        if error.status not in (400, 401, 403):
            raise
        user = credentials.user if isinstance(credentials, PasswordCredentials) else "the token"
        raise CommandError(
            f"{client.api_map.host} refuses the login as {user}: {server_says(error)}"
        ) from error


@contextmanager
def _quiet_about_certificates(insecure: bool) -> Iterator[None]:
    with warnings.catch_warnings():
        if insecure:
            from urllib3.exceptions import InsecureRequestWarning

            warnings.simplefilter("ignore", InsecureRequestWarning)
        yield
