"""Jobs: stretches of a task's frames that are worked on one by one."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from .tables import jobs, tasks

Date = datetime.datetime


@dataclass(frozen=True)
class Job:
    """A job; both ends of its frames are inclusive."""

    id: int
    task_id: int
    assignee_id: int | None
    assignee_updated_date: Date | None
    start_frame: int
    stop_frame: int
    stage: str
    state: str
    created_date: Date
    updated_date: Date


def segments(size: int, segment_size: int, overlap: int) -> list[tuple[int, int]]:
    """Return the first and last frames of the jobs that a task is cut into.

    Args:
        size: the number of frames of the task.
        segment_size: the number of frames of a job; 0 means one job for all.
        overlap: how many frames a job shares with the one before it.

    >>> segments(40, 20, 5)
    [(0, 19), (15, 34), (30, 39)]
    """
    if not 0 < segment_size < size:
        return [(0, size - 1)]
    overlap = min(overlap, segment_size - 1)
    starts = range(0, size - overlap, segment_size - overlap)
    return [(start, min(start + segment_size, size) - 1) for start in starts]


def query() -> Select[Any]:
    """Return the query of jobs together with their tasks, to be narrowed by the caller."""
    return select(jobs).join(tasks, tasks.c.id == jobs.c.task_id)


def get(connection: Connection, job_id: int) -> Job | None:
    """Return a job, or None."""
    row = connection.execute(_BY_ID, {"id": job_id}).first()
    return Job(**row._mapping) if row else None


_BY_ID = select(jobs).where(jobs.c.id == bindparam("id"))


def assignees(connection: Connection, task_id: int) -> set[int]:
    """Return the users to whom jobs of a task are assigned."""
    found = connection.scalars(_ASSIGNEES, {"task_id": task_id})
    return {user_id for user_id in found if user_id is not None}


_ASSIGNEES = select(jobs.c.assignee_id).where(jobs.c.task_id == bindparam("task_id"))


def add(connection: Connection, task_id: int, frames: Iterable[tuple[int, int]], now: Date) -> None:
    """Add the jobs of a task, given their first and last frames."""
    for start, stop in frames:
        row = {
            "task_id": task_id,
            "start_frame": start,
            "stop_frame": stop,
            "stage": "annotation",
            "state": "new",
            "created_date": now,
            "updated_date": now,
        }
        connection.execute(insert(jobs).values(row))


def change(connection: Connection, job_id: int, values: Mapping[str, Any], now: Date) -> None:
    """Change a job; without values only its date moves."""
    connection.execute(_CHANGE, {**values, "updated_date": now, "this": job_id})


# Without values of its own, it sets those that come with it.
_CHANGE = update(jobs).where(jobs.c.id == bindparam("this"))
