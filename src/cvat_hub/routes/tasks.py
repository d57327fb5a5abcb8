"""Tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, case, literal

from cvat_hub import label_changes, records
from cvat_hub.annotations import tidy
from cvat_hub.call import Call, Handler
from cvat_hub.errors import NotFound, at
from cvat_hub.filters import Fields
from cvat_hub.lists import page, parameters
from cvat_hub.replies import Reply, empty, json_reply
from cvat_hub.rights import access, assignees
from cvat_hub.rights.access import Right
from cvat_hub.rights.spaces import EVERYWHERE
from cvat_hub.rights.visibility import visible_tasks
from cvat_hub.routes import transfers
from cvat_hub.store import labels, tasks
from cvat_hub.store.labels import Home
from cvat_hub.store.tables import data as data_rows
from cvat_hub.store.tables import tasks as rows
from cvat_hub.store.users import name_of
from cvat_sdk import models

_DESCRIBING = ("name", "bug_tracker", "subset")
_mode = case(
    (data_rows.c.kind == "video", "interpolation"),
    (data_rows.c.kind == "imageset", "annotation"),
    else_="",
)
FIELDS = Fields(
    {
        "id": rows.c.id,
        "name": rows.c.name,
        "project_id": rows.c.project_id,
        "project_name": tasks.project_name(),
        "subset": rows.c.subset,
        "owner": name_of(rows.c.owner_id),
        "assignee": name_of(rows.c.assignee_id),
        "status": tasks.status(),
        "mode": _mode,
        "dimension": literal("2d"),
        "tracker_link": rows.c.bug_tracker,
        "created_date": rows.c.created_date,
        "updated_date": rows.c.updated_date,
    },
    key=rows.c.id,
    searched=(
        "project_name",
        "name",
        "owner",
        "status",
        "assignee",
        "subset",
        "mode",
        "tracker_link",
    ),
)


def list_all(call: Call) -> Reply:
    """List the tasks that the user may see."""
    with call.hub.store.read() as connection:

        def found(page_rows: Sequence[Row[Any]]) -> list[models.TaskRead]:
            return records.of_tasks(
                call, connection, [tasks.read(row._mapping) for row in page_rows]
            )

        here = call.space.holds(rows.c.organization_id)
        query = tasks.query().where(visible_tasks(call.user), here)
        return page(call, connection, FIELDS.apply(query, call.query), found)


def create(call: Call, asked: models.TaskWriteRequest) -> Reply:
    """Create a task without data, with labels of its own or in a project."""
    changes = label_changes.plan(asked.get("labels", []), [])
    values: dict[str, Any] = {
        "name": asked.name,
        "project_id": asked.get("project_id"),
        "bug_tracker": asked.get("bug_tracker", ""),
        "subset": asked.get("subset", ""),
        "segment_size": asked.get("segment_size", 0),
        "overlap": asked.get("overlap"),
        "assignee_id": asked.get("assignee_id"),
    }
    with call.hub.store.write() as connection:
        in_project = values["project_id"] is not None
        place = (
            _place_in_project(call, connection, asked)
            if in_project
            else transfers.place(call, connection)
        )
        values["organization_id"] = place
        values["owner_id"] = transfers.first_owner(call, connection, asked.get("owner_id"), place)
        assignees.check(connection, "assignee_id", values["assignee_id"], place)
        now = call.hub.clock()
        task_id = tasks.add(connection, values, now)
        label_changes.apply(connection, Home(task_id=task_id), changes, now)
        record = _record(call, connection, task_id)
    return json_reply(record, 201, {"Location": call.link(f"tasks/{task_id}")})


def show(call: Call) -> Reply:
    """Show a task."""
    with call.hub.store.read() as connection:
        task = access.task(connection, call.user, call.number("task_id"), Right.VIEW)
        return json_reply(records.of_tasks(call, connection, [task])[0])


def change(call: Call, asked: models.PatchedTaskWriteRequest) -> Reply:
    """Change what describes a task, its labels, who it belongs to, and who works on it."""
    values: dict[str, Any] = {name: asked[name] for name in _DESCRIBING if name in asked}
    now = call.hub.clock()
    with call.hub.store.write() as connection:
        task = access.task(connection, call.user, call.number("task_id"), Right.CHANGE)
        _check_project(asked, task)
        if "organization_id" in asked or "owner_id" in asked:
            access.task(connection, call.user, task.id, Right.DELETE)
        values |= transfers.new_hands(call, connection, asked, task.organization_id)
        tasks.change(connection, task.id, values, now)
        home = Home(task_id=task.id)
        changes = label_changes.plan(asked.get("labels", []), labels.of_home(connection, home))
        leaving = label_changes.apply(connection, home, changes, now)
        record = _record(call, connection, task.id)
    tidy(call.hub.store, leaving)
    return json_reply(record)


def delete(call: Call) -> Reply:
    """Delete a task with its data and annotations."""
    with call.hub.store.write() as connection:
        task = access.task(connection, call.user, call.number("task_id"), Right.DELETE)
        removed = tasks.remove(connection, task, call.hub.clock())
    call.hub.pixels.forget(task.id, removed.data_id)
    tidy(call.hub.store, removed.annotations)
    return empty()


def _record(call: Call, connection: Connection, task_id: int) -> models.TaskRead:
    task = tasks.get(connection, task_id)
    assert task is not None
    return records.of_tasks(call, connection, [task])[0]


def _place_in_project(
    call: Call, connection: Connection, asked: models.TaskWriteRequest
) -> int | None:
    """Return the organization of the project that a new task is to be in."""
    if asked.get("labels"):
        raise at(["labels"], "a task in a project has the labels of the project")
    assert asked.project_id is not None
    try:
        project = access.project(connection, call.user, asked.project_id, Right.CREATE)
    except NotFound:
        message = f'Invalid pk "{asked.project_id}" - object does not exist.'
        raise at(["project_id"], message) from None
    if call.space != EVERYWHERE and call.space.organization_id != project.organization_id:
        raise at(["project_id"], "the project is in another organization than the request")
    return project.organization_id


def _check_project(asked: models.PatchedTaskWriteRequest, task: tasks.Task) -> None:
    if asked.get("project_id", task.project_id) != task.project_id:
        raise at(["project_id"], "a task stays in the project that it was created in")
    if task.project_id is None:
        return
    if asked.get("labels"):
        raise at(["labels"], "a task in a project has the labels of the project; change those")
    if asked.get("organization_id", task.organization_id) != task.organization_id:
        raise at(["organization_id"], "a task in a project is where the project is; move that")


ROUTES = {
    "tasks": {
        "GET": Handler(list_all, gives=models.PaginatedTaskReadList, query=parameters(FIELDS)),
        "POST": Handler(create, gives=models.TaskRead, status=201),
    },
    "tasks/{task_id:id}": {
        "GET": Handler(show, gives=models.TaskRead),
        "PATCH": Handler(change, gives=models.TaskRead),
        "DELETE": Handler(delete, status=204),
    },
}
