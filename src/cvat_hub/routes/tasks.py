"""Tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, case, select

from cvat_hub import access, label_specs, records
from cvat_hub.access import Right
from cvat_hub.call import Call, Handler
from cvat_hub.errors import at
from cvat_hub.filters import Fields
from cvat_hub.lists import page
from cvat_hub.replies import Reply, empty, json_reply
from cvat_hub.store import labels, tasks, users
from cvat_hub.store.tables import data as data_rows
from cvat_hub.store.tables import tasks as rows
from cvat_hub.store.tables import users as user_rows
from cvat_sdk import models

_new = msgspec.json.Decoder(models.TaskWriteRequest)
_patch = msgspec.json.Decoder(models.PatchedTaskWriteRequest)
_CHANGEABLE = ("name", "bug_tracker", "subset")


def _name_of(user_id: Any) -> Any:
    return select(user_rows.c.username).where(user_rows.c.id == user_id).scalar_subquery()


_mode = case(
    (data_rows.c.kind == "video", "interpolation"),
    (data_rows.c.kind == "imageset", "annotation"),
    else_="",
)
FIELDS = Fields(
    {
        "id": rows.c.id,
        "name": rows.c.name,
        "subset": rows.c.subset,
        "owner": _name_of(rows.c.owner_id),
        "assignee": _name_of(rows.c.assignee_id),
        "mode": _mode,
        "tracker_link": rows.c.bug_tracker,
        "created_date": rows.c.created_date,
        "updated_date": rows.c.updated_date,
    },
    searched=("name", "owner", "assignee", "mode", "subset", "tracker_link"),
)


def list_all(call: Call) -> Reply:
    """List the tasks that the user may see."""
    with call.hub.store.read() as connection:

        def found(page_rows: Sequence[Row[Any]]) -> list[models.TaskRead]:
            return records.of_tasks(
                call, connection, [tasks.read(row._mapping) for row in page_rows]
            )

        query = tasks.query().where(access.visible_tasks(call.user))
        return page(call, connection, FIELDS.apply(query, call.query), found)


def create(call: Call) -> Reply:
    """Create a task without data."""
    asked = call.json(_new)
    if asked.get("project_id") is not None:
        raise at(["project_id"], "this hub has no projects yet")
    specs = label_specs.read(asked.get("labels", []))
    values = {
        "name": asked.name,
        "owner_id": call.user.id,
        "bug_tracker": asked.get("bug_tracker", ""),
        "subset": asked.get("subset", ""),
        "segment_size": asked.get("segment_size", 0),
        "overlap": asked.get("overlap"),
    }
    with call.hub.store.write() as connection:
        values["assignee_id"] = _assignee(connection, asked.get("assignee_id"))
        task_id = tasks.add(connection, values, call.hub.clock())
        for label in specs:
            labels.add(connection, task_id, label)
        record = _record(call, connection, task_id)
    return json_reply(record, 201, {"Location": call.link(f"tasks/{task_id}")})


def show(call: Call) -> Reply:
    """Show a task."""
    with call.hub.store.read() as connection:
        task = access.task(connection, call.user, call.number("task_id"), Right.VIEW)
        return json_reply(records.of_tasks(call, connection, [task])[0])


def change(call: Call) -> Reply:
    """Change what describes a task, and add labels."""
    asked = call.json(_patch)
    values = {name: asked[name] for name in _CHANGEABLE if name in asked}
    now = call.hub.clock()
    with call.hub.store.write() as connection:
        task = access.task(connection, call.user, call.number("task_id"), Right.CHANGE)
        if "assignee_id" in asked:
            assignee = _assignee(connection, asked.assignee_id)
            values |= {"assignee_id": assignee, "assignee_updated_date": now}
        existing = [label.name for label in labels.of_task(connection, task.id)]
        for label in label_specs.read(asked.get("labels", []), existing):
            labels.add(connection, task.id, label)
        tasks.change(connection, task.id, values, now)
        return json_reply(_record(call, connection, task.id))


def delete(call: Call) -> Reply:
    """Delete a task with its data and annotations."""
    with call.hub.store.write() as connection:
        task = access.task(connection, call.user, call.number("task_id"), Right.DELETE)
        data_id = tasks.remove(connection, task)
    call.hub.pixels.forget(task.id, data_id)
    return empty()


def _record(call: Call, connection: Connection, task_id: int) -> models.TaskRead:
    task = tasks.get(connection, task_id)
    assert task is not None
    return records.of_tasks(call, connection, [task])[0]


def _assignee(connection: Connection, user_id: int | None) -> int | None:
    if user_id is not None and not users.by_ids(connection, [user_id]):
        raise at(["assignee_id"], f'Invalid pk "{user_id}" - object does not exist.')
    return user_id


ROUTES = {
    "tasks": {"GET": Handler(list_all), "POST": Handler(create)},
    "tasks/{task_id:id}": {
        "GET": Handler(show),
        "PATCH": Handler(change),
        "DELETE": Handler(delete),
    },
}
