"""Data: the frames of a task, and the requests that run in the background."""

from __future__ import annotations

from collections.abc import Mapping

from cvat_hub.media.manifest import Manifest
from cvat_hub.store import requests, tasks, users
from cvat_sdk import models


def meta(
    data: tasks.Data, manifest: Manifest, frames: tuple[int, int] | None = None
) -> models.DataMetaRead:
    """Return what is known of the frames of a task, or of those from the first to the last."""
    first, last = frames or (0, data.size - 1)
    infos = manifest.frames if data.kind == "video" else manifest.frames[first : last + 1]
    return models.DataMetaRead(
        chapters=[] if data.kind == "video" else None,
        chunks_updated_date=data.updated_date,
        chunk_size=data.chunk_size,
        size=last - first + 1,
        image_quality=data.image_quality,
        start_frame=data.start_frame + first * manifest.step,
        stop_frame=data.start_frame + last * manifest.step if frames else data.stop_frame,
        frame_filter=data.frame_filter,
        frames=[
            models.FrameMeta(
                name=info.name,
                width=info.width,
                height=info.height,
                related_files=0,
                has_related_context=False,
            )
            for info in infos
        ],
        deleted_frames=[frame for frame in data.deleted_frames if first <= frame <= last],
        included_frames=None,
        storage="local",
        cloud_storage_id=None,
    )


def request(found: requests.Request, people: Mapping[int, users.User]) -> models.Request:
    """Return a background request."""
    owner = people.get(found.owner_id or 0)
    return models.Request(
        status=models.RequestStatus(found.status),
        message=found.message,
        id=found.id,
        operation=models.RequestDataOperation(
            type=found.type,
            target=found.target,
            project_id=None,
            task_id=found.task_id,
            job_id=None,
            format=None,
            lightweight=None,
        ),
        progress=found.progress,
        created_date=found.created_date,
        started_date=found.started_date,
        finished_date=found.finished_date,
        expiry_date=None,
        owner=models.BasicUser(id=owner.id, username=owner.username) if owner else None,
        result_url=None,
        result_id=None,
    )
