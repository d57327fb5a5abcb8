"""Jobs: the parts of tasks that people work on."""

from __future__ import annotations

from cvat_sdk.core.proxies.annotations import AnnotationCrudMixin
from cvat_sdk.core.proxies.frames import FramesMixin
from cvat_sdk.core.proxies.model_proxy import ModelUpdateMixin, Repo


class Job(FramesMixin, AnnotationCrudMixin, ModelUpdateMixin):
    """A job: a range of a task's frames. Its annotations' frame numbers are those of the task."""

    api_name = "jobs_api"
    patch_argument = "patched_job_write_request"
    meta_argument = "patched_job_data_meta_write_request"
    label_filter = "job_id"


class JobsRepo(Repo[Job]):
    """All jobs on a server."""

    entity_type = Job
