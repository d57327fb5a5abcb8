"""A folder that holds what was downloaded of a task, and knows whether that is still right."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import msgspec

from cvat_sdk import models
from cvat_sdk.api_client.wire import paused_garbage_collection
from cvat_sdk.core.proxies.tasks import Task
from cvat_sdk.models.record import decoder

if TYPE_CHECKING:
    import logging

    from cvat_sdk.core.client import Client

R = TypeVar("R")

# The layout is our own: the official package keeps its files in the same folder by default.
_LAYOUT = "hub-1"


class UpdatePolicy(Enum):
    """When to ask the server."""

    IF_MISSING_OR_STALE = auto()
    """Download what is not there or has changed on the server."""

    NEVER = auto()
    """Use what is there, without any request; FileNotFoundError where something is missing."""


class TaskCache:
    """The files of one task of one server. Files appear complete or not at all."""

    def __init__(self, folder: Path, logger: logging.Logger) -> None:
        self.folder = folder
        self._logger = logger

    @classmethod
    def of(cls, client: Client, task_id: int) -> TaskCache:
        """Return the cache of a task in the folder that the client's configuration names."""
        server = re.sub(r"[^A-Za-z0-9.-]+", "_", client.api_map.host)
        base = Path(client.config.cache_dir) / _LAYOUT / server / "tasks"
        return cls(base / str(task_id), client.logger)

    def load(self, name: str, kind: type[R]) -> R:
        """Return a record that was kept.

        Raises:
            FileNotFoundError: there is none; the message says what to do.
        """
        data = self.existing(f"{name}.json").read_bytes()
        with paused_garbage_collection():
            record: R = decoder(kind).decode(data)  # type: ignore[arg-type]
            return record

    def find(self, name: str, kind: type[R]) -> R | None:
        """Return a record that was kept, None if there is none that can be read."""
        try:
            return self.load(name, kind)
        except FileNotFoundError:
            return None
        except (msgspec.MsgspecError, OSError) as error:
            self._logger.warning("%s/%s.json cannot be used: %s", self.folder, name, error)
            return None

    def save(self, name: str, value: Any) -> None:
        """Keep a record."""
        self.write(f"{name}.json", lambda file: file.write(msgspec.json.encode(value)))

    def existing(self, name: str) -> Path:
        """Return the path of a file that is there.

        Raises:
            FileNotFoundError: it is not.
        """
        path = self.folder / name
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} is not there: this part of the task was not downloaded. "
                "Run once with UpdatePolicy.IF_MISSING_OR_STALE"
            )
        return path

    def write(self, name: str, fill: Callable[[IO[bytes]], object]) -> Path:
        """Make a file, which appears when `fill` has returned."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "w+b") as file:
                fill(file)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return path

    def forget(self, name: str) -> None:
        """Remove a file or a folder, if it is there."""
        path = self.folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


class TaskRecords:
    """The records of a task, from the server or from the cache, as the policy says.

    Raises:
        FileNotFoundError: the policy is NEVER, and something was not downloaded.
        ApiException: the server answered with an error.
    """

    def __init__(self, client: Client, task_id: int, policy: UpdatePolicy) -> None:
        self.cache = TaskCache.of(client, task_id)
        self._asks = policy is UpdatePolicy.IF_MISSING_OR_STALE
        self._client = client
        if self._asks:
            self._refresh(client.api_client.tasks_api.retrieve(task_id)[0])
        self.task = Task(client, self.cache.load("task", models.TaskRead))
        self.labels = self._get("labels", list[models.Label], self.task.get_labels)
        self.meta = self._get("meta", models.DataMetaRead, self._get_meta)

    def annotations(self) -> models.LabeledData:
        """Return all annotations of the task."""
        return self._get("annotations", models.LabeledData, self.task.get_annotations)

    def file(self, name: str, fill: Callable[[IO[bytes]], object]) -> Path:
        """Return the path of a file, which `fill` downloads if it is missing and may be."""
        if not self._asks or (self.cache.folder / name).is_file():
            return self.cache.existing(name)
        return self.cache.write(name, fill)

    def _get(self, name: str, kind: type[R], download: Callable[[], R]) -> R:
        found = self.cache.find(name, kind) if self._asks else self.cache.load(name, kind)
        if found is None:
            found = download()
            self.cache.save(name, found)
        return found

    def _refresh(self, now: models.TaskRead) -> None:
        before = self.cache.find("task", models.TaskRead)
        if before is None or before.get("updated_date") != now.get("updated_date"):
            for name in ("labels.json", "meta.json", "annotations.json"):
                self.cache.forget(name)
        self.cache.save("task", now)

    def _get_meta(self) -> models.DataMetaRead:
        meta = self.task.get_meta()
        # Of older servers, only the task's date tells whether its pixels may have changed.
        date = meta.get("chunks_updated_date") or self.task.updated_date
        if self.cache.find("pixels", str) != str(date):
            self.cache.forget("chunks")
            self.cache.forget("frames")
            self.cache.save("pixels", str(date))
        return meta
