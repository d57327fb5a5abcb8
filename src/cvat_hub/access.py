"""Who may do what: one table, and one function that reads it.

An object that a user may not see doesn't exist for them (404); what they see and may not do is
forbidden (403).
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, or_, select, true

from .errors import Forbidden, NotFound
from .store import jobs, requests, tasks
from .store.tables import jobs as job_rows
from .store.tables import tasks as task_rows
from .store.users import User


class Right(enum.Enum):
    """What can be done with a task and all that belongs to it."""

    VIEW = "view"
    ANNOTATE = "annotate"
    CHANGE = "change"
    DELETE = "delete"


RIGHTS = {
    "admin": {Right.VIEW, Right.ANNOTATE, Right.CHANGE, Right.DELETE},
    "owner": {Right.VIEW, Right.ANNOTATE, Right.CHANGE, Right.DELETE},
    "assignee": {Right.VIEW, Right.ANNOTATE},
    "job assignee": {Right.VIEW},
    "stranger": set[Right](),
}


class JobAndTask(NamedTuple):
    """A job, and the task that it belongs to."""

    job: jobs.Job
    task: tasks.Task


def role(user: User, task: tasks.Task, workers: set[int]) -> str:
    """Return what a user is to a task; `workers` are those who have one of its jobs."""
    if user.is_admin:
        return "admin"
    if user.id == task.owner_id:
        return "owner"
    if user.id == task.assignee_id:
        return "assignee"
    return "job assignee" if user.id in workers else "stranger"


def decide(rights: set[Right], right: Right, noun: str) -> None:
    """Refuse what these rights don't allow.

    Raises:
        NotFound: the object may not even be seen.
        Forbidden: it may be seen, and nothing more.
    """
    if Right.VIEW not in rights:
        raise NotFound(f"No {noun} matches the given query.")
    if right not in rights:
        raise Forbidden


def task(connection: Connection, user: User, task_id: int, right: Right) -> tasks.Task:
    """Return a task with which the user may do this."""
    found = tasks.get(connection, task_id) if _is_id(task_id) else None
    rights = _task_rights(connection, user, found) if found else RIGHTS["stranger"]
    decide(rights, right, "Task")
    assert found is not None
    return found


def job(connection: Connection, user: User, job_id: int, right: Right) -> JobAndTask:
    """Return a job with which the user may do this, and its task."""
    found = jobs.get(connection, job_id) if _is_id(job_id) else None
    parent = tasks.get(connection, found.task_id) if found else None
    if not found or not parent:
        raise NotFound("No Job matches the given query.")
    rights = set(_task_rights(connection, user, parent))
    if found.assignee_id == user.id:
        rights |= RIGHTS["assignee"]
    decide(rights, right, "Job")
    return JobAndTask(found, parent)


def request(connection: Connection, user: User, request_id: str) -> requests.Request:
    """Return a background request that the user started."""
    found = requests.get(connection, request_id)
    if found is None or not (user.is_admin or found.owner_id == user.id):
        raise NotFound
    return found


def visible_tasks(user: User) -> ColumnElement[bool]:
    """Return the condition that a task may be seen by the user, for lists."""
    if user.is_admin:
        return true()
    at_work = select(job_rows.c.task_id).where(job_rows.c.assignee_id == user.id)
    return or_(
        task_rows.c.owner_id == user.id,
        task_rows.c.assignee_id == user.id,
        task_rows.c.id.in_(at_work),
    )


def _task_rights(connection: Connection, user: User, found: tasks.Task) -> set[Right]:
    return RIGHTS[role(user, found, jobs.assignees(connection, found.id))]


def _is_id(number: int) -> bool:
    return 0 < number < 2**31
