"""Tasks: images or a video, labels, and annotations."""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from cvat_sdk import models
from cvat_sdk.core.background import wait_until_finished
from cvat_sdk.core.proxies.annotations import AnnotationCrudMixin
from cvat_sdk.core.proxies.frames import FramesMixin
from cvat_sdk.core.proxies.jobs import Job
from cvat_sdk.core.proxies.model_proxy import (
    ModelBatchDeleteMixin,
    ModelCreateMixin,
    ModelDeleteMixin,
    ModelUpdateMixin,
)
from cvat_sdk.core.uploading import DataUploader, check_local_files, data_request
from cvat_sdk.exceptions import ApiValueError

if TYPE_CHECKING:
    from cvat_sdk.core.progress import ProgressReporter
    from cvat_sdk.core.transport import Sink

StrPath = str | os.PathLike[str]


class ResourceType(Enum):
    """Where the data of a task comes from."""

    LOCAL = 0
    SHARE = 1
    REMOTE = 2

    def __str__(self) -> str:
        return self.name.lower()

    def __repr__(self) -> str:
        return str(self)


class Task(FramesMixin, AnnotationCrudMixin, ModelUpdateMixin, ModelDeleteMixin):
    """A task."""

    api_name = "tasks_api"
    patch_argument = "patched_task_write_request"
    meta_argument = "patched_data_meta_write_request"
    label_filter = "task_id"

    def upload_data(
        self,
        resources: Sequence[StrPath],
        *,
        resource_type: ResourceType = ResourceType.LOCAL,
        pbar: ProgressReporter | None = None,
        params: dict[str, Any] | None = None,
        wait_for_completion: bool = True,
        status_check_period: float | None = None,
    ) -> None:
        """Give the task its frames; this can be done once.

        Args:
            resources: files of this machine, paths on the server's share, or URLs: images, or one
                video, or one archive of images.
            params: `image_quality` (70), `chunk_size`, `sorting_method` ("lexicographical",
                "natural", "predefined", "random"), `start_frame`, `stop_frame`, `frame_step`,
                `use_zip_chunks`, `use_cache`, `cloud_storage_id`, `filename_pattern`, ...
            wait_for_completion: until the server has taken the frames in.

        Raises:
            FileNotFoundError: a local file is not there; nothing was sent.
            ApiValueError: two local files have the same name; nothing was sent.
            ApiException: the server refuses.
            BackgroundRequestException: the server could not read the data.
        """
        request = data_request(params or {}, self._client.logger)
        uploader = DataUploader(self._client.api_client, self._client.logger)
        if resource_type is ResourceType.LOCAL:
            answer = uploader.upload(self.id, check_local_files(resources), request, pbar=pbar)
        else:
            kind = "server_files" if resource_type is ResourceType.SHARE else "remote_files"
            answer = uploader.finish(self.id, {**request, kind: [str(path) for path in resources]})
        if wait_for_completion:
            self._wait_for_data(answer.get("rq_id"), status_check_period)
            self.fetch()

    def download_chunk(
        self, chunk_id: int, output_file: Sink, *, quality: str | None = None
    ) -> None:
        """Write a chunk (a zip of images or a piece of video) to an open binary file.

        Args:
            chunk_id: chunk `n` holds the frames from `n * data_chunk_size` on.
            quality: "original" or "compressed"; the latter is the server's default.

        Raises:
            ApiException: the server answered with an error.
            TransportError: the answer did not come, or broke off and could not begin anew.
        """
        query = {"type": "chunk", "number": chunk_id, "quality": quality}
        self._client.api_client.download(f"/api/tasks/{self.id}/data/", output_file, query=query)

    def get_jobs(self) -> list[Job]:
        """Return the task's jobs, the newest first."""
        return self._related(Job, task_id=self.id)

    def _wait_for_data(self, rq_id: str | None, period_s: float | None) -> None:
        what = f"task {self.id}: taking in the data"
        if rq_id is not None:
            self._client.wait_for_completion(rq_id, status_check_period=period_s, log_prefix=what)
            return
        # Older servers, such as 2.15, know no requests.
        period = self._client.config.status_check_period if period_s is None else period_s

        def look() -> tuple[str, str | None]:
            status, _ = self.api.retrieve_status(self.id)
            return getattr(status.state, "value", status.state), status.get("message")

        wait_until_finished(
            look,
            what=what,
            period_s=period,
            sleep=self._client.api_client.transport.sleep,
            logger=self._client.logger,
        )


class TasksRepo(ModelCreateMixin[Task], ModelBatchDeleteMixin[Task]):
    """All tasks on a server."""

    entity_type = Task

    def create_from_data(
        self,
        spec: models.TaskWriteRequest | dict[str, Any],
        resources: Sequence[StrPath],
        *,
        resource_type: ResourceType = ResourceType.LOCAL,
        data_params: dict[str, Any] | None = None,
        status_check_period: float | None = None,
        pbar: ProgressReporter | None = None,
    ) -> Task:
        """Make a task, give it its frames, and wait until it is ready.

        Args:
            spec: name and labels, or name and project.
            resources, resource_type, pbar: see `Task.upload_data`.
            data_params: its `params`.

        Raises:
            ApiValueError: labels and project are both given; nothing was sent.
            What `Task.upload_data` raises. When that happens after the task was made, the task
            stays on the server, and a note of the exception tells its id.
        """
        if _value(spec, "project_id") and _value(spec, "labels"):
            raise ApiValueError("a task in a project has the project's labels: leave out labels")
        if resource_type is ResourceType.LOCAL:
            check_local_files(resources)
        task = self.create(spec)
        self._client.logger.info("task %s is created", task.id)
        try:
            task.upload_data(
                resources,
                resource_type=resource_type,
                params=data_params,
                pbar=pbar,
                status_check_period=status_check_period,
            )
        except Exception as error:
            error.add_note(f"task {task.id} was created and is left without data")
            raise
        return task

    def remove_by_ids(self, task_ids: Sequence[int]) -> None:
        """Remove tasks. Ids that are not there are logged and passed over.

        Raises:
            ApiException: the server refuses to remove one of them; the others are removed.
        """
        super().remove_by_ids(task_ids)


def _value(spec: models.TaskWriteRequest | dict[str, Any], name: str) -> Any:
    return spec.get(name) if isinstance(spec, dict) else getattr(spec, name, None)
