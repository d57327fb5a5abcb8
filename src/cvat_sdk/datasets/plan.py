"""Which frames are wanted, and what is fetched for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Literal, Self

from cvat_sdk.exceptions import UnsupportedDatasetError

if TYPE_CHECKING:
    from cvat_sdk.core.proxies.tasks import Task
    from cvat_sdk.models import DataMetaRead

# Frames are fetched one by one if no more than one in so many of a chunk is wanted.
_SPARSE = 4


@dataclass(frozen=True)
class FrameInfo:
    """What the server announces of one frame.

    Attributes:
        index: the number of the frame within the task, from 0.
        name: of the file that was uploaded; a video's name is that of all its frames.
        width, height: in pixels.
    """

    index: int
    name: str
    width: int
    height: int


@dataclass(frozen=True)
class Piece:
    """What one request fetches.

    Attributes:
        number: of the chunk or of the frame.
        first: the index of the first frame in it.
        holds: how many frames are in it.
        frames: those that are wanted.
    """

    kind: Literal["chunk", "frame"]
    number: int
    first: int
    holds: int
    frames: Sequence[FrameInfo]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


@dataclass(frozen=True)
class FramePlan:
    """Which frames a task has, and in which chunks they lie.

    Attributes:
        frames: those that are wanted and not deleted, in order.
        size: how many frames the task has, with the deleted ones.
        chunk_size: how many frames a chunk holds; the last one may hold fewer.
        is_video: a single frame of a video has other pixels than the same frame of a chunk, and
            takes a server long to make.
    """

    frames: Sequence[FrameInfo]
    size: int
    chunk_size: int
    is_video: bool

    @classmethod
    def of(cls, task: Task, meta: DataMetaRead) -> Self:
        """Read the plan off what the server tells.

        Raises:
            UnsupportedDatasetError: the task has no data, or data that are not images.
        """
        if getattr(task, "dimension", "2d") == "3d":
            raise UnsupportedDatasetError(f"task {task.id} consists of point clouds, not of images")
        size, frames = getattr(meta, "size", 0) or 0, meta.frames
        chunk_size = getattr(meta, "chunk_size", None) or getattr(task, "data_chunk_size", None)
        if not size or not frames or not chunk_size:
            raise UnsupportedDatasetError(f"task {task.id} has no data yet")
        if len(frames) not in (1, size):
            raise UnsupportedDatasetError(
                f"task {task.id}: the server announces {size} frames, but describes {len(frames)}"
            )
        infos = list(frames) * size if len(frames) == 1 else frames
        deleted = set(meta.deleted_frames)
        return cls(
            [
                FrameInfo(i, info.name, info.width, info.height)
                for i, info in enumerate(infos)
                if i not in deleted
            ],
            size,
            chunk_size,
            getattr(task, "data_original_chunk_type", None) != "imageset",
        )

    def only(self, indices: Collection[int]) -> Self:
        """Return the plan of those frames among these that are in this one."""
        wanted = frozenset(indices)
        return replace(self, frames=[frame for frame in self.frames if frame.index in wanted])

    def by_chunk(self) -> list[tuple[int, list[FrameInfo]]]:
        """Return the chunks that are needed, each with its frames."""
        groups = groupby(self.frames, key=lambda frame: frame.index // self.chunk_size)
        return [(number, list(frames)) for number, frames in groups]

    def pieces(self) -> Iterator[Piece]:
        """Yield what is to be fetched, in order: chunks, or frames where few of one are wanted."""
        for number, frames in self.by_chunk():
            first = number * self.chunk_size
            holds = min(self.chunk_size, self.size - first)
            if self.is_video or len(frames) * _SPARSE > holds:
                yield Piece("chunk", number, first, holds, frames)
            else:
                yield from (Piece("frame", f.index, f.index, 1, [f]) for f in frames)
