"""Pixels in a folder: `uploads/<task>` receives files, `data/<number>` holds prepared ones."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .media.chunks import sync
from .media.decoders import Decoders
from .media.reader import MediaReader
from .media.uploads import UploadFolder

_READERS = 32
# Of all open readers together; the name and size of an image take some 250 bytes.
_ENTRIES = 100_000
# Of all videos together; a decoder of 1920x1080 takes some 40 MB.
_DECODERS = 3


class FolderPixels:
    """The folders of a hub; the readers used last are kept open."""

    def __init__(self, data_dir: Path) -> None:
        self._data = data_dir / "data"
        self._uploads = data_dir / "uploads"
        self._data.mkdir(parents=True, exist_ok=True)
        self._decoders = Decoders(_DECODERS)
        self._readers: OrderedDict[int, MediaReader] = OrderedDict()
        self._lock = threading.Lock()

    def uploads(self, task_id: int) -> UploadFolder:
        """Return the folder that receives the files of a task."""
        return UploadFolder(self._uploads / str(task_id))

    @contextmanager
    def claim(self, task_id: int) -> Iterator[int]:
        """Enter with which attempt to prepare this task it is, or 0 while another is at work.

        The system lifts the lock of a process that dies; its file stays then, a byte longer for
        each attempt.
        """
        path = self._data / _lock_name(task_id)
        with path.open("ab", buffering=0) as file:
            if not _locked(file, path):
                yield 0
                return
            file.write(b".")
            try:
                yield file.tell()
            finally:
                path.unlink(missing_ok=True)

    def preparing(self, task_id: int) -> Path:
        """Return where the data of a task is built before it has a number."""
        return self._data / f"preparing-{task_id}"

    def adopt(self, task_id: int, data_id: int) -> None:
        """Give what was built its number; it outlasts a power cut then."""
        target = self._data / str(data_id)
        # A number is given anew if the hub was killed before it could be committed.
        _remove(target)
        self.preparing(task_id).rename(target)
        sync(self._data)

    def reader(self, data_id: int) -> MediaReader:
        """Return the reader of prepared data; FileNotFoundError if there is none."""
        with self._lock:
            if data_id in self._readers:
                self._readers.move_to_end(data_id)
                return self._readers[data_id]
        reader = MediaReader(self._data / str(data_id), self._decoders)
        with self._lock:
            # Another thread may have opened the same one meanwhile.
            reader = self._readers.setdefault(data_id, reader)
            while self._are_too_many():
                self._readers.popitem(last=False)[1].close()
        return reader

    def tidy(self) -> None:
        """Let go of what was deleted by other processes."""
        with self._lock:
            gone = [number for number in self._readers if not (self._data / str(number)).exists()]
            for number in gone:
                self._readers.pop(number).close()

    def forget_uploads(self, task_id: int) -> None:
        """Remove what a task received."""
        _remove(self._uploads / str(task_id))

    def forget(self, task_id: int, data_id: int | None) -> None:
        """Remove all files of a task."""
        self.forget_uploads(task_id)
        _remove(self.preparing(task_id))
        if data_id is not None:
            _remove(self._data / str(data_id))
            self.tidy()

    def sweep(self, data_ids: set[int], task_ids: set[int]) -> None:
        """Remove what belongs to nothing: the leavings of hubs that were killed."""
        data = {str(number) for number in data_ids} | {_lock_name(number) for number in task_ids}
        uploads = {str(number) for number in task_ids}
        for folder, wanted in ((self._data, data), (self._uploads, uploads)):
            for child in folder.iterdir() if folder.exists() else ():
                if child.name not in wanted:
                    _remove(child)

    def close(self) -> None:
        """Close all readers."""
        with self._lock:
            self._readers.clear()
        self._decoders.close()

    def _are_too_many(self) -> bool:
        entries = sum(reader.entries for reader in self._readers.values())
        return len(self._readers) > 1 and (len(self._readers) > _READERS or entries > _ENTRIES)


def _lock_name(task_id: int) -> str:
    return f"preparing-{task_id}.lock"


def _locked(file: BinaryIO, path: Path) -> bool:
    """Lock a file, unless another has it, or it was removed by one who had."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def _remove(path: Path) -> None:
    """Remove a file, or a folder: at once for those who read it, then bit by bit."""
    going = path.with_name(f".{path.name}.going")
    try:
        path.rename(going)
    except FileNotFoundError:
        return
    except OSError:
        going = path
    if going.is_dir():
        shutil.rmtree(going, ignore_errors=True)
    else:
        going.unlink(missing_ok=True)
