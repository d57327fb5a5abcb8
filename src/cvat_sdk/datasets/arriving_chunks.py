"""Frames out of chunks that are still being fetched."""

from __future__ import annotations

import struct
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cvat_sdk.datasets.chunks import Chunk, open_chunk
from cvat_sdk.datasets.images import decode_image
from cvat_sdk.exceptions import UnsupportedDatasetError

if TYPE_CHECKING:
    import PIL.Image

    from cvat_sdk.datasets.arriving import ArrivingFile

# APPNOTE.TXT 4.3.7: signature, version, flags, method, time, date, CRC-32, compressed and
# uncompressed size, lengths of name and extra field.
_HEADER = struct.Struct("<4s5HIIIHH")
_SIGNATURE = b"PK\3\4"
# Encrypted, or with sizes that follow the data.
_UNREADABLE = 0b1001
_SIZE_ELSEWHERE = 0xFFFFFFFF


class ArrivingFrames(Protocol):
    """What a request brings, while it comes. Frames can be had in several threads."""

    def wait(self, position: int) -> None:
        """Return when a frame can be loaded without waiting for the server.

        Raises:
            What made the request fail.
        """

    def load(self, position: int, *, width: int, height: int, where: str) -> PIL.Image.Image:
        """Return one frame, see `Chunk.load`."""

    def close(self) -> None:
        """Close what was opened; not the file, which is somebody else's."""


class ArrivingImage:
    """A single frame."""

    def __init__(self, file: ArrivingFile) -> None:
        self._file = file

    def wait(self, position: int) -> None:
        self._file.wait()

    def load(self, position: int, *, width: int, height: int, where: str) -> PIL.Image.Image:
        data = self._file.read_at(0, self._file.size)
        return decode_image(data, width=width, height=height, where=where)

    def close(self) -> None:
        pass


class ArrivingChunk:
    """A chunk. Of an archive, each image can be had when it has come; a video when all has."""

    def __init__(self, file: ArrivingFile, *, where: str) -> None:
        self._file = file
        self._where = where
        self._members = _Members(file)
        self._opening = threading.Lock()
        self._whole: Chunk | None = None

    def wait(self, position: int) -> None:
        member = self._members.find(position)
        self._file.wait(member.end if member else None)

    def load(self, position: int, *, width: int, height: int, where: str) -> PIL.Image.Image:
        member = self._members.find(position)
        if member is None:
            return self._open().load(position, width=width, height=height, where=where)
        data = self._file.read_at(member.start, member.size)
        if zlib.crc32(data) != member.crc:
            raise UnsupportedDatasetError(f"{where}: the archive is damaged: wrong checksum")
        return decode_image(data, width=width, height=height, where=where)

    def close(self) -> None:
        if self._whole is not None:
            self._whole.close()

    def _open(self) -> Chunk:
        with self._opening:
            if self._whole is None:
                self._whole = open_chunk(self._file.open(), where=self._where)
            return self._whole


@dataclass(frozen=True)
class _Member:
    start: int
    size: int
    crc: int

    @property
    def end(self) -> int:
        return self.start + self.size


class _Members:
    """The images of an archive that can be told before its directory, at the end, has come.

    Servers write `000000.jpg`, `000001.jpg`, ... one after the other, uncompressed, each with its
    size in front. From the first on that is not so, the directory has to tell.
    """

    def __init__(self, file: ArrivingFile) -> None:
        self._file = file
        self._walking = threading.Lock()
        self._found: list[_Member] = []
        self._next = 0
        self._is_over = False

    def find(self, position: int) -> _Member | None:
        """Return where an image lies, waiting for what tells it; None if the directory has to."""
        if position >= len(self._found):
            with self._walking:
                while position >= len(self._found) and not self._is_over:
                    self._walk()
        return self._found[position] if position < len(self._found) else None

    def _walk(self) -> None:
        member = self._read_header(self._file.read_at(self._next, _HEADER.size))
        if member is None:
            self._is_over = True
        else:
            self._found.append(member)
            self._next = member.end

    def _read_header(self, header: bytes) -> _Member | None:
        if len(header) < _HEADER.size:
            return None
        signature, _, flags, method, _, _, crc, stored, size, name, extra = _HEADER.unpack(header)
        name_at = self._next + _HEADER.size
        if (
            signature != _SIGNATURE
            or flags & _UNREADABLE
            or method
            or stored != size
            or size == _SIZE_ELSEWHERE
            or self._file.read_at(name_at, name).partition(b".")[0] != b"%06d" % len(self._found)
        ):
            return None
        return _Member(name_at + name + extra, size, crc)
