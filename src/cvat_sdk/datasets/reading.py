"""One pass over frames: fetched and decoded ahead, handed out in order."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from cvat_sdk.datasets.arriving_chunks import ArrivingChunk, ArrivingFrames, ArrivingImage
from cvat_sdk.datasets.fetching import Download, Fetching
from cvat_sdk.datasets.pixel_memory import PIXEL_MEMORY
from cvat_sdk.datasets.plan import FrameInfo, FramePlan, Piece
from cvat_sdk.exceptions import UnsupportedDatasetError

if TYPE_CHECKING:
    import PIL.Image

_MAX_FRAMES = 128
_BYTES_PER_PIXEL = 4


@dataclass(frozen=True)
class Frame(FrameInfo):
    """A frame that can be looked at, as long as one likes."""

    _image: PIL.Image.Image | UnsupportedDatasetError = field(repr=False, compare=False)

    def load_image(self) -> PIL.Image.Image:
        """Return the image: upright, of the announced size, in a mode that `convert("RGB")` takes.

        It is the same object each time.

        Raises:
            UnsupportedDatasetError: it cannot be read, or is of another size.
        """
        if isinstance(self._image, UnsupportedDatasetError):
            raise self._image
        return self._image


class StageSeconds(dict[str, float]):
    """Seconds that `fetch` and `decode` took, summed over threads, and readers had to `wait`."""

    def __init__(self) -> None:
        super().__init__(fetch=0.0, decode=0.0, wait=0.0)
        self._lock = threading.Lock()

    def add(self, stage: str, seconds: float) -> None:
        with self._lock:
            self[stage] += seconds


@dataclass(frozen=True)
class Limits:
    """How much is done ahead.

    Attributes:
        requests: at the same time at most.
        decoders: threads that decode.
        decoded_bytes: images that wait for the reader; at least one is decoded ahead.
    """

    requests: int
    decoders: int
    decoded_bytes: int


class _OpenPiece:
    """A piece, and how many of its frames are still to be decoded."""

    def __init__(self, place: int, piece: Piece, frames: ArrivingFrames) -> None:
        self.place = place
        self.frames = frames
        self.first = piece.first
        self._left = len(piece.frames)
        self._lock = threading.Lock()

    def is_done_with_one(self) -> bool:
        """Count a frame, and tell whether it was the last one."""
        with self._lock:
            self._left -= 1
            return not self._left


class Reading:
    """Yields the frames of a plan once. Closing it, from any thread, ends the iteration.

    Args:
        whose: names the task in errors.
        download: writes a piece to a file.
        seconds: to which the times are added.
    """

    def __init__(
        self,
        plan: FramePlan,
        whose: str,
        download: Download,
        limits: Limits,
        seconds: StageSeconds,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._whose = whose
        self._limits = limits
        self._seconds = seconds
        self._clock = clock
        self._pieces = list(plan.pieces())
        self._open: dict[int, _OpenPiece] = {}
        self._lock = threading.Lock()
        self._closing = threading.Lock()
        self._resources = ExitStack()
        self._is_closed = False
        self._fetching = Fetching(
            self._pieces,
            download,
            at_once=limits.requests,
            spent=lambda seconds: self._seconds.add("fetch", seconds),
            clock=clock,
        )
        self._decoders = ThreadPoolExecutor(limits.decoders, thread_name_prefix="cvat-decode")

    def __iter__(self) -> Iterator[Frame]:
        try:
            yield from self._frames()
        except CancelledError:
            if not self._is_closed:
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop, and leave no threads and files, but for requests that a server doesn't answer."""
        with self._lock:
            self._is_closed = True
        self._fetching.stop()
        with self._closing:
            self._decoders.shutdown(cancel_futures=True)
            while self._open:
                self._open.popitem()[1].frames.close()
            self._fetching.close()
            self._resources.close()

    def _frames(self) -> Iterator[Frame]:
        ahead: deque[tuple[FrameInfo, Future[PIL.Image.Image | UnsupportedDatasetError]]] = deque()
        size = 0
        self._start()
        for place, piece in enumerate(self._pieces):
            opened = self._opened(place, piece)
            for info in piece.frames:
                size += _decoded_size(info)
                while ahead and (size > self._limits.decoded_bytes or len(ahead) >= _MAX_FRAMES):
                    size -= _decoded_size(ahead[0][0])
                    yield self._frame(*ahead.popleft())
                ahead.append((info, self._submit(opened, piece, info)))
        while ahead:
            yield self._frame(*ahead.popleft())

    def _start(self) -> None:
        with self._lock:
            if self._is_closed:
                raise CancelledError
            self._fetching.start()
            # While the first bytes are on their way.
            _load_formats()
            self._resources.enter_context(PIXEL_MEMORY.reused())

    def _frame(
        self, info: FrameInfo, future: Future[PIL.Image.Image | UnsupportedDatasetError]
    ) -> Frame:
        start = self._clock()
        try:
            image = future.result()
        finally:
            self._seconds.add("wait", self._clock() - start)
        if self._is_closed:
            raise CancelledError
        return Frame(info.index, info.name, info.width, info.height, image)

    def _opened(self, place: int, piece: Piece) -> _OpenPiece:
        file = self._fetching.file(place)
        if piece.kind == "chunk":
            return _OpenPiece(
                place, piece, ArrivingChunk(file, where=f"{self._whose}, chunk {piece.number}")
            )
        return _OpenPiece(place, piece, ArrivingImage(file))

    def _submit(
        self, opened: _OpenPiece, piece: Piece, info: FrameInfo
    ) -> Future[PIL.Image.Image | UnsupportedDatasetError]:
        within = f", {piece}" if piece.kind == "chunk" else ""
        where = f"{self._whose}{within}, frame {info.index} ({info.name!r})"
        with self._lock:
            if self._is_closed:
                raise CancelledError
            self._open[opened.place] = opened
            return self._decoders.submit(self._decode, opened, info, where)

    def _decode(
        self, opened: _OpenPiece, info: FrameInfo, where: str
    ) -> PIL.Image.Image | UnsupportedDatasetError:
        position = info.index - opened.first
        try:
            opened.frames.wait(position)
            return self._load(opened.frames, position, info, where)
        finally:
            if opened.is_done_with_one():
                opened.frames.close()
                self._open.pop(opened.place, None)
                self._fetching.release(opened.place)

    def _load(
        self, frames: ArrivingFrames, position: int, info: FrameInfo, where: str
    ) -> PIL.Image.Image | UnsupportedDatasetError:
        start = self._clock()
        try:
            return frames.load(position, width=info.width, height=info.height, where=where)
        except UnsupportedDatasetError as error:
            return error
        finally:
            self._seconds.add("decode", self._clock() - start)


def _load_formats() -> None:
    import PIL.Image

    PIL.Image.preinit()


def _decoded_size(info: FrameInfo) -> int:
    return info.width * info.height * _BYTES_PER_PIXEL
