"""Work: projects, their tasks, and the jobs of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from cvat_hub.call import Call
from cvat_hub.store import jobs, projects, tasks, users
from cvat_sdk import models

from .people import basic_user


def of_projects(
    call: Call, connection: Connection, found: Sequence[projects.Project]
) -> list[models.ProjectRead]:
    """Return projects, with what they hold."""
    people = users.by_ids(connection, [i for one in found for i in (one.owner_id, one.assignee_id)])
    contents = projects.contents(connection, [project.id for project in found])
    return [
        _project(call, project, people, contents.get(project.id, projects.Content()))
        for project in found
    ]


def _project(
    call: Call, found: projects.Project, people: Mapping[int, users.User], held: projects.Content
) -> models.ProjectRead:
    return models.ProjectRead(
        url=call.link(f"projects/{found.id}"),
        id=found.id,
        name=found.name,
        owner=basic_user(call, people.get(found.owner_id or 0)),
        assignee=basic_user(call, people.get(found.assignee_id or 0)),
        guide_id=None,
        bug_tracker=found.bug_tracker,
        task_subsets=list(held.subsets),
        created_date=found.created_date,
        updated_date=found.updated_date,
        status="annotation",
        dimension="2d" if held.count else None,
        organization=found.organization_id,
        organization_id=found.organization_id,
        target_storage=None,
        source_storage=None,
        tasks=models.TasksSummary(count=held.count, url=call.link(f"tasks?project_id={found.id}")),
        labels=models.LabelsSummary(url=call.link(f"labels?project_id={found.id}")),
        assignee_updated_date=found.assignee_updated_date,
    )


def of_tasks(
    call: Call, connection: Connection, found: Sequence[tasks.Task]
) -> list[models.TaskRead]:
    """Return tasks, with what belongs to them."""
    people = users.by_ids(
        connection, [i for task in found for i in (task.owner_id, task.assignee_id)]
    )
    counts = tasks.job_counts(connection, [task.id for task in found])
    parents = _parents(connection, found)
    return [
        _task(
            call,
            task,
            people,
            counts.get(task.id, tasks.JobCounts()),
            parents.get(task.project_id or 0),
        )
        for task in found
    ]


def _parents(connection: Connection, found: Sequence[tasks.Task]) -> dict[int, projects.Project]:
    ids = {task.project_id for task in found if task.project_id}
    return projects.by_ids(connection, ids) if ids else {}


def _task(
    call: Call,
    found: tasks.Task,
    people: Mapping[int, users.User],
    counts: tasks.JobCounts,
    parent: projects.Project | None,
) -> models.TaskRead:
    record = models.TaskRead(
        url=call.link(f"tasks/{found.id}"),
        id=found.id,
        name=found.name,
        project_id=found.project_id,
        project_name=parent.name if parent else None,
        mode=mode(found),
        owner=basic_user(call, people.get(found.owner_id or 0)),
        assignee=basic_user(call, people.get(found.assignee_id or 0)),
        bug_tracker=found.bug_tracker,
        created_date=found.created_date,
        updated_date=found.updated_date,
        overlap=found.overlap,
        segment_size=found.segment_size,
        status=counts.status,
        guide_id=None,
        dimension="2d",
        subset=found.subset,
        organization_id=found.organization_id,
        organization=found.organization_id,
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


def of_jobs(call: Call, connection: Connection, found: Sequence[jobs.Job]) -> list[models.JobRead]:
    """Return jobs, with what they take from their tasks."""
    people = users.by_ids(connection, [job.assignee_id for job in found])
    owners = tasks.by_ids(connection, {job.task_id for job in found})
    above = _parents(connection, list(owners.values()))
    return [
        _job(
            call,
            job,
            owners[job.task_id],
            people,
            above.get(owners[job.task_id].project_id or 0),
        )
        for job in found
    ]


def _job(
    call: Call,
    found: jobs.Job,
    parent: tasks.Task,
    people: Mapping[int, users.User],
    project: projects.Project | None,
) -> models.JobRead:
    record = models.JobRead(
        url=call.link(f"jobs/{found.id}"),
        id=found.id,
        task_id=found.task_id,
        task_name=parent.name,
        project_id=parent.project_id,
        project_name=project.name if project else None,
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
        organization=parent.organization_id,
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
