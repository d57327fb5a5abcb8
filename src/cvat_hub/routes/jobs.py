"""Jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, literal

from cvat_hub import records
from cvat_hub.call import Call, Handler
from cvat_hub.filters import Fields
from cvat_hub.lists import page, parameters
from cvat_hub.replies import Reply, json_reply
from cvat_hub.rights import access, assignees
from cvat_hub.rights.access import Right
from cvat_hub.rights.visibility import visible_tasks
from cvat_hub.store import jobs, tasks
from cvat_hub.store.tables import jobs as rows
from cvat_hub.store.tables import tasks as task_rows
from cvat_hub.store.users import name_of
from cvat_sdk import models

FIELDS = Fields(
    {
        "id": rows.c.id,
        "task_id": rows.c.task_id,
        "task_name": task_rows.c.name,
        "project_id": task_rows.c.project_id,
        "project_name": tasks.project_name(),
        "assignee": name_of(rows.c.assignee_id),
        "stage": rows.c.stage,
        "state": rows.c.state,
        "type": literal("annotation"),
        "dimension": literal("2d"),
        "updated_date": rows.c.updated_date,
    },
    key=rows.c.id,
    searched=("task_name", "project_name", "assignee", "state", "stage"),
)


def list_all(call: Call) -> Reply:
    """List the jobs of the tasks that the user may see."""
    with call.hub.store.read() as connection:

        def found(page_rows: Sequence[Row[Any]]) -> list[models.JobRead]:
            return records.of_jobs(
                call, connection, [jobs.Job(**row._mapping) for row in page_rows]
            )

        here = call.space.holds(task_rows.c.organization_id)
        query = jobs.query().where(visible_tasks(call.user), here)
        return page(call, connection, FIELDS.apply(query, call.query), found)


def show(call: Call) -> Reply:
    """Show a job."""
    with call.hub.store.read() as connection:
        job, _ = access.job(connection, call.user, call.number("job_id"), Right.VIEW)
        return json_reply(records.of_jobs(call, connection, [job])[0])


def change(call: Call, asked: models.PatchedJobWriteRequest) -> Reply:
    """Say how far a job is, or who works on it; the latter is for those who may change the task."""
    values: dict[str, Any] = {
        name: asked[name].value for name in ("stage", "state") if name in asked
    }
    now = call.hub.clock()
    with call.hub.store.write() as connection:
        right = Right.CHANGE if "assignee" in asked else Right.ANNOTATE
        job, task = access.job(connection, call.user, call.number("job_id"), right)
        if "assignee" in asked:
            assignees.check(connection, "assignee", asked.assignee, task.organization_id)
            values |= {"assignee_id": asked.assignee, "assignee_updated_date": now}
        # The task first, as others do, so that no two writers wait for each other.
        tasks.change(connection, task.id, {}, now)
        jobs.change(connection, job.id, values, now)
        changed = jobs.get(connection, job.id)
        assert changed is not None
        return json_reply(records.of_jobs(call, connection, [changed])[0])


ROUTES = {
    "jobs": {"GET": Handler(list_all, gives=models.PaginatedJobReadList, query=parameters(FIELDS))},
    "jobs/{job_id:id}": {
        "GET": Handler(show, gives=models.JobRead),
        "PATCH": Handler(change, gives=models.JobRead),
    },
}
