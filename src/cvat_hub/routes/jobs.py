"""Jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row

from cvat_hub import access, records
from cvat_hub.access import Right
from cvat_hub.call import Call, Handler
from cvat_hub.errors import at
from cvat_hub.filters import Fields
from cvat_hub.lists import page
from cvat_hub.replies import Reply, json_reply
from cvat_hub.store import jobs, tasks, users
from cvat_hub.store.tables import jobs as rows
from cvat_hub.store.tables import tasks as task_rows
from cvat_sdk import models

_patch = msgspec.json.Decoder(models.PatchedJobWriteRequest)
FIELDS = Fields(
    {
        "id": rows.c.id,
        "task_id": rows.c.task_id,
        "task_name": task_rows.c.name,
        "stage": rows.c.stage,
        "state": rows.c.state,
        "updated_date": rows.c.updated_date,
    },
    searched=("task_name", "stage", "state"),
)


def list_all(call: Call) -> Reply:
    """List the jobs of the tasks that the user may see."""
    with call.hub.store.read() as connection:

        def found(page_rows: Sequence[Row[Any]]) -> list[models.JobRead]:
            return records.of_jobs(
                call, connection, [jobs.Job(**row._mapping) for row in page_rows]
            )

        query = jobs.query().where(access.visible_tasks(call.user))
        return page(call, connection, FIELDS.apply(query, call.query), found)


def show(call: Call) -> Reply:
    """Show a job."""
    with call.hub.store.read() as connection:
        job, _ = access.job(connection, call.user, call.number("job_id"), Right.VIEW)
        return json_reply(records.of_jobs(call, connection, [job])[0])


def change(call: Call) -> Reply:
    """Say how far a job is, or who works on it; the latter is for those who may change the task."""
    asked = call.json(_patch)
    values: dict[str, Any] = {
        name: asked[name].value for name in ("stage", "state") if name in asked
    }
    now = call.hub.clock()
    with call.hub.store.write() as connection:
        right = Right.CHANGE if "assignee" in asked else Right.ANNOTATE
        job, task = access.job(connection, call.user, call.number("job_id"), right)
        if "assignee" in asked:
            people = users.by_ids(connection, [asked.assignee])
            if asked.assignee is not None and not people:
                raise at(["assignee"], f'Invalid pk "{asked.assignee}" - object does not exist.')
            values |= {"assignee_id": asked.assignee, "assignee_updated_date": now}
        jobs.change(connection, job.id, values, now)
        tasks.change(connection, task.id, {}, now)
        changed = jobs.get(connection, job.id)
        assert changed is not None
        return json_reply(records.of_jobs(call, connection, [changed])[0])


ROUTES = {
    "jobs": {"GET": Handler(list_all)},
    "jobs/{job_id:id}": {"GET": Handler(show), "PATCH": Handler(change)},
}
