"""Tasks, and the data that they get once it is prepared."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from .engine import inserted_id
from .hidden import Hidden, clear
from .tables import data, jobs, projects, tasks

Date = datetime.datetime


@dataclass(frozen=True)
class Data:
    """What is known of the pixels of a task; `size` is the number of frames."""

    kind: str
    size: int
    chunk_size: int
    image_quality: int
    start_frame: int
    stop_frame: int
    frame_filter: str
    original_chunk_type: str
    compressed_chunk_type: str
    deleted_frames: Sequence[int]
    updated_date: Date
    id: int = 0


@dataclass(frozen=True)
class Task:
    """A task, with its data if that is ready, and the number of its jobs by stage and state."""

    id: int
    name: str
    owner_id: int | None
    assignee_id: int | None
    assignee_updated_date: Date | None
    project_id: int | None
    organization_id: int | None
    bug_tracker: str
    subset: str
    segment_size: int
    overlap: int | None
    created_date: Date
    updated_date: Date
    data: Data | None


@dataclass(frozen=True)
class JobCounts:
    """How many jobs a task has, and how far they are."""

    count: int = 0
    completed: int = 0
    validation: int = 0

    @property
    def status(self) -> str:
        """How far the task is: the stage of the job that is least far."""
        if not self.count or self.completed + self.validation < self.count:
            return "annotation"
        return "validation" if self.validation else "completed"


_DATA = [column.label(f"data_{column.name}") for column in data.c]
_OWN = [column for column in tasks.c if column.name != "data_id"]


def query() -> Select[Any]:
    """Return the query that `read` understands, to be narrowed by the caller."""
    return select(*_OWN, *_DATA).outerjoin(data, data.c.id == tasks.c.data_id)


# Nearly every request asks this: it is put together once.
_BY_ID = query().where(tasks.c.id == bindparam("task_id"))


def read(row: RowMapping) -> Task:
    """Return the task that a row of `query` holds."""
    pixels = {column.name: row[f"data_{column.name}"] for column in data.c}
    return Task(
        **{column.name: row[column.name] for column in _OWN},
        data=Data(**pixels) if pixels["id"] is not None else None,
    )


def get(connection: Connection, task_id: int) -> Task | None:
    """Return a task, or None."""
    row = connection.execute(_BY_ID, {"task_id": task_id}).first()
    return read(row._mapping) if row else None


def by_ids(connection: Connection, ids: Collection[int]) -> dict[int, Task]:
    """Return the tasks of these ids."""
    rows = connection.execute(query().where(tasks.c.id.in_(ids))).mappings()
    return {row["id"]: read(row) for row in rows}


def there(connection: Connection, ids: Collection[int]) -> set[int]:
    """Return those of these ids that tasks have."""
    return set(connection.scalars(select(tasks.c.id).where(tasks.c.id.in_(ids))))


def of_project(connection: Connection, project_id: int) -> list[Task]:
    """Return the tasks of a project."""
    rows = connection.execute(query().where(tasks.c.project_id == project_id)).mappings()
    return [read(row) for row in rows]


def people_in_project(connection: Connection, project_id: int) -> set[int]:
    """Return the users who own, or are assigned, a task of a project or a job of one."""
    people = (
        select(tasks.c.owner_id, tasks.c.assignee_id, jobs.c.assignee_id)
        .outerjoin(jobs, jobs.c.task_id == tasks.c.id)
        .where(tasks.c.project_id == project_id)
    )
    return {user_id for row in connection.execute(people) for user_id in row if user_id is not None}


def add(connection: Connection, values: Mapping[str, Any], now: Date) -> int:
    """Add a task without data, and return its id."""
    row = {**values, "created_date": now, "updated_date": now}
    return inserted_id(connection.execute(insert(tasks).values(row)))


def change(connection: Connection, task_id: int, values: Mapping[str, Any], now: Date) -> None:
    """Change a task; without values only its date moves."""
    connection.execute(_CHANGE, {**values, "updated_date": now, "this": task_id})


# Without values of its own, it sets those that come with it.
_CHANGE = update(tasks).where(tasks.c.id == bindparam("this"))


def lock(connection: Connection, task_id: int) -> bool:
    """Keep others from changing a task until the transaction ends; return whether there is one."""
    return connection.scalar(_LOCK, {"task_id": task_id}) is not None


_LOCK = select(tasks.c.id).where(tasks.c.id == bindparam("task_id")).with_for_update()


class Removed(NamedTuple):
    """What a task that was removed leaves behind: its pixels, and annotations that nobody sees."""

    data_id: int | None
    annotations: Sequence[Hidden]


def remove(connection: Connection, task: Task, now: Date) -> Removed:
    """Remove a task with everything that belongs to it."""
    # Asked again: the data may have become ready since the task was read.
    lock(connection, task.id)
    data_id = connection.scalar(select(tasks.c.data_id).where(tasks.c.id == task.id))
    leaving = clear(connection, task.id, None, now)
    connection.execute(delete(tasks).where(tasks.c.id == task.id))
    connection.execute(delete(data).where(data.c.id == data_id))
    return Removed(data_id, leaving)


def add_data(connection: Connection, pixels: Data) -> int:
    """Add the description of prepared pixels, and return the number of their folder."""
    row = {name: value for name, value in vars(pixels).items() if name != "id"}
    return inserted_id(connection.execute(insert(data).values(row)))


def change_in_project(
    connection: Connection, project_id: int, values: Mapping[str, Any], now: Date
) -> None:
    """Change all tasks of a project; without values only their date moves."""
    row = {**values, "updated_date": now}
    connection.execute(update(tasks).where(tasks.c.project_id == project_id).values(row))


def set_deleted_frames(connection: Connection, data_id: int, frames: Sequence[int]) -> None:
    """Say which frames are not to be annotated."""
    connection.execute(update(data).where(data.c.id == data_id).values(deleted_frames=list(frames)))


def data_ids(connection: Connection) -> set[int]:
    """Return the numbers of all pixels that belong to a task."""
    return set(connection.scalars(select(tasks.c.data_id).where(tasks.c.data_id.is_not(None))))


def lock_without_data(connection: Connection) -> set[int]:
    """Return the ids of all tasks whose data has yet to come, and lock them.

    Data that is being committed in this moment, say by a hub that is dead already, has come then.
    """
    query = select(tasks.c.id).where(tasks.c.data_id.is_(None)).with_for_update()
    return set(connection.scalars(query))


def project_name() -> ColumnElement[str]:
    """Return the name of a task's project, as part of a query of tasks."""
    of_it = projects.c.id == tasks.c.project_id
    return select(projects.c.name).where(of_it).scalar_subquery()


def status() -> ColumnElement[str]:
    """Return how far a task is, as part of a query of tasks: what `JobCounts.status` says."""
    of_it = jobs.c.task_id == tasks.c.id
    total = func.count(jobs.c.id)
    validated = func.count().filter(_IN_VALIDATION)
    said = case(
        (or_(total == 0, total > func.count().filter(_DONE) + validated), "annotation"),
        (validated > 0, "validation"),
        else_="completed",
    )
    return select(said).select_from(jobs).where(of_it).correlate(tasks).scalar_subquery()


def job_counts(connection: Connection, task_ids: Sequence[int]) -> dict[int, JobCounts]:
    """Return the numbers of jobs of these tasks."""

    counted = (
        select(
            jobs.c.task_id,
            func.count(),
            func.count().filter(_DONE),
            func.count().filter(_IN_VALIDATION),
        )
        .where(jobs.c.task_id.in_(task_ids))
        .group_by(jobs.c.task_id)
    )
    return {row[0]: JobCounts(*row[1:]) for row in connection.execute(counted)}


_DONE = and_(jobs.c.stage == "acceptance", jobs.c.state == "completed")
_IN_VALIDATION = jobs.c.stage == "validation"
