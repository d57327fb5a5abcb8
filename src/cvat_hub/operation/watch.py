"""What surrounds each request: its id, its line in the log, its figures, and careful headers."""

from __future__ import annotations

import logging
import time
from typing import Any
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .exchange import Exchange, choose_id, current
from .metrics import Metrics

log = logging.getLogger("cvat_hub.requests")

# Given to each reply that doesn't bring its own. What users upload is never to act as a page of
# ours, and what one user sees is not to be kept for the next.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_UNKNOWN = "unknown"
_QUIET = frozenset({"/healthz", "/metrics"})
_LONGEST_PATH = 500


class Watch:
    """An application, watched."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(choose_id(Headers(scope=scope).get("X-Request-ID", "")))
        reply = _Reply(send, exchange.id)
        before = current.set(exchange)
        began = time.perf_counter()
        try:
            with self._metrics.in_progress.track_inprogress():
                await self._app(scope, receive, reply.send)
        finally:
            self._tell(scope, exchange, reply, time.perf_counter() - began)
            current.reset(before)

    def _tell(self, scope: Scope, exchange: Exchange, reply: _Reply, seconds: float) -> None:
        route, method = _route(scope), scope["method"]
        self._metrics.answered(route, method, reply.status, seconds)
        level = logging.DEBUG if route in _QUIET else logging.INFO
        if log.isEnabledFor(level):
            fields = {
                "method": method,
                "route": route,
                # Quoted, so that nothing in it can look like another line.
                "path": quote(scope["path"])[:_LONGEST_PATH],
                "status": reply.status,
                "ms": round(seconds * 1000, 1),
                "bytes": reply.size,
                "user_id": exchange.user_id,
                "client": (scope.get("client") or ("",))[0],
            }
            who = "nobody" if exchange.user_id is None else f"user {exchange.user_id}"
            log.log(level, _LINE, fields | {"who": who}, extra={"fields": fields})


_LINE = "%(method)s %(path)s %(status)s, %(ms)s ms, %(bytes)s bytes, %(who)s at %(client)s"


class _Reply:
    """A reply on its way out."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0
        self.size = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-ID"] = self._request_id
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)


def _route(scope: Scope) -> str:
    """Return the template of the path, such as `/api/tasks/{task_id}`."""
    endpoint: Any = scope.get("endpoint")
    return getattr(endpoint, "route", _UNKNOWN)
