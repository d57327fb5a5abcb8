"""The one caller that serves all rows of the endpoint table."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cvat_sdk.api_client.endpoints import ENDPOINTS, HEADERS, Endpoint
from cvat_sdk.exceptions import ApiTypeError

if TYPE_CHECKING:
    from cvat_sdk.api_client.api_client import ApiClient
    from cvat_sdk.core.transport import Response


class Operation:
    """One endpoint, ready to be called on one server."""

    def __init__(self, api_client: ApiClient, name: str, endpoint: Endpoint) -> None:
        self.api_client = api_client
        self.name = name
        self.endpoint = endpoint

    def __repr__(self) -> str:
        return f"<{self.name}: {self.endpoint.method} {self.endpoint.path}>"

    def __call__(
        self,
        *args: Any,
        _parse_response: bool = True,
        _check_status: bool = True,
        _request_timeout: float | tuple[float, float] | None = None,
        **kwargs: Any,
    ) -> tuple[Any, Response]:
        """Call the endpoint.

        Args:
            _parse_response: False leaves the body of the answer on the wire, to be read from the
                second item of the result; the first is None then.
            _check_status: False returns the server's errors like any other answer.
            _request_timeout: seconds of silence to bear, instead of the client's own limit.

        Returns:
            The record that the server answered, and the answer itself.

        Raises:
            ApiTypeError: an argument is missing or unknown.
            ApiException: the server answered with an error.
            TransportError: no answer came.
        """
        given = self._gather(args, kwargs)
        endpoint = self.endpoint
        result: tuple[Any, Response] = self.api_client.call_api(
            endpoint.path,
            endpoint.method,
            path_params={k: v for k, v in given.items() if endpoint.in_path(k)},
            query_params=self._query(given),
            header_params={HEADERS[k]: v for k, v in given.items() if k in HEADERS},
            body=given.get(endpoint.body) if endpoint.body else None,
            response_schema=endpoint.reply,
            _parse_response=_parse_response,
            _check_status=_check_status,
            _request_timeout=_request_timeout,
        )
        return result

    def call_with_http_info(self, *args: Any, **kwargs: Any) -> tuple[Any, Response]:
        """The same as a call."""
        return self(*args, **kwargs)

    def _gather(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        required = self.endpoint.required
        if len(args) > len(required):
            raise ApiTypeError(
                f"{self.name}() takes {len(required)} arguments without names, "
                f"{len(args)} were given"
            )
        given = dict(zip(required, args, strict=False))
        for name, value in kwargs.items():
            if name in given:
                raise ApiTypeError(f"{self.name}() was given {name!r} twice")
            if name not in self.endpoint.arguments:
                raise ApiTypeError(self._unknown(name))
            given[name] = value
        if missing := [name for name in required if name not in given]:
            raise ApiTypeError(f"{self.name}() lacks {', '.join(map(repr, missing))}")
        return given

    def _query(self, given: Mapping[str, Any]) -> list[tuple[str, Any]]:
        names = self.endpoint.arguments - set(HEADERS) - {self.endpoint.body}
        return [(k, v) for k, v in given.items() if k in names and not self.endpoint.in_path(k)]

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name, self.endpoint.arguments, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{self.name}() has no argument {name!r}{hint}"


class Api:
    """The operations on one kind of object: `tasks_api.retrieve(5)`, `tasks_api.list_endpoint`."""

    def __init__(self, api_client: ApiClient, group: str) -> None:
        self.api_client = api_client
        self._group = group

    def __getattr__(self, name: str) -> Operation:
        operation = name.removesuffix("_endpoint")
        endpoint = ENDPOINTS[self._group].get(operation)
        if endpoint is None:
            raise AttributeError(
                f"{self._group}_api has no operation {operation!r}; any other endpoint can be "
                "reached with api_client.call_api(path, method)"
            )
        return Operation(self.api_client, operation, endpoint)

    def __dir__(self) -> list[str]:
        names = ENDPOINTS[self._group]
        return [*super().__dir__(), *names, *(f"{name}_endpoint" for name in names)]
