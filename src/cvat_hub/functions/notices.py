"""News between the processes of several hubs: PostgreSQL's LISTEN and NOTIFY."""

from __future__ import annotations

import logging
import os
import selectors
import threading
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, make_url, text

from .bells import Bells

log = logging.getLogger("cvat_hub")
_CHANNEL = "cvat_hub_functions"
_NOTIFY = text("SELECT pg_notify(:channel, :news)")
_AGAIN_SECONDS = 2.0
# So that a connection whose other end is gone is noticed within a minute.
_WATCHFUL = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


def announce(connection: Connection, news: Iterable[str]) -> None:
    """Tell other hubs, when and only if the transaction is committed."""
    if connection.dialect.name == "postgresql":
        for one in news:
            connection.execute(_NOTIFY, {"channel": _CHANNEL, "news": one})


class Listener:
    """Rings the bells of this process for what other hubs tell."""

    def __init__(self, database_url: str, bells: Bells) -> None:
        self._url = make_url(database_url).set(drivername="postgresql")
        self._bells = bells
        self._stopping = threading.Event()
        self._wakes, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="function-news")

    def start(self) -> None:
        """Listen from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no longer."""
        self._stopping.set()
        os.write(self._wake, b"x")
        self._thread.join()
        os.close(self._wake)
        os.close(self._wakes)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except Exception as error:
                log.warning("news of other hubs are missed: %s", " ".join(str(error).split()))
                self._stopping.wait(_AGAIN_SECONDS)

    def _listen(self) -> None:
        import psycopg

        address = self._url.render_as_string(hide_password=False)
        connect: Callable[..., Any] = psycopg.connect
        with (
            connect(address, autocommit=True, **_WATCHFUL) as connection,
            selectors.DefaultSelector() as selector,
        ):
            connection.execute(f"LISTEN {_CHANNEL}")
            # Something may have happened before.
            self._bells.ring_all()
            for descriptor in (connection.fileno(), self._wakes):
                selector.register(descriptor, selectors.EVENT_READ)
            while not self._stopping.is_set():
                selector.select()
                self._bells.ring(notice.payload for notice in connection.notifies(timeout=0))
