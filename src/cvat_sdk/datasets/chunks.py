"""Chunks: the files in which a server hands out several frames at once."""

from __future__ import annotations

import threading
import zipfile
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self

from cvat_sdk.datasets.images import decode_image
from cvat_sdk.exceptions import UnsupportedDatasetError

if TYPE_CHECKING:
    import av
    import PIL.Image

_ZIP_MAGIC = b"PK"
# Threads that ask for the frames of a video one after the other may overtake each other by so many.
_RECENT = 4


class Chunk(Protocol):
    """The frames of one chunk. Closing it closes the file."""

    def load(self, position: int, *, width: int, height: int, where: str) -> PIL.Image.Image:
        """Return one frame.

        Args:
            position: within the chunk, from 0.
            width, height: as announced; the image has exactly this size.
            where: names the frame in errors.

        Raises:
            UnsupportedDatasetError: the chunk has no such frame, or not as announced.
        """

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


def open_chunk(file: BinaryIO, *, where: str) -> Chunk:
    """Return the chunk in an open file, which is then its own.

    Raises:
        UnsupportedDatasetError: it is neither a zip archive nor a video.
    """
    magic = file.read(len(_ZIP_MAGIC))
    file.seek(0)
    try:
        return ZipChunk(file) if magic == _ZIP_MAGIC else VideoChunk(file)
    except UnsupportedDatasetError as error:
        file.close()
        raise UnsupportedDatasetError(f"{where}: {error}") from error


class _ClosedByBlock:
    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class ZipChunk(_ClosedByBlock):
    """Images in an archive, in the order of their names."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        try:
            self._archive = zipfile.ZipFile(file)
        except zipfile.BadZipFile as error:
            raise UnsupportedDatasetError(f"not a readable archive: {error}") from error
        self._names = sorted(name for name in self._archive.namelist() if not name.endswith("/"))

    def load(self, position: int, *, width: int, height: int, where: str) -> PIL.Image.Image:
        data = self.read(position, where=where)
        return decode_image(data, width=width, height=height, where=where)

    def read(self, position: int, *, where: str) -> bytes:
        """Return the image file of one frame."""
        if position >= len(self._names):
            raise _too_short(where, len(self._names))
        try:
            return self._archive.read(self._names[position])
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise UnsupportedDatasetError(f"{where}: the archive is damaged: {error}") from error

    def close(self) -> None:
        self._archive.close()
        self._file.close()


class VideoChunk(_ClosedByBlock):
    """A piece of video. Frames asked for nearly in order are decoded once; going back costs."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._container: av.container.InputContainer | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._next = 0
        self._recent: deque[tuple[int, av.VideoFrame]] = deque(maxlen=_RECENT)
        self._start()

    def load(self, position: int, *, width: int, height: int, where: str) -> PIL.Image.Image:
        import PIL.Image

        with self._lock:
            frame = self._frame(position, where)
            if not _fits((frame.width, frame.height), (width, height)):
                raise UnsupportedDatasetError(
                    f"{where}: the video is {frame.width}x{frame.height} pixels large, "
                    f"but {width}x{height} are announced"
                )
            pixels = frame.to_ndarray(format="rgb24", width=width, height=height)
        return PIL.Image.fromarray(pixels)

    def close(self) -> None:
        self._frames = iter(())
        self._recent.clear()
        if self._container is not None:
            self._container.close()
            self._container = None
        self._file.close()

    def _frame(self, position: int, where: str) -> av.VideoFrame:
        import av

        for recent, frame in self._recent:
            if recent == position:
                return frame
        if position < self._next:
            self._start()
        try:
            for frame in self._frames:
                self._recent.append((self._next, frame))
                self._next += 1
                if self._next > position:
                    return frame
        except av.FFmpegError as error:
            raise UnsupportedDatasetError(f"{where}: the video cannot be read: {error}") from error
        raise _too_short(where, self._next)

    def _start(self) -> None:
        import av

        if self._container is not None:
            self._container.close()
        self._file.seek(0)
        try:
            self._container = container = av.open(self._file, "r")
            container.streams.video[0].thread_type = "AUTO"
            self._frames = container.decode(video=0)
        except (av.FFmpegError, IndexError) as error:
            raise UnsupportedDatasetError(f"neither an archive nor a video: {error}") from error
        self._next = 0
        self._recent.clear()


def _fits(actual_wh: tuple[int, int], announced_wh: tuple[int, int]) -> bool:
    # Encoders of H.264 need even sizes; servers scale an odd one up by a pixel.
    return all(a in (b, b + b % 2) for a, b in zip(actual_wh, announced_wh, strict=True))


def _too_short(where: str, count: int) -> UnsupportedDatasetError:
    return UnsupportedDatasetError(
        f"{where}: the server's chunk holds only {count} frames, fewer than announced"
    )
