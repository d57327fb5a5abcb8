"""Calls of one server: who asks, where, and what came back."""

from __future__ import annotations

import http.cookies
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote, urlsplit

import urllib3

from cvat_sdk.api_client.endpoints import ENDPOINTS
from cvat_sdk.api_client.operations import Api
from cvat_sdk.api_client.rest import (
    Query,
    RestClient,
    Timeout,
    encode_query,
    is_stream,
    raise_for_status,
)
from cvat_sdk.api_client.wire import ACCEPTED_TYPE, JSON_TYPE, decode, encode
from cvat_sdk.core.transport import Response, Sink, Transport
from cvat_sdk.version import VERSION

CSRF_COOKIE = "csrftoken"
CSRF_HEADER = "X-CSRFToken"


@dataclass
class Configuration:
    """Where the server is and who asks.

    Attributes:
        host: scheme, host, port and perhaps a path in front of `/api`.
        verify_ssl: whether the server's certificate must be valid; None means yes.
        ssl_ca_cert: a file with the certificates that vouch for servers, instead of the system's.
    """

    host: str = "http://localhost"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    verify_ssl: bool | None = None
    ssl_ca_cert: str | None = None

    def __post_init__(self) -> None:
        self.host = self.host.rstrip("/")

    def authorization(self) -> str | None:
        """Return what to say in the `Authorization` header, None for nothing."""
        if self.access_token:
            return f"Bearer {self.access_token}"
        if self.username is not None and self.password is not None:
            login = f"{self.username}:{self.password}"
            return urllib3.make_headers(basic_auth=login)["authorization"]
        return None


class ApiClient:
    """Calls endpoints: those of the table by `tasks_api`, `jobs_api`, ...; any by `call_api`.

    >>> with ApiClient(Configuration(host="http://localhost:8080")) as client:
    ...     client.tasks_api.retrieve
    <retrieve: GET /api/tasks/{id}>

    Attributes:
        default_headers: sent with every request.
        cookies: sent with every request; what the server sets is kept.
        rest_client: plain requests to whole addresses.
    """

    def __init__(
        self,
        configuration: Configuration | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        *,
        transport: Transport | None = None,
        logger: logging.Logger | None = None,
    ) -> None:
        self.configuration = configuration or Configuration()
        self.transport = transport or Transport(
            verify_ssl=self.configuration.verify_ssl is not False,
            ssl_ca_cert=self.configuration.ssl_ca_cert,
            logger=logger,
        )
        self.default_headers = {"User-Agent": f"cvat_sdk/{VERSION}", **(headers or {})}
        if authorization := self.configuration.authorization():
            self.default_headers["Authorization"] = authorization
        self.cookies: http.cookies.SimpleCookie = http.cookies.SimpleCookie(dict(cookies or {}))
        self.rest_client = RestClient(self.transport)
        self._cookies_lock = threading.Lock()

    def __getattr__(self, name: str) -> Api:
        group = name.removesuffix("_api")
        if group == name or group not in ENDPOINTS:
            way_out = "; any endpoint can be reached with call_api(path, method)"
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}"
                + way_out * name.endswith("_api")
            )
        return Api(self, group)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(f"{group}_api" for group in ENDPOINTS)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()

    def call_api(
        self,
        resource_path: str,
        method: str,
        path_params: Mapping[str, Any] | None = None,
        query_params: Query = None,
        header_params: Mapping[str, Any] | None = None,
        body: Any = None,
        *,
        response_schema: Any = None,
        _parse_response: bool = True,
        _request_timeout: Timeout = None,
        _check_status: bool = True,
    ) -> tuple[Any, Response]:
        """Call any endpoint of the server.

        Args:
            resource_path: such as `/api/tasks/{id}`; `path_params` fill in the braces.
            body: sent as JSON (records, dicts, ...), or as it is when it is bytes.
            response_schema: the type of the reply, such as `models.TaskRead` or `dict[str, Any]`; a
                tuple of one type will do.
            _parse_response: False leaves the body of the answer on the wire, to be read from the
                response.
            _check_status: False returns the server's errors like any other answer.
            _request_timeout: seconds of silence to bear, instead of the client's own limit.

        Returns:
            The reply (None without a `response_schema` or without a body) and the HTTP response.

        Raises:
            ApiException: the server answered with an error, or not what `response_schema` says.
            TransportError: no answer came.
        """
        method = method.upper()
        url = self.make_url(resource_path, path_params, query_params)
        headers = {"Accept": ACCEPTED_TYPE, **(header_params or {})}
        response = self.send(
            method,
            url,
            headers=headers,
            body=body,
            stream=not _parse_response,
            timeout=_request_timeout,
        )
        if _check_status:
            raise_for_status(response)
        if not _parse_response or response_schema is None or not response.data:
            return None, response
        if isinstance(response_schema, tuple):
            (response_schema,) = response_schema
        return decode(response.data, response_schema), response

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, Any] | None = None,
        body: Any = None,
        stream: bool = False,
        timeout: Timeout = None,
        repeatable: bool = False,
    ) -> Response:
        """Send a request with this client's headers and cookies, and return the answer.

        Args:
            headers: further ones; None in place of a value leaves one of the client's out.
            repeatable: the server is known to do nothing twice when this request comes again.

        Raises:
            TransportError: no answer came.
        """
        given = {**self.get_common_headers(), **(headers or {})}
        sent = {name: str(value) for name, value in given.items() if value is not None}
        if body is not None and not isinstance(body, bytes) and not is_stream(body):
            body = encode(body)
            sent.setdefault("Content-Type", JSON_TYPE)
        if isinstance(timeout, tuple):
            timeout = timeout[1]
        response = self.transport.request(
            method,
            url,
            headers=sent,
            body=body,
            stream=stream,
            timeout_s=timeout,
            repeatable=repeatable,
        )
        self._keep_cookies(response)
        return response

    def download(self, path: str, output: Sink, *, query: Query = None) -> Response:
        """GET something large and write it to an open binary file, in pieces.

        Raises:
            ApiException: the server answered with an error; nothing was written.
            TransportError: no answer came, or it broke off and could not begin anew.
        """
        url = self.make_url(path, query=query)
        response = self.transport.download(url, output, headers=self.get_common_headers())
        raise_for_status(response)
        return response

    def make_url(
        self, path: str, path_params: Mapping[str, Any] | None = None, query: Query = None
    ) -> str:
        """Return the whole address of an endpoint; the parameters are escaped."""
        for name, value in (path_params or {}).items():
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        url = self.configuration.host + "/" + path.lstrip("/")
        encoded = encode_query(query)
        return f"{url}?{encoded}" if encoded else url

    def get_common_headers(self) -> dict[str, str]:
        """Return the headers that every request carries, the secret ones among them."""
        headers = dict(self.default_headers)
        with self._cookies_lock:
            pairs = [f"{name}={morsel.coded_value}" for name, morsel in self.cookies.items()]
        if pairs:
            headers["Cookie"] = "; ".join(pairs)
            headers["Origin"] = self.build_origin_header()
        return headers

    def build_origin_header(self) -> str:
        """Return scheme, host and port of the server, as browsers tell them."""
        parts = urlsplit(self.configuration.host)
        return f"{parts.scheme}://{parts.netloc}"

    def set_default_header(self, header_name: str, header_value: str) -> None:
        """Send a header with every request from now on."""
        self.default_headers[header_name] = header_value

    def forget_login(self) -> None:
        """Drop the cookies and the headers that tell who asks."""
        with self._cookies_lock:
            self.cookies.clear()
        for name in ("Authorization", CSRF_HEADER):
            self.default_headers.pop(name, None)

    def _keep_cookies(self, response: Response) -> None:
        for line in response.headers.getlist("Set-Cookie"):
            for name, morsel in http.cookies.SimpleCookie(line).items():
                self._keep_cookie(name, morsel)

    def _keep_cookie(self, name: str, morsel: http.cookies.Morsel[str]) -> None:
        with self._cookies_lock:
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
        if name == CSRF_COOKIE and CSRF_HEADER in self.default_headers:
            self.default_headers[CSRF_HEADER] = morsel.value
