"""The frames of a task as images, one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Self, cast
from weakref import WeakSet

from cvat_sdk.datasets.chunks import Chunk, open_chunk
from cvat_sdk.exceptions import UnsupportedDatasetError

if TYPE_CHECKING:
    import PIL.Image

    from cvat_sdk.core.proxies.tasks import Task
    from cvat_sdk.models import DataMetaRead

# Chunks up to this size stay in memory, larger ones lie in a temporary file.
_IN_MEMORY = 16 << 20


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
class Frame(FrameInfo):
    """A frame that can be looked at, until the next one is asked for."""

    _load: Callable[[], PIL.Image.Image] = field(repr=False, compare=False)

    def load_image(self) -> PIL.Image.Image:
        """Return the image: upright, of the announced size, in a mode that `convert("RGB")` takes.

        Raises:
            UnsupportedDatasetError: it cannot be read, or is of another size.
        """
        return self._load()


@dataclass(frozen=True)
class FramePlan:
    """Which frames a task has, and in which chunks they lie.

    Attributes:
        frames: those that are not deleted, in order.
        chunk_size: how many frames a chunk holds; the last one may hold fewer.
    """

    frames: Sequence[FrameInfo]
    chunk_size: int

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
            chunk_size,
        )

    def by_chunk(self) -> list[tuple[int, list[FrameInfo]]]:
        """Return the chunks that are needed, each with its frames."""
        groups = groupby(self.frames, key=lambda frame: frame.index // self.chunk_size)
        return [(number, list(frames)) for number, frames in groups]


class TaskFrames:
    """The frames of one task that are not deleted, in order, read chunk by chunk.

    While one chunk is used, the next ones are fetched; memory does not grow with the task. Each
    iteration starts at the first frame.

        with TaskFrames(client.tasks.retrieve(5)) as frames:
            for frame in frames:
                detect(frame.load_image())

    Args:
        meta: if it was read already.
        indices: only these frames.
        prefetch: how many chunks are fetched ahead.

    Raises:
        UnsupportedDatasetError: the task has no data, or data that are not images.
        ApiException: the server answered with an error.
    """

    def __init__(
        self,
        task: Task,
        meta: DataMetaRead | None = None,
        *,
        indices: Collection[int] | None = None,
        prefetch: int = 1,
    ) -> None:
        self._task = task
        self.meta = meta or task.get_meta()
        self._plan = FramePlan.of(task, self.meta)
        if indices is not None:
            wanted = set(indices)
            chosen = [frame for frame in self._plan.frames if frame.index in wanted]
            self._plan = FramePlan(chosen, self._plan.chunk_size)
        self._prefetch = prefetch
        self._iterations: WeakSet[Generator[Frame, None, None]] = WeakSet()

    def __len__(self) -> int:
        return len(self._plan.frames)

    def __iter__(self) -> Iterator[Frame]:
        iteration = self._iterate()
        self._iterations.add(iteration)
        return iteration

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """End all iterations. What is being fetched is waited for."""
        for iteration in list(self._iterations):
            iteration.close()

    def _iterate(self) -> Generator[Frame, None, None]:
        chunks = self._plan.by_chunk()
        to_fetch = deque(number for number, _ in chunks)
        waiting: deque[Future[Chunk]] = deque()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="cvat-chunks") as fetcher:
            try:
                for number, infos in chunks:
                    while to_fetch and len(waiting) <= self._prefetch:
                        waiting.append(fetcher.submit(self._fetch, to_fetch.popleft()))
                    with waiting.popleft().result() as chunk:
                        for info in infos:
                            yield self._frame(info, chunk, number)
            finally:
                _discard(waiting)

    def _frame(self, info: FrameInfo, chunk: Chunk, number: int) -> Frame:
        where = f"task {self._task.id}, chunk {number}, frame {info.index} ({info.name!r})"

        def load() -> PIL.Image.Image:
            position = info.index - number * self._plan.chunk_size
            return chunk.load(position, width=info.width, height=info.height, where=where)

        return Frame(info.index, info.name, info.width, info.height, load)

    def _fetch(self, number: int) -> Chunk:
        file = cast(BinaryIO, SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
        try:
            self._task.download_chunk(number, file, quality="original")
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return open_chunk(file, where=f"task {self._task.id}, chunk {number}")


def _discard(waiting: deque[Future[Chunk]]) -> None:
    for future in waiting:
        if not future.cancel() and future.exception() is None:
            future.result().close()
