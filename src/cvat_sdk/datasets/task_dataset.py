"""A task as a dataset."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cvat_sdk import models
from cvat_sdk.datasets.caching import TaskRecords, UpdatePolicy
from cvat_sdk.datasets.chunks import Chunk, open_chunk
from cvat_sdk.datasets.images import decode_image
from cvat_sdk.datasets.plan import FrameInfo, FramePlan
from cvat_sdk.datasets.samples import FrameAnnotations, MediaElement, Sample

if TYPE_CHECKING:
    import PIL.Image

    from cvat_sdk.core.client import Client


_DOWNLOADS_AT_ONCE = 4


class MediaDownloadPolicy(Enum):
    """When the pixels are downloaded. They are kept in any case."""

    PRELOAD_ALL = auto()
    """All of them when the dataset is made."""

    FETCH_CHUNKS_ON_DEMAND = auto()
    """A chunk of frames when the first of them is wanted."""

    FETCH_FRAMES_ON_DEMAND = auto()
    """Each frame when it is wanted."""


class TaskDataset:
    """The frames of a task that are not deleted, with their annotations.

    What was downloaded is kept in `client.config.cache_dir` and used again as long as it has not
    changed on the server. Tasks made from a video work as well; they are read fastest in order.

        dataset = TaskDataset(client, 5)
        for sample in dataset.samples:
            train(sample.media.load_image(), sample.annotations.shapes)

    Args:
        update_policy: NEVER uses what is there, without any request.
        load_annotations: False leaves `Sample.annotations` None.

    Raises:
        UnsupportedDatasetError: the task has no data, or data that are not images.
        FileNotFoundError: `update_policy` is NEVER, and something was not downloaded.
        ApiException: the server answered with an error.
    """

    def __init__(
        self,
        client: Client,
        task_id: int,
        *,
        update_policy: UpdatePolicy = UpdatePolicy.IF_MISSING_OR_STALE,
        load_annotations: bool = True,
        media_download_policy: MediaDownloadPolicy = MediaDownloadPolicy.PRELOAD_ALL,
    ) -> None:
        self._records = TaskRecords(client, task_id, update_policy)
        self._plan = FramePlan.of(self._records.task, self._records.meta)
        self._by_frame = media_download_policy is MediaDownloadPolicy.FETCH_FRAMES_ON_DEMAND
        self._chunks = ChunkFiles(self._records)
        if media_download_policy is MediaDownloadPolicy.PRELOAD_ALL:
            self._preload()
        annotations = _by_frame(self._records.annotations()) if load_annotations else None
        self._samples = [self._sample(frame, annotations) for frame in self._plan.frames]

    @property
    def labels(self) -> Sequence[models.Label]:
        """The labels of the task."""
        return self._records.labels

    @property
    def samples(self) -> Sequence[Sample]:
        """The frames, in order."""
        return self._samples

    @contextmanager
    def iter_samples(self, *, temporary_chunks: bool = False) -> Iterator[Iterator[Sample]]:
        """Go through the frames in order; the next chunk is downloaded while one is used.

        Args:
            temporary_chunks: remove each chunk that was downloaded for this when its last frame was
                used, so that no more than two take room on the disk. A sample's image can be loaded
                until the next sample is asked for.
        """
        if self._by_frame:
            yield iter(self._samples)
            return
        downloaded: set[int] = set()
        try:
            with ThreadPoolExecutor(1, thread_name_prefix="cvat-chunks") as downloader:
                yield self._passing(downloader, downloaded, temporary_chunks)
        finally:
            self._chunks.close()
            for number in downloaded if temporary_chunks else ():
                self._chunks.forget(number)

    def _passing(
        self, downloader: ThreadPoolExecutor, downloaded: set[int], temporary: bool
    ) -> Iterator[Sample]:
        def ensure(number: int) -> None:
            if not self._chunks.is_there(number):
                downloaded.add(number)
                self._chunks.path(number)

        by_index = {sample.frame_index: sample for sample in self._samples}
        chunks = self._plan.by_chunk()
        following = [number for number, _ in chunks[1:]]
        ready = downloader.submit(ensure, chunks[0][0]) if chunks else None
        for number, frames in chunks:
            assert ready is not None
            ready.result()
            if following:
                ready = downloader.submit(ensure, following.pop(0))
            for frame in frames:
                yield by_index[frame.index]
            if temporary and number in downloaded:
                self._chunks.forget(number)

    def _preload(self) -> None:
        numbers = [number for number, _ in self._plan.by_chunk()]
        with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE, thread_name_prefix="cvat-chunks") as pool:
            for _ in pool.map(self._chunks.path, numbers):
                pass

    def _sample(self, frame: FrameInfo, annotations: dict[int, FrameAnnotations] | None) -> Sample:
        mine = None if annotations is None else annotations[frame.index]
        return Sample(frame.index, frame.name, mine, _Media(self, frame))

    def _load(self, frame: FrameInfo) -> PIL.Image.Image:
        where = f"task {self._records.task.id}, frame {frame.index} ({frame.name!r})"
        if self._by_frame:
            path = self._records.file(f"frames/{frame.index}", partial(self._download, frame.index))
            data = path.read_bytes()
            return decode_image(data, width=frame.width, height=frame.height, where=where)
        number, position = divmod(frame.index, self._plan.chunk_size)
        return self._chunks.load(number, position, frame, where)

    def _download(self, index: int, file: object) -> None:
        frame = self._records.task.get_frame(index, quality="original")
        file.write(frame.getvalue())  # type: ignore[attr-defined]


class _Media(MediaElement):
    def __init__(self, dataset: TaskDataset, frame: FrameInfo) -> None:
        self._dataset = dataset
        self._frame = frame

    def load_image(self) -> PIL.Image.Image:
        return self._dataset._load(self._frame)


class ChunkFiles:
    """The chunks of a task as files, of which the one used last stays open."""

    def __init__(self, records: TaskRecords) -> None:
        self._records = records
        self._lock = threading.Lock()
        self._open: tuple[int, Chunk] | None = None

    def path(self, number: int) -> Path:
        """Return the file of a chunk, which is downloaded if it is missing."""
        download = partial(self._records.task.download_chunk, number, quality="original")
        return self._records.file(f"chunks/{number}", download)

    def is_there(self, number: int) -> bool:
        """Tell whether a chunk was downloaded."""
        return (self._records.cache.folder / f"chunks/{number}").is_file()

    def load(self, number: int, position: int, frame: FrameInfo, where: str) -> PIL.Image.Image:
        """Return one frame."""
        with self._lock:
            if self._open is None or self._open[0] != number:
                self._close()
                chunk = open_chunk(self.path(number).open("rb"), where=f"{where}, chunk {number}")
                self._open = (number, chunk)
            return self._open[1].load(position, width=frame.width, height=frame.height, where=where)

    def forget(self, number: int) -> None:
        """Remove the file of a chunk."""
        with self._lock:
            self._close()
        self._records.cache.forget(f"chunks/{number}")

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None


def _by_frame(annotations: models.LabeledData) -> dict[int, FrameAnnotations]:
    found: dict[int, FrameAnnotations] = defaultdict(FrameAnnotations)
    for tag in annotations.get("tags") or ():
        found[tag.frame].tags.append(tag)
    for shape in annotations.get("shapes") or ():
        found[shape.frame].shapes.append(shape)
    return found
