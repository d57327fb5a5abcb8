"""Requests that come through a proxy: who sent them, and how the hub is called outside.

The headers that tell it are believed only if a trusted proxy sends them; anybody could.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_HOST = re.compile(rb"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


class Forwarded:
    """An application behind proxies.

    uvicorn reads `X-Forwarded-For` and `X-Forwarded-Proto`; it leaves `X-Forwarded-Host` to us.

    Args:
        trusted: addresses and networks, separated by commas.
    """

    def __init__(self, app: ASGIApp, trusted: str) -> None:
        inner: Any = app
        self._inner: Any = ProxyHeadersMiddleware(inner, trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as if it had come without the proxy."""
        peer, _ = scope.get("client") or ("", 0)
        if peer in self._inner.trusted_hosts:
            scope["headers"] = with_forwarded_host(scope["headers"])
        await self._inner(scope, receive, send)


def with_forwarded_host(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers with the host that the proxy was asked for, if it tells one.

    >>> with_forwarded_host([(b"host", b"10.0.0.7:8080"), (b"x-forwarded-host", b"hub.example")])
    [(b'host', b'hub.example'), (b'x-forwarded-host', b'hub.example')]
    """
    told = [value.strip() for name, value in headers if name == b"x-forwarded-host"]
    if len(told) != 1 or not _HOST.fullmatch(told[0]):
        return headers
    return [(name, told[0] if name == b"host" else value) for name, value in headers]
