"""Where a server is."""

from __future__ import annotations

import urllib.parse
from collections.abc import Sequence
from typing import Any

from cvat_sdk.exceptions import InvalidHostException


class CVAT_API_V2:
    """The addresses of one server."""

    def __init__(self, host: str) -> None:
        self.host = host.rstrip("/")

    def make_endpoint_url(
        self,
        path: str,
        *,
        psub: Sequence[Any] | None = None,
        kwsub: dict[str, Any] | None = None,
        query_params: dict[str, Any] | None = None,
    ) -> str:
        """Return the whole address of `path`, with what stands in braces filled in.

        >>> CVAT_API_V2("http://a").make_endpoint_url("/api/tasks/{}", psub=[5])
        'http://a/api/tasks/5'
        """
        url = self.host + path
        if psub or kwsub:
            url = url.format(*(psub or ()), **(kwsub or {}))
        if query_params:
            url += "?" + urllib.parse.urlencode(query_params)
        return url


def normalize_url(url: str) -> str:
    """Return the address with a scheme, `https` by default, and without a slash at its end.

    Raises:
        InvalidHostException: it makes no sense.
    """
    if "://" not in url:
        url = "https://" + url
    try:
        parts = urllib.parse.urlsplit(url)
        valid = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise InvalidHostException(f"{url!r} is not the address of a server: {error}") from error
    if parts.scheme not in ("http", "https"):
        raise InvalidHostException(
            f"{url!r} is not the address of a server: it begins with http:// or https://, "
            f"not with {parts.scheme}://"
        )
    if not valid or parts.username or parts.query or parts.fragment:
        raise InvalidHostException(
            f"{parts.scheme}://{parts.netloc.rpartition('@')[2]} is not the address of a server: "
            "that consists of a scheme, a host and a port, as in http://localhost:8080"
        )
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def with_port(host: str, port: int | None) -> str:
    """Return the address of a server from what `make_client` is given.

    Raises:
        InvalidHostException: it makes no sense.
        ValueError: there are two ports.
    """
    url = normalize_url(host)
    if port is None:
        return url
    parts = urllib.parse.urlsplit(url)
    if parts.port is not None:
        raise ValueError(f"{host!r} tells a port already; leave out port={port}")
    return parts._replace(netloc=f"{parts.netloc}:{port}").geturl()
