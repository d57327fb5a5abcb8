"""The front door: a client of one server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

from cvat_sdk import models
from cvat_sdk.api_client import ApiClient, Configuration
from cvat_sdk.core.address import CVAT_API_V2, normalize_url, with_port
from cvat_sdk.core.background import wait_until_finished
from cvat_sdk.core.credentials import AccessTokenCredentials, Credentials, PasswordCredentials
from cvat_sdk.core.transport import Response, Transport
from cvat_sdk.exceptions import (
    ApiException,
    IncompatibleVersionException,
)
from cvat_sdk.version import VERSION

if TYPE_CHECKING:
    from packaging.version import Version

    from cvat_sdk.core.proxies.functions import FunctionsRepo
    from cvat_sdk.core.proxies.jobs import JobsRepo
    from cvat_sdk.core.proxies.organizations import OrganizationsRepo
    from cvat_sdk.core.proxies.projects import ProjectsRepo
    from cvat_sdk.core.proxies.tasks import TasksRepo
    from cvat_sdk.core.proxies.users import UsersRepo

__all__ = [
    "CVAT_API_V2",
    "AccessTokenCredentials",
    "Client",
    "Config",
    "Credentials",
    "PasswordCredentials",
    "make_client",
]

_ORGANIZATION_HEADER = "X-Organization"
_OLDEST_SERVER = "2.15"
# What official clients have objects for, and this one does not.
_ENDPOINTS_ONLY = frozenset({"comments", "issues"})


def _default_cache_dir() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("cvat-sdk", "CVAT.ai")


@dataclass
class Config:
    """How a client behaves.

    Attributes:
        status_check_period: seconds between two looks at a background request; the first ones
            follow each other sooner.
        allow_unsupported_server: only warn of a server that this client is not made for.
        verify_ssl: whether the server's certificate must be valid; None means yes.
        cache_dir: where datasets keep what they downloaded.
        request_timeout: seconds that the server may be silent within a request.
    """

    status_check_period: float = 5
    allow_unsupported_server: bool = True
    verify_ssl: bool | None = None
    cache_dir: Path = field(default_factory=_default_cache_dir)
    request_timeout: float = 300


class Client:
    """A client of one server.

    >>> with Client("http://localhost:8080", check_server_version=False) as client:
    ...     client.has_credentials()
    False

    Args:
        url: scheme, host and perhaps port of the server; `https` if it has no scheme.

    Attributes:
        api_client: the calls of single endpoints.
        logger: told what happens; never a secret.

    Raises:
        InvalidHostException: `url` makes no sense.
        TransportError: the server does not answer.
        IncompatibleVersionException: the server is not supported, and `config` says to refuse it.
    """

    def __init__(
        self,
        url: str,
        *,
        logger: logging.Logger | None = None,
        config: Config | None = None,
        check_server_version: bool = True,
        transport: Transport | None = None,
    ) -> None:
        self.logger = logger or logging.getLogger(__name__)
        self.config = config or Config()
        host = normalize_url(url)
        self.api_map = CVAT_API_V2(host)
        self.api_client = ApiClient(
            Configuration(host=host, verify_ssl=self.config.verify_ssl),
            transport=transport
            or Transport(
                read_timeout_s=self.config.request_timeout,
                verify_ssl=self.config.verify_ssl is not False,
                logger=self.logger,
            ),
        )
        if check_server_version:
            try:
                self.check_server_version()
            except BaseException:
                self.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. The login, if any, is kept by the server."""
        self.api_client.close()

    @cached_property
    def tasks(self) -> TasksRepo:
        from cvat_sdk.core.proxies.tasks import TasksRepo

        return TasksRepo(self)

    @cached_property
    def projects(self) -> ProjectsRepo:
        from cvat_sdk.core.proxies.projects import ProjectsRepo

        return ProjectsRepo(self)

    @cached_property
    def jobs(self) -> JobsRepo:
        from cvat_sdk.core.proxies.jobs import JobsRepo

        return JobsRepo(self)

    @cached_property
    def users(self) -> UsersRepo:
        from cvat_sdk.core.proxies.users import UsersRepo

        return UsersRepo(self)

    @cached_property
    def organizations(self) -> OrganizationsRepo:
        from cvat_sdk.core.proxies.organizations import OrganizationsRepo

        return OrganizationsRepo(self)

    @cached_property
    def functions(self) -> FunctionsRepo:
        from cvat_sdk.core.proxies.functions import FunctionsRepo

        return FunctionsRepo(self)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            hint = ""
            if name in _ENDPOINTS_ONLY:
                hint = f"; call its endpoints, as in api_client.call_api('/api/{name}', 'GET')"
            raise AttributeError(f"a client has no {name!r}{hint}")

    @property
    def organization_slug(self) -> str | None:
        """The organization that all calls are made in.

        "" is the personal space; None leaves it to the server, which then looks everywhere.
        """
        return self.api_client.default_headers.get(_ORGANIZATION_HEADER)

    @organization_slug.setter
    def organization_slug(self, slug: str | None) -> None:
        if slug is None:
            self.api_client.default_headers.pop(_ORGANIZATION_HEADER, None)
        else:
            self.api_client.default_headers[_ORGANIZATION_HEADER] = slug

    @contextmanager
    def organization_context(self, slug: str) -> Iterator[None]:
        """Make the calls of a block in another organization."""
        before = self.organization_slug
        self.organization_slug = slug
        try:
            yield
        finally:
            self.organization_slug = before

    def login(self, credentials: Credentials | tuple[str, str]) -> None:
        """Speak for a user from now on.

        Args:
            credentials: or a pair of name and password.

        Raises:
            ApiException: the server refuses them.
        """
        if not isinstance(credentials, Credentials):
            credentials = PasswordCredentials(*credentials)
        credentials.sign_in(self.api_client)

    def has_credentials(self) -> bool:
        """Tell whether `login` was called, and `logout` was not."""
        return bool({"Authorization", "X-CSRFToken"} & set(self.api_client.default_headers))

    def logout(self) -> None:
        """End the session on the server and forget the credentials.

        An access token stays valid: it is revoked in the server's settings.
        """
        authorization = self.api_client.default_headers.get("Authorization", "")
        try:
            if self.has_credentials() and not authorization.startswith("Bearer "):
                self.api_client.auth_api.create_logout()
        finally:
            self.api_client.forget_login()

    def wait_for_completion(
        self,
        rq_id: str,
        *,
        status_check_period: float | None = None,
        log_prefix: str | None = None,
    ) -> tuple[models.Request, Response]:
        """Wait until a background request has ended, however long that takes.

        Raises:
            BackgroundRequestException: it failed; the message is the server's.
        """
        what = log_prefix or f"request {rq_id}"
        period = self.config.status_check_period
        if status_check_period is not None:
            period = status_check_period
        answer: tuple[models.Request, Response]

        def look() -> tuple[str, str | None]:
            nonlocal answer
            answer = self.api_client.requests_api.retrieve(rq_id)
            return answer[0].status.value, answer[0].get("message")

        wait_until_finished(
            look,
            what=what,
            period_s=period,
            sleep=self.api_client.transport.sleep,
            logger=self.logger,
        )
        return answer

    def check_server_version(self, fail_if_unsupported: bool | None = None) -> None:
        """Warn of a server that this client is not made for.

        Raises:
            IncompatibleVersionException: if `fail_if_unsupported`; by default,
                `config.allow_unsupported_server` decides.
        """
        if fail_if_unsupported is None:
            fail_if_unsupported = not self.config.allow_unsupported_server
        try:
            version = self.get_server_version()
            problem = _version_problem(version)
        except (ApiException, ValueError) as error:
            problem = f"{self.api_map.host} does not tell its version: {error}"
        if problem is None:
            return
        if fail_if_unsupported:
            raise IncompatibleVersionException(problem)
        self.logger.warning("%s. Some calls may not work.", problem)

    def get_server_version(self) -> Version:
        """Return the version of the server.

        Raises:
            ApiException: the server does not tell.
        """
        from packaging.version import Version

        about, _ = self.api_client.server_api.retrieve_about()
        return Version(about.version)


def make_client(
    host: str,
    *,
    port: int | None = None,
    credentials: Credentials | tuple[str, str] | None = None,
    access_token: str | None = None,
) -> Client:
    """Return a client of the server at `host`, logged in if there is something to log in with.

    Args:
        host: such as `http://localhost`, `https://app.example.org:8443` or `app.example.org`.
        port: unless `host` tells it, or it is the scheme's own.
        credentials: or a pair of name and password.

    Raises:
        ValueError: both `credentials` and `access_token` are given, or two ports.
        InvalidHostException: `host` makes no sense.
        ApiException: the server refuses the credentials.
        TransportError: the server does not answer.
    """
    if credentials is not None and access_token is not None:
        raise ValueError("give either credentials or access_token, not both")
    if access_token is not None:
        credentials = AccessTokenCredentials(access_token)
    client = Client(with_port(host, port))
    try:
        if credentials is not None:
            client.login(credentials)
    except BaseException:
        client.close()
        raise
    return client


def _version_problem(version: Version) -> str | None:
    from packaging.version import Version

    own = Version(VERSION)
    if version < Version(_OLDEST_SERVER):
        return f"the server is CVAT {version}; this client is made for {_OLDEST_SERVER} and later"
    if version.release[:2] > own.release[:2]:
        return f"the server is CVAT {version}, newer than {VERSION}, which this client is made for"
    return None
