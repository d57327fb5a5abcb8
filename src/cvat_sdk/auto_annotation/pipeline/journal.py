"""What a run has done, in a file that outlasts it.

Entries are appended, and never changed. Each has its length and its CRC-32 before it (4 bytes each,
little endian), so that one of which only a part was written is seen, and cut off when the run is
resumed. A process that is killed loses at most the entry that it was writing. A power cut may take
the last entries; those before the last `sync` stay.
"""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import BinaryIO, Self

from msgspec import DecodeError

from .entries import Entry, decode, encode

_FRAMING = Struct("<II")
_BUFFER_BYTES = 1 << 20


class JournalInUseError(OSError):
    """Another run writes to this journal."""


class Journal:
    """A file of entries, for one process; several of its threads may use it at a time.

    Raises:
        JournalInUseError: another process has it open.
        OSError: the file cannot be read or written.
    """

    def __init__(self, path: Path, *, new: bool = False) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_APPEND | (os.O_CREAT | os.O_EXCL if new else 0)
        self._descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o600)
        self._lock = threading.Lock()
        try:
            _lock_file(self._descriptor, path)
            self.end = os.fstat(self._descriptor).st_size
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be written any more."""
        return self._descriptor < 0

    def append(self, entry: Entry) -> tuple[int, int]:
        """Write an entry, and return where it begins and ends.

        Raises:
            OSError: the disk is full, or the like. Nothing can be written after that.
        """
        body = encode(entry)
        data = _FRAMING.pack(len(body), zlib.crc32(body)) + body
        with self._lock:
            start = self.end
            try:
                written = os.write(self._descriptor, data)
                if written < len(data):
                    raise OSError(f"{self.path}: the disk is full")
            except BaseException:
                # What follows half of an entry would never be found.
                self.close()
                raise
            self.end = start + written
            return start, self.end

    def sync(self) -> None:
        """Make sure that what was written outlasts a power cut."""
        with self._lock:
            if not self.is_closed:
                os.fsync(self._descriptor)

    def read(self, start: int = 0, end: int | None = None) -> Iterator[tuple[Entry, int]]:
        """Yield the entries between two places, each with the place where it ends.

        It ends before an entry that is not whole.
        """
        with self.path.open("rb", buffering=_BUFFER_BYTES) as file:
            file.seek(start)
            stop = self.end if end is None else end
            while start < stop and (found := _read_entry(file)):
                entry, size = found
                start += size
                yield entry, start

    def cut(self, end: int) -> None:
        """Drop everything behind a place."""
        with self._lock:
            os.ftruncate(self._descriptor, end)
            self.end = end

    def close(self) -> None:
        """Let go of the file. Closing it again does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def remove(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)
        self.close()


def _read_entry(file: BinaryIO) -> tuple[Entry, int] | None:
    head = file.read(_FRAMING.size)
    if len(head) < _FRAMING.size:
        return None
    length, checksum = _FRAMING.unpack(head)
    body = file.read(length)
    if len(body) < length or zlib.crc32(body) != checksum:
        return None
    try:
        return decode(body), len(head) + length
    except DecodeError:
        return None


def _lock_file(descriptor: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise JournalInUseError(f"{path}: another run is writing to it") from None
