"""Preparation of uploaded data in the background.

Each one is a row of `requests`. The row is written before the client hears of it, and says
"finished" in the transaction that gives the task its data; a hub that was stopped or killed in
between starts the preparation again.
"""

from __future__ import annotations

import datetime
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .media.errors import MediaError
from .media.manifest import Manifest
from .media.prepare import Options, prepare
from .pixels import Pixels
from .store import Store, jobs, requests, tasks

log = logging.getLogger("cvat_hub")
_STEP = 0.02
_VIDEO_OVERLAP = 5


class _Stopped(Exception):
    """The hub stops; the preparation starts again with the next one."""


class Preparation:
    """Makes uploads ready, a few at a time."""

    def __init__(
        self, store: Store, pixels: Pixels, workers: int, clock: Callable[[], datetime.datetime]
    ) -> None:
        self._store = store
        self._pixels = pixels
        self._clock = clock
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="preparation")
        self._stopping = threading.Event()

    def resume(self) -> None:
        """Start again what was interrupted, and remove what it left behind."""
        with self._store.read() as connection:
            interrupted = requests.unfinished(connection)
            wanted = tasks.data_ids(connection), tasks.ids_without_data(connection)
        self._pixels.sweep(*wanted)
        for request in interrupted:
            self.submit(request.id)

    def submit(self, request_id: str) -> None:
        """Start the preparation that a queued request describes, when its turn comes."""
        self._workers.submit(self._run, request_id)

    def stop(self) -> None:
        """Interrupt what is running, and wait until it has stopped."""
        self._stopping.set()
        self._workers.shutdown(cancel_futures=True)

    def _run(self, request_id: str) -> None:
        try:
            self._prepare(request_id)
        except _Stopped:
            return
        except MediaError as error:
            self._fail(request_id, str(error))
        except Exception as error:
            log.exception("the preparation of %s failed", request_id)
            self._fail(request_id, f"The hub failed on this data ({type(error).__name__}).")

    def _prepare(self, request_id: str) -> None:
        with self._store.write() as connection:
            request = requests.get(connection, request_id)
            if request is None or request.task_id is None or self._stopping.is_set():
                return
            message = "Media files are being extracted..."
            requests.start(connection, request_id, message, self._clock())
        task_id = request.task_id
        manifest = prepare(
            self._pixels.uploads(task_id),
            self._pixels.preparing(task_id),
            Options(**request.options),
            self._progress(request_id),
        )
        self._finish(request_id, task_id, manifest)

    def _finish(self, request_id: str, task_id: int, manifest: Manifest) -> None:
        now = self._clock()
        with self._store.write() as connection:
            task = tasks.get(connection, task_id)
            if task:
                data_id = tasks.add_data(connection, _data(manifest, now))
                values = _segments(task, manifest)
                tasks.change(connection, task_id, {"data_id": data_id, **values}, now)
                frames = jobs.segments(manifest.size, values["segment_size"], values["overlap"])
                jobs.add(connection, task_id, frames, now)
                requests.finish(connection, request_id, now)
                self._pixels.adopt(task_id, data_id)
        if task:
            self._pixels.forget_uploads(task_id)
        else:
            self._pixels.forget(task_id, None)

    def _progress(self, request_id: str) -> Callable[[float], None]:
        told = 0.0

        def progress(share: float) -> None:
            nonlocal told
            if self._stopping.is_set():
                raise _Stopped
            if share - told >= _STEP:
                told = share
                with self._store.write() as connection:
                    requests.advance(connection, request_id, share)

        return progress

    def _fail(self, request_id: str, message: str) -> None:
        with self._store.write() as connection:
            requests.fail(connection, request_id, message, self._clock())


def _segments(task: tasks.Task, manifest: Manifest) -> Mapping[str, int]:
    """Return how the task is cut into jobs, where its creator left that open."""
    segment_size = min(task.segment_size or manifest.size, manifest.size)
    usual = _VIDEO_OVERLAP if manifest.kind == "video" else 0
    overlap = usual if task.overlap is None else task.overlap
    return {"segment_size": segment_size, "overlap": min(overlap, segment_size // 2)}


def _data(manifest: Manifest, now: datetime.datetime) -> tasks.Data:
    fields: dict[str, Any] = {
        name: getattr(manifest, name)
        for name in (
            "kind",
            "size",
            "chunk_size",
            "image_quality",
            "start_frame",
            "stop_frame",
            "frame_filter",
            "original_chunk_type",
            "compressed_chunk_type",
        )
    }
    return tasks.Data(**fields, deleted_frames=[], updated_date=now)
