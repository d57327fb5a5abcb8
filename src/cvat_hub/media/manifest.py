"""What a prepared data folder holds, told by its `manifest.json`."""

import re
from pathlib import Path
from typing import Literal

import msgspec

from cvat_hub.media.errors import MediaError

ChunkType = Literal["imageset", "video"]

FILE_NAME = "manifest.json"

_STEP = re.compile(r"step\s*=\s*([1-9][0-9]{0,8})")


class FrameInfo(msgspec.Struct, gc=False):
    """One image, or the whole video: its name as uploaded and its upright size in pixels."""

    name: str
    width: int
    height: int
    content_type: str = ""


class Manifest(msgspec.Struct):
    """A task's frames. Frames are numbered from 0; `start_frame` and `stop_frame` count images
    or video frames as uploaded, both inclusive, and frame `n` is upload `start_frame + n * step`.
    """

    kind: ChunkType
    size: int
    chunk_size: int
    image_quality: int
    start_frame: int
    stop_frame: int
    frame_filter: str
    frames: list[FrameInfo]
    compressed_chunk_type: ChunkType
    original_chunk_type: ChunkType

    @property
    def step(self) -> int:
        return frame_step(self.frame_filter)

    @property
    def chunks(self) -> int:
        """The number of chunks; the last one may be short."""
        return -(-self.size // self.chunk_size)

    def chunk_frames(self, number: int) -> range:
        """Return the numbers of the frames in a chunk.

        Raises:
            IndexError: if there is no such chunk.
        """
        if not 0 <= number < self.chunks:
            raise IndexError(number)
        start = number * self.chunk_size
        return range(start, min(start + self.chunk_size, self.size))

    def save(self, folder: Path) -> None:
        (folder / FILE_NAME).write_bytes(msgspec.json.encode(self))

    @staticmethod
    def load(folder: Path) -> "Manifest":
        """Read the manifest of a prepared folder.

        Raises:
            FileNotFoundError: if nothing was prepared there.
        """
        return _manifest.decode((folder / FILE_NAME).read_bytes())


_manifest = msgspec.json.Decoder(Manifest)


def frame_step(frame_filter: str) -> int:
    """Return the step that a frame filter such as `step=2` asks for; 1 for an empty one.

    Raises:
        MediaError: on any other text.

    >>> frame_step("step=2"), frame_step("")
    (2, 1)
    """
    if not frame_filter:
        return 1
    if not (match := _STEP.fullmatch(frame_filter.strip())):
        raise MediaError(f"frame_filter: expected 'step=N' with N from 1, got {frame_filter!r}")
    return int(match[1])
