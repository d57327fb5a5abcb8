"""Requests that run in the background: now the preparation of uploaded data."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from .tables import requests

Date = datetime.datetime
UNFINISHED = ("queued", "started")
STATUSES = (*UNFINISHED, "finished", "failed")


@dataclass(frozen=True)
class Request:
    """A request; `progress` goes from 0 to 1, `options` is what its worker needs to know."""

    id: str
    type: str
    target: str
    owner_id: int | None
    task_id: int | None
    status: str
    message: str
    progress: float
    options: Mapping[str, Any]
    created_date: Date
    started_date: Date | None
    finished_date: Date | None


def creation_of(task_id: int) -> str:
    """Return the id of the request that prepares the data of a task.

    >>> creation_of(7)
    'action=create&target=task&target_id=7'
    """
    return f"action=create&target=task&target_id={task_id}"


def queue_creation(
    connection: Connection, task_id: int, owner_id: int, options: Mapping[str, Any], now: Date
) -> str:
    """Queue the preparation of a task's data in place of an earlier one, and return its id."""
    request_id = creation_of(task_id)
    connection.execute(delete(requests).where(requests.c.id == request_id))
    row = {
        "id": request_id,
        "type": "create:task",
        "target": "task",
        "owner_id": owner_id,
        "task_id": task_id,
        "status": "queued",
        "message": "",
        "progress": 0.0,
        "options": dict(options),
        "created_date": now,
    }
    connection.execute(insert(requests).values(row))
    return request_id


def get(connection: Connection, request_id: str) -> Request | None:
    """Return a request, or None."""
    row = connection.execute(select(requests).where(requests.c.id == request_id)).first()
    return _request(row) if row else None


def unfinished(connection: Connection) -> list[Request]:
    """Return the requests that are not done, oldest first."""
    query = select(requests).where(requests.c.status.in_(UNFINISHED))
    return [_request(row) for row in connection.execute(query.order_by(requests.c.created_date))]


def counts(connection: Connection) -> dict[str, int]:
    """Return how many requests there are of each status."""
    query = select(requests.c.status, func.count()).group_by(requests.c.status)
    found = {row.status: row[1] for row in connection.execute(query)}
    return dict.fromkeys(STATUSES, 0) | found


def start(connection: Connection, request_id: str, message: str, now: Date) -> None:
    """Say that a request is being worked on."""
    _change(connection, request_id, status="started", message=message, started_date=now)


def advance(connection: Connection, request_id: str, progress: float) -> None:
    """Say how far a request is."""
    _change(connection, request_id, progress=progress)


def finish(connection: Connection, request_id: str, now: Date) -> None:
    """Say that a request is done."""
    _change(connection, request_id, status="finished", message="", progress=1.0, finished_date=now)


def fail(connection: Connection, request_id: str, message: str, now: Date) -> None:
    """Say that a request came to nothing, and why."""
    _change(connection, request_id, status="failed", message=message, finished_date=now)


def _change(connection: Connection, request_id: str, **values: Any) -> None:
    """Change a request; one that is done stays as it is."""
    running = (requests.c.id == request_id) & requests.c.status.in_(UNFINISHED)
    connection.execute(update(requests).where(running).values(values))


def _request(row: Row[Any]) -> Request:
    return Request(**row._mapping)
