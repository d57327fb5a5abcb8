"""Labels of tasks and projects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from cvat_hub import label_changes, records
from cvat_hub.annotations import tidy
from cvat_hub.call import Call, Handler
from cvat_hub.errors import BadRequest, NotFound, at
from cvat_hub.filters import Fields
from cvat_hub.lists import page, parameters
from cvat_hub.replies import Reply, empty, json_reply
from cvat_hub.rights import access
from cvat_hub.rights.access import Right
from cvat_hub.rights.visibility import visible_labels
from cvat_hub.store import labels, projects, tasks
from cvat_hub.store.labels import Home, Label
from cvat_hub.store.tables import labels as rows
from cvat_sdk import models

FIELDS = Fields(
    {
        "id": rows.c.id,
        "name": rows.c.name,
        "color": rows.c.color,
        "type": rows.c.type,
        "parent_id": rows.c.parent_id,
    },
    key=rows.c.id,
    searched=("name",),
    order="id",
)
_OF = ("task_id", "project_id", "job_id")


def list_all(call: Call) -> Reply:
    """List the labels of the task, the project or the job that a parameter names, or all."""
    with call.hub.store.read() as connection:

        def found(page_rows: Sequence[Row[Any]]) -> list[models.Label]:
            ids = [row.id for row in page_rows]
            listed = labels.by_ids(connection, ids)
            return [records.label(listed[label_id]) for label_id in ids]

        return page(call, connection, FIELDS.apply(_wanted(call, connection), call.query), found)


def show(call: Call) -> Reply:
    """Show a label, or a skeleton's point."""
    with call.hub.store.read() as connection:
        return json_reply(
            records.label(access.label(connection, call.user, call.number("label_id"), Right.VIEW))
        )


def change(call: Call, asked: models.PatchedLabelRequest) -> Reply:
    """Change a label, or a skeleton's point, and add, change or remove attributes."""
    label_id = call.number("label_id")
    if asked.get("id", label_id) != label_id or asked.get("deleted"):
        raise at(["id"], f"expected changes of label {label_id} alone")
    with call.hub.store.write() as connection:
        label = access.label(connection, call.user, label_id, Right.CHANGE)
        _touch(call, connection, label.home)
        changes = label_changes.plan(
            [_of_parent(label, asked)], labels.of_home(connection, label.home), []
        )
        leaving = label_changes.apply(connection, label.home, changes, call.hub.clock())
        changed = labels.get(connection, label_id)
    tidy(call.hub.store, leaving)
    assert changed is not None
    return json_reply(records.label(changed))


def delete(call: Call) -> Reply:
    """Delete a label with all annotations that have it."""
    with call.hub.store.write() as connection:
        label = access.label(connection, call.user, call.number("label_id"), Right.CHANGE)
        if label.parent_id is not None:
            raise BadRequest("a skeleton keeps its points; delete the skeleton's label")
        _touch(call, connection, label.home)
        changes = label_changes.Changes(removed=[label.id])
        leaving = label_changes.apply(connection, label.home, changes, call.hub.clock())
    tidy(call.hub.store, leaving)
    return empty()


def _of_parent(label: Label, asked: models.PatchedLabelRequest) -> models.PatchedLabelRequest:
    """Return the wanted changes as changes of a label that is nobody's point."""
    if label.parent_id is None:
        return models.PatchedLabelRequest(**{**asked.to_dict(), "id": label.id})
    if "type" in asked or "svg" in asked or "sublabels" in asked:
        raise BadRequest("of a skeleton's point, only name, color and attributes can be changed")
    point = models.SublabelRequest(
        **{"name": label.name, **asked.to_dict(), "id": label.id},
    )
    return models.PatchedLabelRequest(id=label.parent_id, sublabels=[point])


def _wanted(call: Call, connection: Connection) -> Select[Any]:
    """Return the query of the labels that the parameters name; points come with theirs."""
    query = select(rows).where(rows.c.parent_id.is_(None))
    named = [name for name in _OF if name in call.query]
    if len(named) > 1:
        raise BadRequest(f"expected one of {', '.join(_OF)}")
    if not named:
        return query.where(visible_labels(call.user, call.space))
    number = _parameter(call, named[0])
    if named[0] == "project_id":
        project = access.project(connection, call.user, number, Right.VIEW)
        return query.where(Home(project_id=project.id).condition())
    if named[0] == "job_id":
        _, task = access.job(connection, call.user, number, Right.VIEW)
    else:
        task = access.task(connection, call.user, number, Right.VIEW)
    home = Home(project_id=task.project_id) if task.project_id else Home(task_id=task.id)
    return query.where(home.condition())


def _parameter(call: Call, name: str) -> int:
    text = call.query[name]
    if not text.isdecimal() or not text.isascii() or len(text) > 40:
        raise at([name], "Enter a number.")
    if not access.is_id(int(text)):
        raise NotFound
    return int(text)


def _touch(call: Call, connection: Connection, home: Home) -> None:
    """Move the dates of what the labels belong to; no one else changes them meanwhile."""
    now = call.hub.clock()
    if home.project_id is not None:
        projects.change(connection, home.project_id, {}, now)
        tasks.change_in_project(connection, home.project_id, {}, now)
    elif home.task_id is not None:
        tasks.change(connection, home.task_id, {}, now)


_NUMBER = {"type": "integer"}
ROUTES = {
    "labels": {
        "GET": Handler(
            list_all,
            gives=models.PaginatedLabelList,
            query={**parameters(FIELDS), **dict.fromkeys(_OF, _NUMBER)},
        )
    },
    "labels/{label_id:id}": {
        "GET": Handler(show, gives=models.Label),
        "PATCH": Handler(change, gives=models.Label),
        "DELETE": Handler(delete, status=204),
    },
}
