"""What clients read: the records of the wire, made of what the store holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from cvat_sdk import models

from .call import Call
from .media.manifest import Manifest
from .store import jobs, labels, requests, tasks, users


def user(call: Call, found: users.User) -> models.User:
    """Return a user, as they see themselves."""
    return models.User(
        url=call.link(f"users/{found.id}"),
        id=found.id,
        username=found.username,
        first_name=found.first_name,
        last_name=found.last_name,
        email=found.email,
        groups=["admin"] if found.is_admin else ["user"],
        is_staff=found.is_admin,
        is_superuser=found.is_admin,
        is_active=found.is_active,
        last_login=found.last_login,
        date_joined=found.date_joined,
        has_analytics_access=found.is_admin,
    )


def basic_user(call: Call, found: users.User | None) -> models.BasicUser | None:
    """Return a user, as others see them."""
    if found is None:
        return None
    return models.BasicUser(
        url=call.link(f"users/{found.id}"),
        id=found.id,
        username=found.username,
        first_name=found.first_name,
        last_name=found.last_name,
    )


def access_token(call: Call, token: users.AccessToken, value: str = "") -> models.AccessTokenRead:
    """Return a token of the caller; its value is shown once."""
    record = models.AccessTokenRead(
        id=token.id,
        name=token.name,
        created_date=token.created_date,
        updated_date=token.updated_date,
        expiry_date=token.expiry_date,
        last_used_date=token.last_used_date,
        read_only=token.read_only,
        owner=basic_user(call, call.user),
    )
    if value:
        record.value = value
    return record


def of_tasks(
    call: Call, connection: Connection, found: Sequence[tasks.Task]
) -> list[models.TaskRead]:
    """Return tasks, with what belongs to them."""
    people = users.by_ids(
        connection, [i for task in found for i in (task.owner_id, task.assignee_id)]
    )
    counts = tasks.job_counts(connection, [task.id for task in found])
    return [_task(call, task, people, counts.get(task.id, tasks.JobCounts())) for task in found]


def _task(
    call: Call, found: tasks.Task, people: Mapping[int, users.User], counts: tasks.JobCounts
) -> models.TaskRead:
    record = models.TaskRead(
        url=call.link(f"tasks/{found.id}"),
        id=found.id,
        name=found.name,
        project_id=None,
        mode=mode(found),
        owner=basic_user(call, people.get(found.owner_id or 0)),
        assignee=basic_user(call, people.get(found.assignee_id or 0)),
        bug_tracker=found.bug_tracker,
        created_date=found.created_date,
        updated_date=found.updated_date,
        overlap=found.overlap,
        segment_size=found.segment_size,
        status=_status(counts),
        guide_id=None,
        dimension="2d",
        subset=found.subset,
        organization_id=None,
        organization=None,
        target_storage=None,
        source_storage=None,
        jobs=models.JobsSummary(
            count=counts.count,
            completed=counts.completed,
            validation=counts.validation,
            url=call.link(f"jobs?task_id={found.id}"),
        ),
        labels=models.LabelsSummary(url=call.link(f"labels?task_id={found.id}")),
        assignee_updated_date=found.assignee_updated_date,
        validation_mode=None,
        consensus_enabled=False,
    )
    if found.data:
        record.data = found.data.id
        record.size = found.data.size
        record.image_quality = found.data.image_quality
        record.data_chunk_size = found.data.chunk_size
        record.data_original_chunk_type = found.data.original_chunk_type
        record.data_compressed_chunk_type = found.data.compressed_chunk_type
        record.data_cloud_storage_id = None
    return record


def mode(found: tasks.Task) -> str:
    """Return how a task is annotated: frame by frame, or along the time of a video."""
    if found.data is None:
        return ""
    return "interpolation" if found.data.kind == "video" else "annotation"


def _status(counts: tasks.JobCounts) -> str:
    if not counts.count or counts.completed + counts.validation < counts.count:
        return "annotation"
    return "validation" if counts.validation else "completed"


def of_jobs(call: Call, connection: Connection, found: Sequence[jobs.Job]) -> list[models.JobRead]:
    """Return jobs, with what they take from their tasks."""
    people = users.by_ids(connection, [job.assignee_id for job in found])
    parents = tasks.by_ids(connection, {job.task_id for job in found})
    return [_job(call, job, parents[job.task_id], people) for job in found]


def _job(
    call: Call, found: jobs.Job, parent: tasks.Task, people: Mapping[int, users.User]
) -> models.JobRead:
    record = models.JobRead(
        url=call.link(f"jobs/{found.id}"),
        id=found.id,
        task_id=found.task_id,
        task_name=parent.name,
        project_id=None,
        assignee=basic_user(call, people.get(found.assignee_id or 0)),
        guide_id=None,
        dimension="2d",
        bug_tracker=parent.bug_tracker or None,
        status="completed" if found.stage == "acceptance" else found.stage,
        stage=found.stage,
        state=found.state,
        mode=mode(parent),
        frame_count=found.stop_frame - found.start_frame + 1,
        start_frame=found.start_frame,
        stop_frame=found.stop_frame,
        created_date=found.created_date,
        updated_date=found.updated_date,
        issues=models.IssuesSummary(url=call.link(f"issues?job_id={found.id}"), count=0),
        labels=models.LabelsSummary(url=call.link(f"labels?job_id={found.id}")),
        type="annotation",
        organization=None,
        target_storage=None,
        source_storage=None,
        assignee_updated_date=found.assignee_updated_date,
        parent_job_id=None,
        consensus_replicas=0,
    )
    if parent.data:
        record.data_chunk_size = parent.data.chunk_size
        record.data_compressed_chunk_type = parent.data.compressed_chunk_type
        record.data_original_chunk_type = parent.data.original_chunk_type
    return record


def label(found: labels.Label) -> models.Label:
    """Return a label with its attributes and sublabels."""
    record = models.Label(
        id=found.id,
        name=found.name,
        color=found.color,
        type=found.type,
        attributes=[_attribute(attribute) for attribute in found.attributes],
        sublabels=[_sublabel(sub) for sub in found.sublabels],
        task_id=found.task_id,
        parent_id=found.parent_id,
        has_parent=found.parent_id is not None,
    )
    if found.svg:
        record.svg = found.svg
    return record


def _sublabel(found: labels.Label) -> models.Sublabel:
    return models.Sublabel(
        id=found.id,
        name=found.name,
        color=found.color,
        type=found.type,
        attributes=[_attribute(attribute) for attribute in found.attributes],
        has_parent=True,
    )


def _attribute(found: labels.Attribute) -> models.Attribute:
    return models.Attribute(
        id=found.id,
        name=found.name,
        mutable=found.mutable,
        input_type=models.InputTypeEnum(found.input_type),
        default_value=found.default_value,
        values=list(found.values) or [""],
    )


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
