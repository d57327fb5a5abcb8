"""The frames of tasks that requests are about, kept for the next request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cvat_agent.caches import Cache
from cvat_agent.failures import BadRequestError
from cvat_agent.pictures import Box, SharedImage, SharedImages

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client
    from cvat_sdk.core.proxies.tasks import Task
    from cvat_sdk.datasets.plan import FrameInfo, FramePlan
    from cvat_sdk.models import DataMetaRead, Label

# How long what the server told of a task is believed.
_TASK_AGE_S = 10.0
_TASKS = 64

Key = tuple[object, ...]


@dataclass
class KnownTask:
    """What the server told of a task."""

    task: Task
    meta: DataMetaRead
    plan: FramePlan
    told_at: float
    _labels: list[Label] | None = None
    _frames: dict[int, FrameInfo] | None = None

    def labels(self) -> list[Label]:
        """Return the task's labels."""
        if self._labels is None:
            self._labels = self.task.get_labels()
        return self._labels

    def frame(self, index: object) -> FrameInfo:
        """Return what is known of a frame.

        Raises:
            BadRequestError: the task has no such frame, or it is deleted.
        """
        found = self._by_index().get(index) if isinstance(index, int) else None
        if found is None:
            raise BadRequestError(f"the task has no frame {index!r}")
        return found

    def _by_index(self) -> dict[int, FrameInfo]:
        if self._frames is None:
            self._frames = {frame.index: frame for frame in self.plan.frames}
        return self._frames

    def key(self, index: int, box: Box | None = None) -> Key:
        """Return what tells an image from all others, also when the task gets other pixels."""
        return (self.task.id, str(self.meta.get("chunks_updated_date")), index, box)


class FrameStore:
    """Frames in shared memory, and what is known of their tasks. Safe to share between threads.

    Args:
        max_bytes: how many bytes of decoded images are kept.
        max_age_s: how long one is kept that nobody asks for.
    """

    def __init__(
        self,
        client: Client,
        images: SharedImages,
        *,
        max_bytes: int = 512 << 20,
        max_age_s: float = 600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._images = images
        self._clock = clock
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._coming: set[Key] = set()
        self._tasks: dict[int, KnownTask] = {}
        self.cache: Cache[Key, SharedImage] = Cache(
            max_bytes, max_age_s, clock, SharedImage.release
        )

    def task(self, task_id: object) -> KnownTask:
        """Return what is known of a task; the server is asked if that is not fresh.

        Raises:
            BadRequestError: `task_id` is no number.
            ApiException, TransportError: the server doesn't tell.
            UnsupportedDatasetError: the task has no images.
        """
        if not isinstance(task_id, int):
            raise BadRequestError("the request names no task")
        with self._lock:
            known = self._tasks.get(task_id)
        if known is not None and self._clock() - known.told_at < _TASK_AGE_S:
            return known
        return self._ask(task_id)

    def forget(self, task_id: object) -> None:
        """Ask the server anew when the task is needed next."""
        with self._lock:
            self._tasks.pop(task_id, None)  # type: ignore[call-overload]

    def image(self, known: KnownTask, index: int) -> SharedImage:
        """Return a frame, held for the caller: use it in a `with`.

        Raises:
            BadRequestError: the task has no such frame.
            UnsupportedDatasetError: the frame cannot be read as an image.
            ApiException, TransportError: the server doesn't send it.
        """
        info = known.frame(index)
        key = known.key(index)
        with self._changed:
            # Somebody else may be fetching it.
            self._changed.wait_for(lambda: key not in self._coming)
            found = self.cache.get(key)
            if found is not None and found.hold():
                return found
            self._coming.add(key)
        try:
            image = self._images.put(self._fetched(known, info))
            with self._lock:
                image.hold()
                self.cache.put(key, image, image.size)
            return image
        finally:
            with self._changed:
                self._coming.remove(key)
                self._changed.notify_all()

    def has(self, known: KnownTask, index: int) -> bool:
        """Tell whether a frame is kept."""
        with self._lock:
            return known.key(index) in self.cache

    def share(self, image: Any) -> SharedImage:
        """Put an image into shared memory that is not to be kept."""
        return self._images.put(image)

    def close(self) -> None:
        """Free what is kept."""
        with self._lock:
            self.cache.clear()

    def _ask(self, task_id: int) -> KnownTask:
        from cvat_sdk.datasets.plan import FramePlan

        task = self._client.tasks.retrieve(task_id)
        meta = task.get_meta()
        fresh = KnownTask(task, meta, FramePlan.of(task, meta), self._clock())
        with self._lock:
            self._tasks[task_id] = fresh
            while len(self._tasks) > _TASKS:
                del self._tasks[next(iter(self._tasks))]
        return fresh

    def _fetched(self, known: KnownTask, info: FrameInfo) -> Any:
        from cvat_sdk.datasets.images import decode_image

        data = known.task.get_frame(info.index, quality="original").getvalue()
        where = f"task {known.task.id}, frame {info.index} ({info.name!r})"
        return decode_image(data, width=info.width, height=info.height, where=where)


def parse_roi(roi: Sequence[object] | None, size_wh: tuple[int, int]) -> Box | None:
    """Return the part of an image that a request is about, None for all of it.

    Args:
        roi: left, top, right and bottom in pixels, the latter two exclusive.

    Raises:
        BadRequestError: it is not a part of the image.
    """
    if not roi:
        return None
    if len(roi) != 4 or not all(isinstance(number, int | float) for number in roi):
        raise BadRequestError("roi is not four numbers")
    left, top, right, bottom = (round(float(number)) for number in roi)  # type: ignore[arg-type]
    width, height = size_wh
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise BadRequestError(f"roi lies out of an image of {width} x {height} pixels")
    return left, top, right, bottom
