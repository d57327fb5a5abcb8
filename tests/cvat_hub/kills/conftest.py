"""Hubs to be killed."""

from __future__ import annotations

import dataclasses
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import sqlalchemy

from cvat_hub.settings import Settings


class Hubs:
    """Hubs, one after the other, on the same data."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._running = 0
        self._order = json.dumps(dataclasses.asdict(settings), default=str) + "\n"
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("forking_hub.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def start(self) -> int:
        """Start a hub, and return its process id at once."""
        assert self._process.stdin
        self._process.stdin.write(self._order)
        self._process.stdin.flush()
        self._running = int(self._line())
        return self._running

    def address(self) -> str:
        """Wait until the hub accepts connections."""
        return self._line()

    def kill(self, pid: int) -> None:
        """Kill the hub, and wait until nothing of it is left."""
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pytest.fail("the hub ended by itself: it has crashed, or told why on stderr")
        self._wait()

    def let_die(self, pid: int, when: str, seconds: float) -> None:
        """Have the hub kill itself `before` or `after` it commits what a function has found.

        It is killed if that doesn't happen in time.
        """
        file = self._settings.data_dir / when
        file.touch()
        assert self._process.stdout
        if select.select([self._process.stdout], [], [], seconds)[0]:
            self._wait()
            return
        file.unlink(missing_ok=True)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self._wait()

    def _wait(self) -> None:
        while self._line():
            pass  # an address that nobody asked for
        self._running = 0
        if self._settings.database:
            # In a transaction, PostgreSQL would tell the same again and again.
            engine = sqlalchemy.create_engine(
                self._settings.database_url, isolation_level="AUTOCOMMIT"
            )
            with engine.connect() as connection:
                while connection.scalar(sqlalchemy.text(_SESSIONS)):
                    pass
            engine.dispose()

    def close(self) -> None:
        """End the process, and a hub that a failed test has left behind."""
        if self._running:
            self.kill(self._running)
        self._process.communicate(timeout=60)

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the hub did not start: see its message on stderr"
        return line.strip()


_SESSIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid != pg_backend_pid()
"""


@pytest.fixture
def hubs_of() -> Iterator[Callable[[Settings], Hubs]]:
    """Makes hubs that have these settings."""
    with ExitStack() as stack:

        def make(settings: Settings) -> Hubs:
            hubs = Hubs(settings)
            stack.callback(hubs.close)
            return hubs

        yield make


@pytest.fixture
def hubs(hubs_of: Callable[[Settings], Hubs], settings: Settings) -> Hubs:
    return hubs_of(settings)
