"""Videos: their frames counted, found again by time stamp, and turned upright."""

from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import av
import msgspec
import numpy as np
from numpy.typing import NDArray

from cvat_hub.media.encoding import crf_of, encode
from cvat_hub.media.errors import MediaError
from cvat_hub.media.images import MAX_PIXELS

FILE_NAME = "video-index.json"

# Of the container formats, only those that hold their own pictures: playlists would let an
# upload read files and addresses of the server's.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,asf,flv,ogg,mxf,"
    "h264,hevc,m4v,yuv4mpegpipe"
)
_OPEN_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
# Containers whose index of key frames can be relied on.
_SEEKABLE = frozenset(("mov", "mp4", "matroska", "webm"))
# x264 takes no more.
_MAX_SIDE = 16384
# Of one decoder; FFmpeg would start one for each core of a large machine.
_THREADS = 4
# Reading on over this many frames costs less than seeking.
_READ_ON = 8


class VideoIndex(msgspec.Struct):
    """Where a video's frames are: in `file`, beside the index.

    `width` and `height` are those of the upright frame. `pts` holds each frame's time stamp, in
    the stream's time base, increasing; `keys` holds the numbers of the key frames, increasing.
    """

    file: str
    width: int
    height: int
    pts: list[int]
    keys: list[int]

    def save(self, folder: Path) -> None:
        (folder / FILE_NAME).write_bytes(msgspec.json.encode(self))

    @staticmethod
    def load(folder: Path) -> "VideoIndex":
        return _index.decode((folder / FILE_NAME).read_bytes())


_index = msgspec.json.Decoder(VideoIndex)


class _Scan:
    """What reading a video from end to end tells."""

    def __init__(self) -> None:
        self.size_wh = (0, 0)
        self.pts: list[int | None] = []
        self.keys: list[int] = []
        self.seekable = False

    def add(self, frame: av.VideoFrame) -> None:
        if not self.pts:
            self.size_wh = _upright_size(frame)
        if frame.key_frame:
            self.keys.append(len(self.pts))
        self.pts.append(frame.pts)

    def index(self, file: str) -> VideoIndex | None:
        """Return the index, or None if frames cannot be found again by their time stamps."""
        pts = [stamp for stamp in self.pts if stamp is not None]
        increasing = all(a < b for a, b in pairwise(pts))
        found_again = self.seekable and increasing and len(pts) == len(self.pts)
        if not found_again or self.keys[:1] != [0]:
            return None
        return VideoIndex(file, *self.size_wh, pts, self.keys)


def indexed(
    name: str, path: Path, rewritten: Path, progress: Callable[[float], None]
) -> VideoIndex:
    """Decode a video from end to end; return the index of its frames in `path`.

    Where frames could not be found again there by time stamp, the index is that of `rewritten`,
    which then holds the same frames encoded anew.

    Raises:
        MediaError: naming the file, if it is no video, is damaged or cut off, or its frames hold
            over `images.MAX_PIXELS`.
    """
    scan = _scan(name, path, lambda share: progress(share / 2))
    if found := scan.index(path.name):
        return found
    with _open(path) as container:
        frames = container.decode(_stream(name, container))
        encode(_turned(frames, len(scan.pts), progress), rewritten, *scan.size_wh, crf_of(100))
    found = _scan(name, rewritten, lambda _: None).index(rewritten.name)
    assert found, "a file of our own encoding has an index"
    return found


def _turned(
    frames: Iterable[av.VideoFrame], total: int, progress: Callable[[float], None]
) -> Iterator[av.VideoFrame]:
    for number, frame in enumerate(frames):
        progress((1 + number / total) / 2)
        yield upright(frame)


def _open(path: Path) -> av.container.InputContainer:
    return av.open(str(path), options=_OPEN_OPTIONS, metadata_errors="ignore")


def _scan(name: str, path: Path, progress: Callable[[float], None]) -> _Scan:
    scan = _Scan()
    with closing(_reading(name, path, scan)) as shares:
        for share in shares:
            progress(share)
    return scan


def _reading(name: str, path: Path, scan: _Scan) -> Generator[float, None, None]:
    try:
        with _open(path) as container:
            yield from _read(name, container, scan)
    except MediaError:
        raise
    except Exception as error:
        # Beside FFmpegError, damaged files lead PyAV to errors of Unicode, overflow and more.
        reason = error.strerror if isinstance(error, av.FFmpegError) else type(error).__name__
        raise MediaError(f"{name}: not a video that can be read: {reason}") from error


def _read(name: str, container: av.container.InputContainer, scan: _Scan) -> Iterator[float]:
    """Fill in the scan; yield the share read, from 0 to 1."""
    stream = _stream(name, container)
    seconds, length = 0.0, (container.duration or 0) / av.time_base
    start = (container.start_time or 0) / av.time_base
    scan.seekable = not _SEEKABLE.isdisjoint(container.format.name.split(","))
    for packet in container.demux():
        if packet.pts is not None and packet.time_base is not None:
            ends = (packet.pts + (packet.duration or 0)) * packet.time_base
            seconds = max(seconds, float(ends) - start)
        if packet.stream_index != stream.index:
            continue
        for frame in stream.decode(packet):
            if packet.is_corrupt or frame.is_corrupt:
                raise MediaError(f"{name}: damaged at frame {len(scan.pts)}")
            scan.add(frame)
        yield min(1.0, seconds / length) if length else 0.0
    if not scan.pts:
        raise MediaError(f"{name}: holds no frame that can be decoded")
    # Containers round, and some streams end a little before the others.
    if length - seconds > max(0.5, length / 10):
        raise MediaError(f"{name}: cut off after {seconds:.1f} of {length:.1f} seconds")


def _stream(name: str, container: av.container.InputContainer) -> Any:
    for stream in container.streams.video:
        if stream.disposition & av.stream.Disposition.attached_pic:
            continue
        if stream.codec_context is None:
            raise MediaError(f"{name}: its codec is unknown")
        width, height = stream.codec_context.width, stream.codec_context.height
        if max(width, height) > _MAX_SIDE or width * height > MAX_PIXELS:
            raise MediaError(
                f"{name}: {width}x{height} is over the limit of {MAX_PIXELS} pixels"
                f" or of {_MAX_SIDE} a side"
            )
        # Threads by frame would pass over errors that show later, hold a dozen frames more, and
        # make a single frame no faster.
        stream.thread_type = "SLICE"
        stream.codec_context.thread_count = _THREADS
        return stream
    raise MediaError(f"{name}: holds no video")


def _quarter_turns(frame: av.VideoFrame) -> int:
    """Return how often the frame is to be turned counter-clockwise by 90 degrees."""
    return round(frame.rotation / 90) % 4


def _upright_size(frame: av.VideoFrame) -> tuple[int, int]:
    size = (frame.width, frame.height)
    return size if _quarter_turns(frame) % 2 == 0 else (frame.height, frame.width)


def upright(frame: av.VideoFrame) -> av.VideoFrame:
    """Return the frame as players show it: its display matrix's turn applied to the pixels."""
    turns = _quarter_turns(frame)
    if not turns:
        return frame
    turned = np.rot90(_rgb(frame, frame.width, frame.height), turns)
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(turned), format="rgb24")


def _rgb(frame: av.VideoFrame, width: int, height: int) -> NDArray[np.uint8]:
    pixels: Any = frame.to_ndarray(format="rgb24", width=width, height=height)
    return cast("NDArray[np.uint8]", pixels)


class VideoReader:
    """Frames of an indexed video by number; a context manager, for one thread at a time.

    It stays where it is, so that the frames after the last one come without seeking.
    """

    def __init__(self, folder: Path, index: VideoIndex) -> None:
        self._path = folder / index.file
        self._index = index
        self._last: tuple[int, av.VideoFrame] | None = None
        self._open()

    def frame(self, number: int) -> av.VideoFrame:
        """Return a frame, upright, of whatever size and pixel format the file gives it."""
        return upright(self._find(number))

    def pixels(self, number: int) -> NDArray[np.uint8]:
        """Return a frame's RGB pixels, upright, of shape (H, W, 3) with the index's H and W."""
        return _rgb(self.frame(number), self._index.width, self._index.height)

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> None:
        self._container = _open(self._path)
        self._stream = _stream(self._path.name, self._container)
        self._frames: Iterator[av.VideoFrame] = self._container.decode(self._stream)

    def _find(self, number: int) -> av.VideoFrame:
        if self._last and self._last[0] == number:
            return self._last[1]
        if self._is_ahead(number) and (found := self._read_to(number)):
            return found
        key = bisect_right(self._index.keys, number) - 1
        for earlier in (key, key - 1):
            self._seek(self._index.keys[max(earlier, 0)])
            if found := self._read_to(number):
                return found
        # Seeks land late; reading from the start finds what the index was made from.
        self.close()
        self._open()
        if found := self._read_to(number):
            return found
        raise OSError(f"frame {number} cannot be read again; the file has changed")

    def _is_ahead(self, number: int) -> bool:
        if not self._last or number < self._last[0]:
            return False
        key = self._index.keys[bisect_right(self._index.keys, number) - 1]
        return key <= self._last[0] or number - self._last[0] <= _READ_ON

    def _seek(self, key: int) -> None:
        self._container.seek(self._index.pts[key], stream=self._stream, backward=True)
        self._frames = self._container.decode(self._stream)
        self._last = None

    def _read_to(self, number: int) -> av.VideoFrame | None:
        wanted = self._index.pts[number]
        try:
            for frame in self._frames:
                if frame.pts == wanted:
                    self._last = (number, frame)
                    return frame
                if frame.pts is None or frame.pts > wanted:
                    return None
        except av.FFmpegError:
            # After a seek into the middle of a group; from an earlier key frame it decodes.
            return None
        return None
