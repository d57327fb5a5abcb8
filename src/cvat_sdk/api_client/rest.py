"""Plain requests to whole addresses, and what becomes of an answer that is an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partialmethod
from typing import Any
from urllib.parse import urlencode

import urllib3

from cvat_sdk import exceptions
from cvat_sdk.api_client.wire import encode
from cvat_sdk.core.transport import Response, Transport

Query = Mapping[str, Any] | Iterable[tuple[str, Any]] | None
Timeout = float | tuple[float, float] | None

_ERRORS: dict[int, type[exceptions.ApiException]] = {
    400: exceptions.BadRequestException,
    401: exceptions.UnauthorizedException,
    403: exceptions.ForbiddenException,
    404: exceptions.NotFoundException,
}


class RestClient:
    """Requests to whole addresses, for what the endpoint table does not know.

    It adds no headers to those given: take them from
    `ApiClient.get_common_headers`.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def request(
        self,
        method: str,
        url: str,
        query_params: Query = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        post_params: Sequence[tuple[str, Any]] | None = None,
        *,
        _parse_response: bool = True,
        _request_timeout: Timeout = None,
        _check_status: bool = True,
    ) -> Response:
        """Send a request and return the answer.

        Args:
            post_params: the fields of a form, sent as `multipart/form-data`.

        Raises:
            ApiException: the server answered with an error, and `_check_status` is true.
            TransportError: no answer came.
        """
        sent = dict(headers or {})
        if query := encode_query(query_params):
            url += ("&" if "?" in url else "?") + query
        if post_params:
            body, sent["Content-Type"] = urllib3.encode_multipart_formdata(list(post_params))
        elif body is not None and not isinstance(body, bytes | str) and not is_stream(body):
            body = encode(body)
        if isinstance(_request_timeout, tuple):
            _request_timeout = _request_timeout[1]
        response = self._transport.request(
            method.upper(),
            url,
            headers=sent,
            body=body.encode() if isinstance(body, str) else body,
            stream=not _parse_response,
            timeout_s=_request_timeout,
        )
        if _check_status:
            raise_for_status(response)
        return response

    GET = partialmethod(request, "GET")
    HEAD = partialmethod(request, "HEAD")
    OPTIONS = partialmethod(request, "OPTIONS")
    DELETE = partialmethod(request, "DELETE")
    POST = partialmethod(request, "POST")
    PUT = partialmethod(request, "PUT")
    PATCH = partialmethod(request, "PATCH")


def raise_for_status(response: Response) -> None:
    """Raise the exception that fits an answer of 300 or above.

    Raises:
        ApiException: with the server's status, reason, body and headers.
    """
    if 200 <= response.status < 300:
        return
    default = exceptions.ServiceException if response.status >= 500 else exceptions.ApiException
    raise _ERRORS.get(response.status, default)(
        status=response.status,
        reason=response.reason,
        body=(response.data or b"").decode(errors="replace"),
        headers=response.headers,
    )


def is_stream(body: Any) -> bool:
    return hasattr(body, "read") or hasattr(body, "__next__")


def encode_query(query: Query) -> str:
    pairs = query.items() if isinstance(query, Mapping) else query or ()
    given = [(name, _query_value(value)) for name, value in pairs if value is not None]
    return urlencode(given, doseq=True)


def _query_value(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return getattr(value, "value", value)
