"""From SQLite's log into its database file, while nobody waits for it.

What is written goes to a log first (`-wal`), and from there into the database. Left alone, SQLite
does the latter in the middle of some write, whose turn it makes longer for all who wait. Here a
thread of its own does it.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing

from sqlalchemy import Engine

log = logging.getLogger("cvat_hub")
_COMMITS = 50


class Checkpoints:
    """Empties the log every now and then."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._commits = 0
        self._due = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def note_commit(self) -> None:
        """Say that something was written."""
        self._commits += 1
        if self._commits >= _COMMITS:
            self._due.set()

    def close(self) -> None:
        """End the thread; SQLite empties the log itself when its last connection is closed."""
        self._closing = True
        self._due.set()
        self._thread.join()

    def _run(self) -> None:
        while self._due.wait() and not self._closing:
            self._due.clear()
            self._commits = 0
            try:
                with closing(self._engine.raw_connection()) as connection:
                    connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            except sqlite3.Error:
                log.exception("the log of the database could not be emptied")
