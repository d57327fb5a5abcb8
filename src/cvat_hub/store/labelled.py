"""What becomes of annotations when the labels of their task or project change."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from .hidden import Date, Hidden, hide_label
from .labels import Home
from .tables import annotation_rows as stored
from .tables import attributes, labels, tasks


def exist(connection: Connection, home: Home, label_id: int) -> bool:
    """Tell whether anything is annotated with a label."""
    query = select(stored.c.id).where(_of_home(home), stored.c.label_id == label_id).limit(1)
    return connection.execute(query).first() is not None


def remove(connection: Connection, home: Home, label_id: int, now: Date) -> list[Hidden]:
    """Hide the annotations of a label that goes.

    Returns:
        What is to be swept up in time.
    """
    return hide_label(connection, _in(home), label_id, now)


def forget_attribute(connection: Connection, home: Home, attribute_id: int) -> None:
    """Remove the values of an attribute from all annotations that have one."""
    owner = select(labels.c.id, labels.c.parent_id).join(attributes)
    row = connection.execute(owner.where(attributes.c.id == attribute_id)).one()
    of_label = stored.c.label_id == (row.parent_id or row.id)
    query = select(stored.c.id, stored.c.payload).where(_of_home(home), of_label)
    changed = [
        {"of": found.id, "without": payload}
        for found in connection.execute(query)
        if (payload := _without(found.payload, attribute_id)) != found.payload
    ]
    if changed:
        one = update(stored).where(stored.c.id == bindparam("of"))
        values = {"payload": bindparam("without"), "revision": stored.c.revision + 1}
        connection.execute(one.values(values), changed)


def _without(payload: bytes, attribute_id: int) -> bytes:
    annotation = msgspec.json.decode(payload)
    return msgspec.json.encode(annotation) if _drop(annotation, attribute_id) else payload


def _drop(part: dict[str, Any], attribute_id: int) -> bool:
    """Remove the values of an attribute, in place; tell whether there were any."""
    values = part.get("attributes", [])
    kept = [value for value in values if value["spec_id"] != attribute_id]
    if len(kept) < len(values):
        part["attributes"] = kept
    below = [_drop(sub, attribute_id) for name in _PARTS for sub in part.get(name, ())]
    return len(kept) < len(values) or any(below)


_PARTS = ("shapes", "elements")


def _of_home(home: Home) -> ColumnElement[bool]:
    return stored.c.task_id.in_(select(tasks.c.id).where(_in(home)))


def _in(home: Home) -> ColumnElement[bool]:
    if home.project_id is None:
        return tasks.c.id == home.task_id
    return tasks.c.project_id == home.project_id
