"""Running a hub: in the foreground, or beside other code."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import uvicorn

from .app import create_app
from .hub import Hub, HubError, open_hub
from .memory import return_what_is_freed, set_aside_what_stays
from .operation.protocol import Protocol
from .settings import Settings

_START_SECONDS = 60
# Longer than proxies keep their connections, so that it is they who end them.
_KEEP_ALIVE_SECONDS = 75


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Open streams would go on for as long as running requests may.
        self._stopping()
        await super().shutdown(sockets)


def serve(settings: Settings, ready: Callable[[Hub, str], None]) -> None:
    """Serve until SIGTERM or SIGINT comes; running requests are finished first.

    Args:
        ready: is called with the hub and its address as soon as it accepts connections.

    Raises:
        HubError: the data folder, the address or the port cannot be used.
        StoreError: the database cannot be used.
    """
    # A thread that has much to do lets others in after this time; Python's own is 5 ms.
    sys.setswitchinterval(0.0002)
    return_what_is_freed()
    with open_hub(settings) as hub, closing(_listen(settings)) as listening:
        address = _address(settings, listening)
        server = _Server(_config(hub), lambda: ready(hub, address), hub.queue.bells.stop)
        set_aside_what_stays()

        def stop(*_: Any) -> None:
            server.should_exit = True

        # The server repeats the signal when it is done; that is not to end us like a crash.
        before = {number: signal.signal(number, stop) for number in _SIGNALS}
        try:
            server.run([listening])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def running(settings: Settings) -> Iterator[str]:
    """Run a hub in a thread of this process, and stop it at the end.

    With port 0 the system chooses one. The address, `http://host:port`, is returned when the hub
    accepts connections.

    Raises:
        HubError: the data folder, the address or the port cannot be used.
        StoreError: the database cannot be used.
    """
    with open_hub(settings) as hub, closing(_listen(settings)) as listening:
        started = threading.Event()
        server = _Server(_config(hub), started.set, hub.queue.bells.stop)
        thread = threading.Thread(target=server.run, args=([listening],), name="hub")
        thread.start()
        try:
            if not started.wait(_START_SECONDS):
                raise HubError("the hub did not start in time")
            yield _address(settings, listening)
        finally:
            server.should_exit = True
            thread.join()


_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def _listen(settings: Settings) -> socket.socket:
    where = f"{settings.host}:{settings.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise HubError(f"{where}: {error.strerror}") from None
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(1024)
    except OSError as error:
        listening.close()
        raise HubError(f"{where}: {error.strerror}; choose another with --port") from None
    return listening


def _address(settings: Settings, listening: socket.socket) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listening.getsockname()[1]}"


def _config(hub: Hub) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return uvicorn.Config(
        create_app(hub),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        # Forwarded headers are read in our own application.
        proxy_headers=False,
        http=Protocol,
        ws="none",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=hub.settings.stop_seconds,
    )
