"""Projects: tasks that share their labels."""

from __future__ import annotations

import io
from typing import Any, NoReturn

from cvat_sdk import models
from cvat_sdk.core.proxies.labels import LabelsMixin
from cvat_sdk.core.proxies.model_proxy import (
    ModelBatchDeleteMixin,
    ModelCreateMixin,
    ModelDeleteMixin,
    ModelUpdateMixin,
)
from cvat_sdk.core.proxies.tasks import Task
from cvat_sdk.exceptions import ApiAttributeError


class Project(LabelsMixin, ModelUpdateMixin, ModelDeleteMixin):
    """A project."""

    api_name = "projects_api"
    patch_argument = "patched_project_write_request"
    label_filter = "project_id"

    def get_tasks(self) -> list[Task]:
        """Return the project's tasks, the newest first."""
        return self._related(Task, project_id=self.id)

    def get_preview(self) -> io.BytesIO:
        """Return a small picture of the project's first task as an image file.

        Raises:
            NotFoundException: no task has a picture.
        """
        _, response = self.api.retrieve_preview(self.id)
        return io.BytesIO(response.data)

    def get_annotations(self) -> NoReturn:
        """Annotations belong to tasks, where their frame numbers mean something.

        Raises:
            ApiAttributeError: always; servers have no annotations of a whole project.
        """
        raise ApiAttributeError(
            f"project {self.id}: servers keep annotations by task; "
            "read [task.get_annotations() for task in project.get_tasks()]"
        )


class ProjectsRepo(ModelCreateMixin[Project], ModelBatchDeleteMixin[Project]):
    """All projects on a server."""

    entity_type = Project

    def create_from_dataset(self, spec: models.ProjectWriteRequest | dict[str, Any]) -> Project:
        """Make a project; `create` does the same, and this name is that of existing scripts.

        Raises:
            ApiException: the server refuses.
        """
        project = self.create(spec)
        self._client.logger.info("project %s is created", project.id)
        return project
