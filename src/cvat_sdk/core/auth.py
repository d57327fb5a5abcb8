"""Logging in from a command line: the arguments, and which server and user they mean.

A program of one's own takes the same arguments:

    parser = argparse.ArgumentParser()
    configure_client_auth_arguments(parser)
    with make_client_from_cli(parser.parse_args()) as client: ...
"""

from __future__ import annotations

import argparse
import getpass
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Self

from cvat_sdk.core.address import with_port
from cvat_sdk.core.auth_store import AuthStore, ProfileEntry, get_auth_store_path
from cvat_sdk.core.client import Client, Config
from cvat_sdk.core.credentials import AccessTokenCredentials, Credentials, PasswordCredentials
from cvat_sdk.exceptions import ApiException, AuthStoreError

__all__ = [
    "DEFAULT_SERVER",
    "AuthStore",
    "ClientAuthParameters",
    "ProfileEntry",
    "configure_client_auth_arguments",
    "default_auth_factory",
    "get_auth_factory",
    "get_auth_store_path",
    "make_client_from_cli",
    "make_client_from_profile",
]

DEFAULT_SERVER = "http://localhost"
ACCESS_TOKEN_VARIABLE = "CVAT_ACCESS_TOKEN"  # noqa: S105
PASSWORD_VARIABLE = "PASS"  # noqa: S105

# Called with the server's address.
AuthFactory = Callable[[str], Credentials]


@dataclass
class ClientAuthParameters:
    """What a command line says about server and user; None is what it does not say.

    Attributes:
        auth: returns the credentials for the server of an address; see `get_auth_factory`.
        insecure: the server's certificate is not checked.
        organization: the one to work in; "" is the personal space.
    """

    profile: str | None = None
    auth: AuthFactory | None = field(default=None, repr=False)
    server_host: str | None = None
    server_port: int | None = None
    insecure: bool = False
    organization: str | None = None

    @classmethod
    def from_namespace(cls, parsed_args: argparse.Namespace) -> Self:
        """Take them from parsed arguments; those that the parser doesn't know are not said."""
        given = vars(parsed_args)
        return cls(**{name: given[name] for name in cls.__dataclass_fields__ if name in given})


def configure_client_auth_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments that name a server and a user."""
    parser.add_argument(
        "--insecure", action="store_true", help="do not check the server's certificate"
    )
    parser.add_argument(
        "--auth",
        type=get_auth_factory,
        metavar="USER[:PASS]",
        help=f"user and password (default: this account's name); the password may also come from "
        f"${PASSWORD_VARIABLE}, or is asked for. Without --auth, ${ACCESS_TOKEN_VARIABLE} may "
        "hold an access token",
    )
    parser.add_argument(
        "--server-host",
        metavar="URL",
        help="the server, as in https://app.example.org or http://localhost:8080; "
        "https if it has no scheme (default: that of the default profile, the default server, or "
        f"{DEFAULT_SERVER})",
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
    parser.add_argument(
        "--profile",
        metavar="NAME",
        help="a saved server and access token, instead of --server-host, --server-port and --auth",
    )


def get_auth_factory(
    text: str,
    *,
    environment: Mapping[str, str] = os.environ,
    ask: Callable[[str], str] = getpass.getpass,
) -> AuthFactory:
    """Return what makes credentials of `USER` or `USER:PASS`.

    A missing password is that of the variable PASS, or asked for when the server is known.

    Raises:
        argparse.ArgumentTypeError: there is no user.
    """
    user, _, password = text.partition(":")
    if not user:
        raise argparse.ArgumentTypeError("expected USER or USER:PASS")

    def make(url: str) -> Credentials:
        known = password or environment.get(PASSWORD_VARIABLE)
        return PasswordCredentials(user, known or _ask_password(user, url, ask))

    return make


def default_auth_factory(
    *,
    environment: Mapping[str, str] = os.environ,
    ask: Callable[[str], str] = getpass.getpass,
    account: Callable[[], str] = getpass.getuser,
) -> AuthFactory:
    """Return what makes credentials where none are named.

    They are the access token of the variable CVAT_ACCESS_TOKEN, or those of a user who is named as
    the account that runs this.
    """
    if token := environment.get(ACCESS_TOKEN_VARIABLE):
        return lambda _: AccessTokenCredentials(token)
    return get_auth_factory(account(), environment=environment, ask=ask)


def make_client_from_profile(
    profile: ProfileEntry,
    *,
    logger: logging.Logger | None = None,
    config: Config | None = None,
    check_server_version: bool = False,
) -> Client:
    """Return a client that is logged in by a saved profile.

    Raises:
        InvalidHostException: the profile's server makes no sense.
        What `Client` raises when it looks at the server's version.
    """
    client = Client(
        profile.server, logger=logger, config=config, check_server_version=check_server_version
    )
    client.login(AccessTokenCredentials(profile.token))
    return client


def make_client_from_cli(
    parsed_args: argparse.Namespace | ClientAuthParameters,
    *,
    logger: logging.Logger | None = None,
    config: Config | None = None,
    check_server_version: bool = False,
    store: AuthStore | None = None,
) -> Client:
    """Return a client that is logged in as the arguments say.

    What is told by `--profile` goes first, then the other arguments, then the variable
    CVAT_ACCESS_TOKEN, then the default profile, then the default server and this account. A server
    that does not answer is not tried twice: likely its address is wrong.

    Args:
        config: `--insecure` goes before its `verify_ssl`.
        store: the saved logins; by default those of this account.

    Raises:
        AuthStoreError: `--profile` stands beside what it replaces, there is no such profile, or the
            saved logins cannot be read.
        InvalidHostException: the address makes no sense.
        ApiException: the server refuses the login.
        TransportError: the server does not answer.
    """
    if isinstance(parsed_args, argparse.Namespace):
        parsed_args = ClientAuthParameters.from_namespace(parsed_args)
    url, auth = choose_login(parsed_args, store or AuthStore(), os.environ)
    config = config or Config()
    if parsed_args.insecure:
        config = replace(config, verify_ssl=False)
    client = Client(url, logger=logger, config=config, check_server_version=False)
    try:
        with _one_attempt(client):
            _login(client, auth(client.api_map.host))
            if check_server_version:
                client.check_server_version()
    except BaseException:
        client.close()
        raise
    if parsed_args.organization is not None:
        client.organization_slug = parsed_args.organization
    return client


def choose_login(
    parameters: ClientAuthParameters, store: AuthStore, environment: Mapping[str, str]
) -> tuple[str, AuthFactory]:
    """Return the address of the server, and what makes the credentials for it.

    Raises:
        AuthStoreError: see `make_client_from_cli`.
        InvalidHostException: the address makes no sense.
    """
    host, port, auth = parameters.server_host, parameters.server_port, parameters.auth
    by_hand = (host, port, auth) != (None, None, None)
    profile = None
    if parameters.profile is not None:
        if by_hand:
            raise AuthStoreError(
                "--profile tells server and user: leave out --server-host, --server-port and --auth"
            )
        profile = store.get_profile(parameters.profile)
        if profile is None:
            raise AuthStoreError(_unknown_profile(parameters.profile, store))
    elif not by_hand and not environment.get(ACCESS_TOKEN_VARIABLE):
        _, profile = store.get_default_profile() or (None, None)
    if profile is not None:
        credentials = AccessTokenCredentials(profile.token)
        return profile.server, lambda _: credentials
    if host is None:
        host = store.get_default_server() or DEFAULT_SERVER
    return address_of(host, port), auth or default_auth_factory(environment=environment)


def address_of(host: str, port: int | None) -> str:
    """Return the address of a server from `--server-host` and `--server-port`.

    Raises:
        AuthStoreError: both tell a port.
        InvalidHostException: it makes no sense.
    """
    try:
        return with_port(host, port)
    except ValueError as error:
        raise AuthStoreError(f"{host} tells a port already; leave out --server-port") from error


def _unknown_profile(name: str, store: AuthStore) -> str:
    known = ", ".join(map(repr, sorted(store.list_profiles())))
    way_out = f"there are {known}" if known else "'cvat-cli profile create' saves one"
    return f"there is no profile {name!r} in {store.path}; {way_out}"


def _ask_password(user: str, url: str, ask: Callable[[str], str]) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", getpass.GetPassWarning)
            return ask(f"Password for {user} at {url}: ")
    except EOFError:
        raise AuthStoreError(
            f"no password for {user}: give --auth {user}:PASSWORD, "
            f"or set {PASSWORD_VARIABLE} or {ACCESS_TOKEN_VARIABLE}"
        ) from None


def _login(client: Client, credentials: Credentials) -> None:
    try:
        client.login(credentials)
    except ApiException as error:
        if isinstance(credentials, PasswordCredentials) and error.status in (400, 401, 403):
            error.add_note(f"{client.api_map.host} refuses the login as {credentials.user}")
        raise


@contextmanager
def _one_attempt(client: Client) -> Iterator[None]:
    transport = client.api_client.transport
    patient = transport.policy
    transport.policy = replace(patient, attempts=1)
    try:
        yield
    finally:
        transport.policy = patient
