"""Projects: tasks that share their labels."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from .engine import inserted_id
from .tables import projects, tasks

Date = datetime.datetime


@dataclass(frozen=True)
class Project:
    """A project."""

    id: int
    name: str
    owner_id: int | None
    assignee_id: int | None
    assignee_updated_date: Date | None
    organization_id: int | None
    bug_tracker: str
    created_date: Date
    updated_date: Date


@dataclass(frozen=True)
class Content:
    """How many tasks a project has, and their subsets in the order of the alphabet."""

    count: int = 0
    subsets: Sequence[str] = ()


def get(connection: Connection, project_id: int) -> Project | None:
    """Return a project, or None."""
    return by_ids(connection, [project_id]).get(project_id)


def by_ids(connection: Connection, ids: Collection[int]) -> dict[int, Project]:
    """Return the projects of these ids."""
    rows = connection.execute(select(projects).where(projects.c.id.in_(ids)))
    return {row.id: Project(**row._mapping) for row in rows}


def add(connection: Connection, values: Mapping[str, Any], now: Date) -> int:
    """Add a project, and return its id."""
    row = {**values, "created_date": now, "updated_date": now}
    return inserted_id(connection.execute(insert(projects).values(row)))


def change(connection: Connection, project_id: int, values: Mapping[str, Any], now: Date) -> None:
    """Change a project; without values only its date moves."""
    row = {**values, "updated_date": now}
    connection.execute(update(projects).where(projects.c.id == project_id).values(row))


def lock(connection: Connection, project_id: int) -> None:
    """Keep others from changing a project, or making tasks in it, until the transaction ends."""
    this = projects.c.id == project_id
    connection.execute(select(projects.c.id).where(this).with_for_update())


def remove(connection: Connection, project_id: int) -> None:
    """Remove a project; its tasks and labels go with it."""
    connection.execute(delete(projects).where(projects.c.id == project_id))


def contents(connection: Connection, ids: Sequence[int]) -> dict[int, Content]:
    """Return what these projects hold; those without tasks are left out."""
    counted = (
        select(tasks.c.project_id, tasks.c.subset, func.count())
        .where(tasks.c.project_id.in_(ids))
        .group_by(tasks.c.project_id, tasks.c.subset)
        .order_by(tasks.c.subset)
    )
    found: dict[int, Content] = {}
    for project_id, subset, count in connection.execute(counted):
        before = found.get(project_id, Content())
        subsets = [*before.subsets, subset] if subset else before.subsets
        found[project_id] = Content(before.count + count, subsets)
    return found
