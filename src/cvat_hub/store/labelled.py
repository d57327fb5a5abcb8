"""What becomes of annotations when the labels of their task or project change."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, select

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


def forget_attribute(
    connection: Connection, home: Home, attribute_id: int, now: Date
) -> list[Hidden]:
    """Hide the values of an attribute that goes, in all annotations that have one.

    Returns:
        What is to be swept up in time.
    """
    owner = select(labels.c.id, labels.c.parent_id).join(attributes)
    row = connection.execute(owner.where(attributes.c.id == attribute_id)).one()
    label_id = row.parent_id or row.id
    return hide_label(connection, _in(home), label_id, now, attribute_id)


def _of_home(home: Home) -> ColumnElement[bool]:
    return stored.c.task_id.in_(select(tasks.c.id).where(_in(home)))


def _in(home: Home) -> ColumnElement[bool]:
    if home.project_id is None:
        return tasks.c.id == home.task_id
    return tasks.c.project_id == home.project_id
