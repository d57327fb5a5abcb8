"""Files that are read while they are still being fetched."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

# Files up to this size stay in memory, larger ones lie in a temporary file.
_IN_MEMORY = 4 << 20


class ArrivingFile:
    """A file that one thread fills, and that others read; who reads ahead of it waits.

    Args:
        on_growth: told the size whenever bytes have come, in the thread that fills.
    """

    def __init__(self, on_growth: Callable[[int], object] = lambda size: None) -> None:
        spooled = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self._file = cast(BinaryIO, spooled)
        self._on_growth = on_growth
        self._changed = threading.Condition()
        self._is_whole = False
        self._error: BaseException | None = None
        self.size = 0

    def write(self, data: bytes, /) -> int:
        """Append bytes.

        Raises:
            The error that the file was failed with, if it was.
        """
        with self._changed:
            if self._error is not None:
                raise self._error
            if not self._file.closed:
                self._file.seek(self.size)
                self._file.write(data)
            self.size += len(data)
            self._changed.notify_all()
        self._on_growth(self.size)
        return len(data)

    # A download that is cut begins anew. Readers that are ahead of it then wait.

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def seek(self, position: int) -> None:
        with self._changed:
            if self._error is not None:
                raise self._error
            self.size = position

    def truncate(self) -> None:
        with self._changed:
            if not self._file.closed:
                self._file.truncate(self.size)

    def finish(self) -> None:
        """Say that all bytes have come."""
        with self._changed:
            self._is_whole = True
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """Say that no more bytes will come; who waits for them gets the first such error."""
        with self._changed:
            if not self._is_whole:
                self._error = self._error or error
            self._changed.notify_all()

    def close(self) -> None:
        """Drop the bytes, and those that are still to come."""
        with self._changed:
            self._file.close()

    def wait(self, size: int | None = None) -> None:
        """Wait until so many bytes, or all, have come.

        Raises:
            The error that the file was failed with.
        """
        with self._changed:
            self._wait(size)

    def read_at(self, offset: int, size: int) -> bytes:
        """Return these bytes, waiting for them; fewer if the file ends before.

        Raises:
            The error that the file was failed with.
        """
        with self._changed:
            self._wait(offset + size)
            self._file.seek(offset)
            return self._file.read(size)

    def open(self) -> BinaryIO:
        """Return the file for reading, with a position of its own, when all of it has come.

        Raises:
            The error that the file was failed with.
        """
        self.wait()
        return cast(BinaryIO, io.BufferedReader(_Reader(self)))

    def _wait(self, size: int | None) -> None:
        def is_there() -> bool:
            return self._is_whole or (size is not None and self.size >= size)

        self._changed.wait_for(lambda: is_there() or self._error is not None)
        if not is_there():
            assert self._error is not None
            raise self._error


class _Reader(io.RawIOBase):
    def __init__(self, file: ArrivingFile) -> None:
        self._source = file
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._source.size}
        self._position = max(0, origin[whence] + offset)
        return self._position

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        data = self._source.read_at(self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
