"""The data folder: which processes use it, and which database it belongs to.

A hub on SQLite has the folder to itself. Several hubs on one PostgreSQL share it; the first of
them finds itself alone while it starts, and only then may leavings be removed.
"""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from .media.chunks import sync
from .store import Store, store_id


class HubError(Exception):
    """A hub cannot start; the message is one line for the user."""


class DataFolder:
    """The folder, held by this process until it is closed or dies; a context manager."""

    def __init__(self, path: Path) -> None:
        """Make the folder if it isn't there.

        Raises:
            HubError: it cannot be used.
        """
        self.path = path
        with ExitStack() as stack:
            try:
                path.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._start: BinaryIO = stack.enter_context((path / "start.lock").open("ab"))
                self._held: BinaryIO = stack.enter_context((path / "hub.lock").open("ab"))
            except OSError as error:
                raise HubError(f"data folder {path}: {error.strerror}") from None
            self._files = stack.pop_all()

    def __enter__(self) -> DataFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    @contextmanager
    def starting(self, *, shared: bool) -> Iterator[bool]:
        """Yield whether no other process uses the folder; none starts before the block ends.

        Args:
            shared: others may use it too, after the block.

        Raises:
            HubError: a hub uses the folder that doesn't share it, or that we don't share it with.
        """
        fcntl.flock(self._start, fcntl.LOCK_EX)
        try:
            alone = _locked(self._held, fcntl.LOCK_EX)
            if not alone and not (shared and _locked(self._held, fcntl.LOCK_SH)):
                raise HubError(f"data folder {self.path}: another hub uses it; stop that first")
            yield alone
            if shared:
                fcntl.flock(self._held, fcntl.LOCK_SH)
        finally:
            fcntl.flock(self._start, fcntl.LOCK_UN)

    def belong_to(self, store: Store) -> None:
        """Make sure that the folder holds the pixels of this database, and mark both if new.

        Raises:
            HubError: one of them belongs to another.
        """
        file = self.path / "store-id"
        written = file.read_text().strip() if file.exists() else ""
        with store.write() as connection:
            known = store_id.get(connection)
            if known is None and (not written or self._is_empty()):
                # The folder is marked first: if we die in between, both can still be marked anew.
                proposed = secrets.randbits(62)
                written = f"{proposed:x}"
                self._mark(file, written)
                known = store_id.settle(connection, proposed)
        if known is None or written != f"{known:x}":
            raise HubError(
                f"data folder {self.path}: it does not belong to this database; "
                "name the folder that holds the pixels of this database, or a new database"
            )

    def _mark(self, file: Path, written: str) -> None:
        file.write_text(written + "\n")
        sync(file)
        sync(self.path)

    def _is_empty(self) -> bool:
        folders = (self.path / "data", self.path / "uploads")
        return not any(folder.exists() and any(folder.iterdir()) for folder in folders)


def _locked(file: BinaryIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
