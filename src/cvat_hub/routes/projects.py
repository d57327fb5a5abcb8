"""Projects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, literal, select

from cvat_hub import label_changes, records, schema
from cvat_hub.annotations import tidy
from cvat_hub.call import Call, Handler, Lane
from cvat_hub.errors import NotFound
from cvat_hub.filters import Fields
from cvat_hub.lists import page, parameters
from cvat_hub.replies import Reply, empty, json_reply, media_reply
from cvat_hub.rights import access, assignees
from cvat_hub.rights.access import Right
from cvat_hub.rights.visibility import visible_projects, visible_tasks
from cvat_hub.routes import transfers
from cvat_hub.store import labels, projects, tasks
from cvat_hub.store.labels import Home
from cvat_hub.store.tables import projects as rows
from cvat_hub.store.tables import tasks as task_rows
from cvat_hub.store.users import name_of
from cvat_sdk import models

_DESCRIBING = ("name", "bug_tracker")
FIELDS = Fields(
    {
        "id": rows.c.id,
        "name": rows.c.name,
        "owner": name_of(rows.c.owner_id),
        "assignee": name_of(rows.c.assignee_id),
        "status": literal("annotation"),
        "updated_date": rows.c.updated_date,
    },
    key=rows.c.id,
    searched=("name", "owner", "assignee", "status"),
)


def list_all(call: Call) -> Reply:
    """List the projects that the user may see."""
    with call.hub.store.read() as connection:

        def found(page_rows: Sequence[Row[Any]]) -> list[models.ProjectRead]:
            listed = [projects.Project(**row._mapping) for row in page_rows]
            return records.of_projects(call, connection, listed)

        here = call.space.holds(rows.c.organization_id)
        query = select(rows).where(visible_projects(call.user), here)
        return page(call, connection, FIELDS.apply(query, call.query), found)


def create(call: Call, asked: models.ProjectWriteRequest) -> Reply:
    """Create a project without tasks."""
    changes = label_changes.plan(asked.get("labels", []), [])
    owner_id = asked.get("owner_id")
    with call.hub.store.write() as connection:
        organization_id = transfers.place(call, connection)
        values = {
            "name": asked.name,
            "owner_id": transfers.first_owner(call, connection, owner_id, organization_id),
            "assignee_id": asked.get("assignee_id"),
            "organization_id": organization_id,
            "bug_tracker": asked.get("bug_tracker", ""),
        }
        assignees.check(connection, "assignee_id", values["assignee_id"], organization_id)
        now = call.hub.clock()
        project_id = projects.add(connection, values, now)
        label_changes.apply(connection, Home(project_id=project_id), changes, now)
        record = _record(call, connection, project_id)
    return json_reply(record, 201, {"Location": call.link(f"projects/{project_id}")})


def show(call: Call) -> Reply:
    """Show a project."""
    with call.hub.store.read() as connection:
        project = access.project(connection, call.user, call.number("project_id"), Right.VIEW)
        return json_reply(records.of_projects(call, connection, [project])[0])


def change(call: Call, asked: models.PatchedProjectWriteRequest) -> Reply:
    """Change what describes a project, its labels, who it belongs to, and who works on it."""
    values: dict[str, Any] = {name: asked[name] for name in _DESCRIBING if name in asked}
    now = call.hub.clock()
    with call.hub.store.write() as connection:
        project = access.project(connection, call.user, call.number("project_id"), Right.CHANGE)
        if "organization_id" in asked or "owner_id" in asked:
            access.project(connection, call.user, project.id, Right.DELETE)
        values |= transfers.new_hands(call, connection, asked, project.organization_id)
        projects.change(connection, project.id, values, now)
        moved = {k: v for k, v in values.items() if k == "organization_id"}
        home = Home(project_id=project.id)
        changes = label_changes.plan(asked.get("labels", []), labels.of_home(connection, home))
        if moved or asked.get("labels"):
            tasks.change_in_project(connection, project.id, moved, now)
        leaving = label_changes.apply(connection, home, changes, now)
        record = _record(call, connection, project.id)
    tidy(call.hub.store, leaving)
    return json_reply(record)


def delete(call: Call) -> Reply:
    """Delete a project with its tasks, their data and annotations."""
    with call.hub.store.write() as connection:
        project = access.project(connection, call.user, call.number("project_id"), Right.DELETE)
        projects.lock(connection, project.id)
        inside = tasks.of_project(connection, project.id)
        now = call.hub.clock()
        removed = {task.id: tasks.remove(connection, task, now) for task in inside}
        projects.remove(connection, project.id)
    for task_id, leavings in removed.items():
        call.hub.pixels.forget(task_id, leavings.data_id)
        tidy(call.hub.store, leavings.annotations)
    return empty()


def show_preview(call: Call) -> Reply:
    """Return a small picture of the first task that has data, and that the user may see."""
    with call.hub.store.read() as connection:
        project = access.project(connection, call.user, call.number("project_id"), Right.VIEW)
        pictured = (
            select(task_rows.c.data_id)
            .where(task_rows.c.project_id == project.id, task_rows.c.data_id.is_not(None))
            .where(visible_tasks(call.user))
            .order_by(task_rows.c.id)
        )
        data_id = connection.scalar(pictured.limit(1))
    if data_id is None:
        raise NotFound(f"Project {project.id} has no pictures yet.")
    return media_reply(call.hub.pixels.reader(data_id).preview(0))


def _record(call: Call, connection: Connection, project_id: int) -> models.ProjectRead:
    project = projects.get(connection, project_id)
    assert project is not None
    return records.of_projects(call, connection, [project])[0]


ROUTES = {
    "projects": {
        "GET": Handler(list_all, gives=models.PaginatedProjectReadList, query=parameters(FIELDS)),
        "POST": Handler(create, gives=models.ProjectRead, status=201),
    },
    "projects/{project_id:id}": {
        "GET": Handler(show, gives=models.ProjectRead),
        "PATCH": Handler(change, gives=models.ProjectRead),
        "DELETE": Handler(delete, status=204),
    },
    "projects/{project_id:id}/preview": {
        "GET": Handler(show_preview, Lane.PIXELS, told=schema.media("image/jpeg"))
    },
}
