"""The frames of a task as images, one after the other."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Self
from weakref import WeakSet

from cvat_sdk.datasets.arriving import ArrivingFile
from cvat_sdk.datasets.plan import FramePlan, Piece
from cvat_sdk.datasets.reading import Frame, Limits, Reading, StageSeconds

if TYPE_CHECKING:
    from cvat_sdk.core.proxies.tasks import Task
    from cvat_sdk.models import DataMetaRead

__all__ = ["Frame", "TaskFrames"]

_MIN_DECODERS, _MAX_DECODERS = 2, 4


class TaskFrames:
    """The frames of one task that are not deleted, in order, fetched and decoded ahead.

    Memory does not grow with the task. Each iteration starts at the first frame. What the server
    refuses, or fails to send, is raised by the iteration, where its frames are wanted; an image
    that cannot be read is raised by its own `load_image`.

        with TaskFrames(client.tasks.retrieve(5)) as frames:
            for frame in frames:
                detect(frame.load_image())

    Args:
        meta: if it was read already.
        indices: of the frames that are wanted; by default all. Those that the task does not have
            are passed over.
        quality: "original" or "compressed".
        requests: how many are sent at the same time at most.
        decoders: how many threads decode; by default as many as pay.
        decoded_bytes: how much is decoded ahead at most, at four bytes for each pixel.

    Attributes:
        meta: what the server tells of the task's data.
        seconds: what was spent so far on `fetch` and `decode`, summed over threads, and how long
            the iterations had to `wait` for both.

    Raises:
        UnsupportedDatasetError: the task has no data, or data that are not images.
        ApiException: the server answered with an error.
        TransportError: the server cannot be reached.
    """

    def __init__(
        self,
        task: Task,
        meta: DataMetaRead | None = None,
        *,
        indices: Collection[int] | None = None,
        quality: str = "original",
        requests: int = 4,
        decoders: int | None = None,
        decoded_bytes: int = 128 << 20,
    ) -> None:
        self._task = task
        self.meta = meta or task.get_meta()
        plan = FramePlan.of(task, self.meta)
        self._plan = plan if indices is None else plan.only(indices)
        self._quality = quality
        self._limits = Limits(requests, decoders or _decoders_that_pay(), decoded_bytes)
        self.seconds = StageSeconds()
        self._readings: WeakSet[Reading] = WeakSet()
        self._lock = threading.Lock()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._plan.frames)

    def __iter__(self) -> Iterator[Frame]:
        whose = f"task {self._task.id}"
        with Reading(self._plan, whose, self._download, self._limits, self.seconds) as reading:
            with self._lock:
                if self._is_closed:
                    raise RuntimeError(f"the frames of {whose} are closed already")
                self._readings.add(reading)
            yield from reading

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """End all iterations, at once and from any thread. Frames that were handed out stay."""
        with self._lock:
            self._is_closed = True
            readings = list(self._readings)
        for reading in readings:
            reading.close()

    def _download(self, piece: Piece, file: ArrivingFile) -> None:
        try:
            if piece.kind == "chunk":
                self._task.download_chunk(piece.number, file, quality=self._quality)
            else:
                file.write(self._task.get_frame(piece.number, quality=self._quality).getvalue())
        except Exception as error:
            error.add_note(f"while {piece} of task {self._task.id} was fetched")
            raise


def _decoders_that_pay() -> int:
    return max(_MIN_DECODERS, min(_MAX_DECODERS, os.cpu_count() or 1))
