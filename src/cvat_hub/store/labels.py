"""Labels of a task, with their attributes; the points of a skeleton are labels with a parent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from .engine import inserted_id
from .tables import attributes, labels


@dataclass(frozen=True)
class Attribute:
    """An attribute of a label; an id of 0 means that it has yet to be stored."""

    name: str
    mutable: bool
    input_type: str
    default_value: str
    values: Sequence[str]
    id: int = 0


@dataclass(frozen=True)
class Label:
    """A label; an id of 0 means that it has yet to be stored."""

    name: str
    color: str
    type: str
    svg: str = ""
    attributes: Sequence[Attribute] = ()
    sublabels: Sequence[Label] = ()
    id: int = 0
    task_id: int = 0
    parent_id: int | None = None


@dataclass
class _Family:
    """Rows on their way to becoming labels."""

    attributes: dict[int, list[Attribute]] = field(default_factory=dict)
    children: dict[int, list[Label]] = field(default_factory=dict)

    def complete(self, label: Label) -> Label:
        return replace(
            label,
            attributes=self.attributes.get(label.id, ()),
            sublabels=[self.complete(child) for child in self.children.get(label.id, ())],
        )


def of_task(connection: Connection, task_id: int) -> list[Label]:
    """Return the labels of a task, in the order in which they were added."""
    return _read(connection, labels.c.task_id == task_id)


def get(connection: Connection, label_id: int) -> Label | None:
    """Return a label, or a skeleton's point, or None."""
    row = connection.execute(select(labels).where(labels.c.id == label_id)).first()
    if row is None:
        return None
    family = of_task(connection, row.task_id)
    members = [*family, *(child for label in family for child in label.sublabels)]
    return next(label for label in members if label.id == label_id)


def add(connection: Connection, task_id: int, label: Label, parent_id: int | None = None) -> int:
    """Add a label with its attributes and sublabels, and return its id."""
    row = {
        "task_id": task_id,
        "parent_id": parent_id,
        "name": label.name,
        "color": label.color,
        "type": label.type,
        "svg": label.svg,
    }
    label_id = inserted_id(connection.execute(insert(labels).values(row)))
    for attribute in label.attributes:
        connection.execute(insert(attributes).values(_attribute_row(label_id, attribute)))
    points = {sub.name: add(connection, task_id, sub, label_id) for sub in label.sublabels}
    if label.svg and points:
        drawn = _with_ids(label.svg, points)
        connection.execute(update(labels).where(labels.c.id == label_id).values(svg=drawn))
    return label_id


def count_of_tasks(connection: Connection, task_ids: Sequence[int]) -> dict[int, int]:
    """Return the number of labels of each of these tasks; sublabels don't count."""
    query = (
        select(labels.c.task_id, func.count())
        .where(labels.c.task_id.in_(task_ids), labels.c.parent_id.is_(None))
        .group_by(labels.c.task_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _read(connection: Connection, where: Any) -> list[Label]:
    family = _Family()
    query: Select[Any] = (
        select(attributes)
        .join(labels, labels.c.id == attributes.c.label_id)
        .where(where)
        .order_by(attributes.c.id)
    )
    for row in connection.execute(query):
        values = {k: v for k, v in row._mapping.items() if k != "label_id"}
        family.attributes.setdefault(row.label_id, []).append(Attribute(**values))
    roots: list[Label] = []
    for row in connection.execute(select(labels).where(where).order_by(labels.c.id)):
        label = Label(**row._mapping)
        siblings = roots if row.parent_id is None else family.children.setdefault(row.parent_id, [])
        siblings.append(label)
    return [family.complete(label) for label in roots]


def _attribute_row(label_id: int, attribute: Attribute) -> dict[str, Any]:
    return {
        "label_id": label_id,
        "name": attribute.name,
        "mutable": attribute.mutable,
        "input_type": attribute.input_type,
        "default_value": attribute.default_value,
        "values": list(attribute.values),
    }


def _with_ids(svg: str, points: dict[str, int]) -> str:
    # A drawing comes with the names of the points, and goes out with their ids.
    for name, label_id in points.items():
        svg = svg.replace(f'data-label-name="{name}"', f'data-label-id="{label_id}"')
    return svg
