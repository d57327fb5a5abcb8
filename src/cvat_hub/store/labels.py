"""Labels of a task or a project, with their attributes.

The points of a skeleton are labels with a parent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from html import escape
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from .engine import inserted_id
from .tables import attributes, labels, tasks


@dataclass(frozen=True)
class Attribute:
    """An attribute of a label; an id of 0 means that it has yet to be stored."""

    name: str
    mutable: bool
    input_type: str
    default_value: str
    values: Sequence[str]
    id: int = 0


class Home(NamedTuple):
    """What labels belong to: a task, or a project and its tasks."""

    task_id: int | None = None
    project_id: int | None = None

    def condition(self) -> ColumnElement[bool]:
        """Return the condition that a label belongs here."""
        if self.project_id is not None:
            return labels.c.project_id == self.project_id
        return labels.c.task_id == self.task_id


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
    task_id: int | None = None
    project_id: int | None = None
    parent_id: int | None = None

    @property
    def home(self) -> Home:
        """What the label belongs to."""
        return Home(self.task_id, self.project_id)


@dataclass
class _Family:
    """Rows on their way to becoming labels."""

    attributes: dict[int, list[Attribute]] = field(default_factory=dict)
    children: defaultdict[int, list[Label]] = field(default_factory=lambda: defaultdict(list))

    def complete(self, label: Label) -> Label:
        return replace(
            label,
            attributes=self.attributes[label.id],
            sublabels=[self.complete(child) for child in self.children[label.id]],
        )


def of_task(connection: Connection, task_id: int) -> list[Label]:
    """Return the labels of a task, or of its project, in the order in which they were added."""
    return _read(connection, _OF_TASK, {"task_id": task_id})


def of_home(connection: Connection, home: Home) -> list[Label]:
    """Return the labels of a task, or of a project, in the order in which they were added."""
    return _read(connection, _query(home.condition()))


def by_ids(connection: Connection, ids: Sequence[int]) -> dict[int, Label]:
    """Return the labels of these ids; none of them is a skeleton's point."""
    of_these = or_(labels.c.id.in_(ids), labels.c.parent_id.in_(ids))
    return {label.id: label for label in _read(connection, _query(of_these))}


def get(connection: Connection, label_id: int) -> Label | None:
    """Return a label, or a skeleton's point, or None."""
    row = connection.execute(select(labels).where(labels.c.id == label_id)).first()
    if row is None:
        return None
    family = of_home(connection, Home(row.task_id, row.project_id))
    members = [*family, *(child for label in family for child in label.sublabels)]
    return next(label for label in members if label.id == label_id)


def add(connection: Connection, home: Home, label: Label, parent_id: int | None = None) -> int:
    """Add a label with its attributes and sublabels, and return its id."""
    row = {
        **home._asdict(),
        "parent_id": parent_id,
        "name": label.name,
        "color": label.color,
        "type": label.type,
        "svg": label.svg,
    }
    label_id = inserted_id(connection.execute(insert(labels).values(row)))
    for attribute in label.attributes:
        connection.execute(insert(attributes).values(_attribute_row(label_id, attribute)))
    points = {sub.name: add(connection, home, sub, label_id) for sub in label.sublabels}
    if label.svg and points:
        drawn = _with_ids(label.svg, points)
        connection.execute(update(labels).where(labels.c.id == label_id).values(svg=drawn))
    return label_id


def change(connection: Connection, label: Label) -> None:
    """Change a label and its attributes; those without an id are added, and none is removed."""
    svg = _with_ids(label.svg, {sub.name: sub.id for sub in label.sublabels})
    row = {"name": label.name, "color": label.color, "type": label.type, "svg": svg}
    connection.execute(update(labels).where(labels.c.id == label.id).values(row))
    for attribute in label.attributes:
        values = _attribute_row(label.id, attribute)
        if attribute.id:
            this = attributes.c.id == attribute.id
            connection.execute(update(attributes).where(this).values(values))
        else:
            connection.execute(insert(attributes).values(values))
    for sub in label.sublabels:
        change(connection, sub)


def remove(connection: Connection, label_id: int) -> None:
    """Remove a label with its attributes and sublabels."""
    connection.execute(delete(labels).where(labels.c.id == label_id))


def remove_attribute(connection: Connection, attribute_id: int) -> None:
    """Remove an attribute of a label."""
    connection.execute(delete(attributes).where(attributes.c.id == attribute_id))


def _query(condition: ColumnElement[bool]) -> Select[Any]:
    """Return what asks for some labels and their attributes, a row for each attribute."""
    own = [column.label(f"attribute_{column.name}") for column in attributes.c]
    every = select(labels, *own).outerjoin(attributes, attributes.c.label_id == labels.c.id)
    return every.where(condition).order_by(labels.c.id, attributes.c.id)


# Nearly every write of annotations asks this: it is put together once.
_OF_TASK = _query(
    or_(
        labels.c.task_id == bindparam("task_id"),
        labels.c.project_id
        == select(tasks.c.project_id).where(tasks.c.id == bindparam("task_id")).scalar_subquery(),
    )
)


def _read(
    connection: Connection, query: Select[Any], values: Mapping[str, int] | None = None
) -> list[Label]:
    family = _Family()
    roots: list[Label] = []
    for _, rows in groupby(connection.execute(query, values).mappings(), itemgetter("id")):
        first, *_ = found = list(rows)
        label = Label(**{name: first[name] for name in _LABEL})
        family.attributes[label.id] = [_attribute(row) for row in found if row["attribute_id"]]
        siblings = roots if label.parent_id is None else family.children[label.parent_id]
        siblings.append(label)
    return [family.complete(label) for label in roots]


def _attribute(row: RowMapping) -> Attribute:
    return Attribute(**{name: row[f"attribute_{name}"] for name in _ATTRIBUTE})


_LABEL = [column.name for column in labels.c]
_ATTRIBUTE = [field.name for field in fields(Attribute)]


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
        svg = svg.replace(f'data-label-name="{escape(name)}"', f'data-label-id="{label_id}"')
    return svg
