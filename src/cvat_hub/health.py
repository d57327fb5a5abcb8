"""Whether a hub can do its work: for load balancers and service managers, without a login."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable

import anyio.to_thread
from sqlalchemy import text
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from .errors import NotAllowed, reply_to
from .hub import Hub
from .replies import json_reply

log = logging.getLogger("cvat_hub")
PATIENCE_SECONDS = 2.0
_METHODS = ("GET", "HEAD")


class Health:
    """An ASGI application that answers 200 if all is well, and 503 if not, or not in time.

    However many ask, there is one check at a time, and all of them get what it finds.
    """

    route = "/healthz"

    def __init__(self, hub: Hub, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._checks: dict[str, Callable[[], None]] = {
            "database": lambda: check_database(hub),
            "data_dir": lambda: check_data_dir(hub),
        }
        self._patience = patience_seconds
        self._running: asyncio.Task[dict[str, bool]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method = Request(scope).method
        if method in _METHODS:
            found = await self._found()
            told = {part: "ok" if works else "failed" for part, works in found.items()}
            reply = json_reply(told, 200 if all(found.values()) else 503)
        else:
            reply = reply_to(NotAllowed(f'Method "{method}" not allowed.'))
            reply.headers["Allow"] = ", ".join(_METHODS)
        await reply(scope, receive, send)

    async def _found(self) -> dict[str, bool]:
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._check())
        done, _ = await asyncio.wait([self._running], timeout=self._patience)
        return self._running.result() if done else dict.fromkeys(self._checks, False)

    async def _check(self) -> dict[str, bool]:
        return await anyio.to_thread.run_sync(
            lambda: {part: _works(part, check) for part, check in self._checks.items()},
            limiter=anyio.CapacityLimiter(1),
        )


def check_database(hub: Hub) -> None:
    """Ask the database for anything."""
    with hub.store.read() as connection:
        connection.execute(text("SELECT 1"))


def check_data_dir(hub: Hub) -> None:
    """Write into the data folder, as a full or vanished disk fails at nothing less."""
    with tempfile.TemporaryFile(dir=hub.settings.data_dir) as file:
        file.write(b"well")
        file.flush()


def _works(part: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception as error:
        log.error("not healthy: %s: %s", part, error)
        return False
    return True
