"""Preparation of uploaded data in the background.

Each one is a row of `requests`. The row is written before the client hears of it, and says
"finished" in the transaction that gives the task its data. Of all hubs that share a database, one
has claimed the task while it works; if it stops or dies, another one, or the next, begins anew.
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
# Data that ends the process each time, say in a decoder, is to be given up.
_ATTEMPTS = 3
_LOOK_SECONDS = 10.0


class _Stopped(Exception):
    """The hub stops; the preparation starts again with the next one."""


class Preparation:
    """Makes uploads ready, a few at a time."""

    def __init__(
        self,
        store: Store,
        pixels: Pixels,
        workers: int,
        clock: Callable[[], datetime.datetime],
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        """Be ready to work; nothing runs before `start` or `submit`.

        Args:
            look_seconds: how often to look for what other hubs have left.
        """
        self._store = store
        self._pixels = pixels
        self._clock = clock
        self._look_seconds = look_seconds
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="preparation")
        self._looking = threading.Thread(target=self._look, name="preparation-look")
        self._stopping = threading.Event()
        self._submitted: set[str] = set()
        self._lock = threading.Lock()

    def sweep(self) -> None:
        """Remove what hubs that were killed have left behind; no other hub may be at work."""
        with self._store.write() as connection:
            waiting = tasks.lock_without_data(connection)
            wanted = tasks.data_ids(connection), waiting
        self._pixels.sweep(*wanted)

    def start(self) -> None:
        """Go on with what was interrupted, now and whenever another hub leaves something."""
        self.take_over()
        self._looking.start()

    def take_over(self) -> None:
        """Submit all requests that aren't done; those that another hub works on stay with it."""
        with self._store.read() as connection:
            unfinished = requests.unfinished(connection)
        for request in unfinished:
            self.submit(request.id)

    def submit(self, request_id: str) -> None:
        """Start the preparation that a queued request describes, when its turn comes."""
        with self._lock:
            if request_id not in self._submitted:
                self._submitted.add(request_id)
                self._workers.submit(self._run, request_id)

    def stop(self) -> None:
        """Interrupt what is running, and wait until it has stopped."""
        self._stopping.set()
        self._workers.shutdown(cancel_futures=True)
        if self._looking.is_alive():
            self._looking.join()

    def _look(self) -> None:
        while not self._stopping.wait(self._look_seconds):
            try:
                self.take_over()
                self._pixels.tidy()
            except Exception:
                log.exception("looking for interrupted preparations failed")

    def _run(self, request_id: str) -> None:
        with self._lock:
            self._submitted.discard(request_id)
        try:
            request = self._read(request_id)
            if request and request.task_id is not None:
                with self._pixels.claim(request.task_id) as attempt:
                    if attempt:
                        self._work(request_id, request.task_id, attempt)
                again = self._read(request_id) if attempt else None
                if again and again.status == "queued":
                    # It was asked for anew before we let go of the claim.
                    self.submit(request_id)
        except _Stopped:
            return
        except Exception:
            log.exception("the preparation of %s was interrupted", request_id)

    def _read(self, request_id: str) -> requests.Request | None:
        if self._stopping.is_set():
            raise _Stopped
        with self._store.read() as connection:
            return requests.get(connection, request_id)

    def _work(self, request_id: str, task_id: int, attempt: int) -> None:
        try:
            options = self._begin(request_id, task_id)
            if options is None:
                return
            if attempt > _ATTEMPTS:
                raise MediaError(f"This data has ended the hub {_ATTEMPTS} times.")
            uploads, target = self._pixels.uploads(task_id), self._pixels.preparing(task_id)
            manifest = prepare(uploads, target, options, self._progress(request_id))
            self._finish(request_id, task_id, manifest)
        except MediaError as error:
            self._fail(request_id, str(error))
        except _Stopped:
            raise
        except Exception as error:
            log.exception("the preparation of %s failed", request_id)
            self._fail(request_id, f"The hub failed on this data ({type(error).__name__}).")

    def _begin(self, request_id: str, task_id: int) -> Options | None:
        """Return the options of a request, or None if another hub has finished it by now."""
        with self._store.write() as connection:
            # The last commit of a hub that is dead may still be under way.
            tasks.lock(connection, task_id)
            request = requests.get(connection, request_id)
            if request is None or request.status not in requests.UNFINISHED:
                return None
            message = "Media files are being extracted..."
            requests.start(connection, request_id, message, self._clock())
        return Options(**request.options)

    def _finish(self, request_id: str, task_id: int, manifest: Manifest) -> None:
        now = self._clock()
        with self._store.write() as connection:
            task = tasks.get(connection, task_id) if tasks.lock(connection, task_id) else None
            if task:
                data_id = tasks.add_data(connection, _data(manifest, now))
                values = _segments(task, manifest)
                tasks.change(connection, task_id, {"data_id": data_id, **values}, now)
                frames = jobs.segments(manifest.size, values["segment_size"], values["overlap"])
                jobs.add(connection, task_id, frames, now)
                requests.finish(connection, request_id, now)
                # Before the commit: the task must not have frames that aren't there.
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
