"""What will be asked for next is fetched and preprocessed ahead, while shapes are tracked."""

from __future__ import annotations

import logging
import queue
import threading

from cvat_agent.failures import AgentError, BadRequestError
from cvat_agent.jobs import Bench, Job
from cvat_sdk.exceptions import CvatSdkException


class Prefetching:
    """A thread that gets frames ready. Only the newest wish counts."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._seen: dict[int, int] = {}
        self._wishes: queue.Queue[tuple[Bench, int, int] | None] = queue.Queue(maxsize=1)
        self._thread = threading.Thread(target=self._run, name="cvat-agent-ahead", daemon=True)
        self._thread.start()

    def expect(self, bench: Bench, job: Job) -> None:
        """Learn of a request that was fulfilled, and get ready for the one after it."""
        task_id, frame = job.params.get("task"), job.params.get("frame")
        if job.kind not in ("init_tracking", "track"):
            return
        if not isinstance(task_id, int) or not isinstance(frame, int):
            return
        step = frame - self._seen.get(task_id, frame - 1)
        self._seen = {task_id: frame}
        # A leap is no direction of travel.
        if abs(step) == 1:
            self._wish((bench, task_id, frame + step))

    def close(self, timeout_s: float = 5.0) -> None:
        """End the thread, when it has done what it is at."""
        self._wish(None)
        self._thread.join(timeout_s)

    def _wish(self, wish: tuple[Bench, int, int] | None) -> None:
        while True:
            try:
                self._wishes.put_nowait(wish)
            except queue.Full:
                self._drop_one()
            else:
                return

    def _drop_one(self) -> None:
        try:
            self._wishes.get_nowait()
        except queue.Empty:
            return

    def _run(self) -> None:
        while (wish := self._wishes.get()) is not None:
            try:
                self._get_ready(*wish)
            except BadRequestError:
                continue  # The task ends there, or the frame is deleted.
            except (AgentError, CvatSdkException) as error:
                self._logger.info("a frame could not be fetched ahead: %s", error)
            except Exception:
                self._logger.exception("a frame could not be fetched ahead")

    def _get_ready(self, bench: Bench, task_id: int, frame: int) -> None:
        known = bench.frames.task(task_id)
        with bench.frames.image(known, frame) as picture:
            bench.worker.call_if_free("prepare", known.key(frame), picture)
