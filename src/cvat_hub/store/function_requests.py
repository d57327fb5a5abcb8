"""What is asked of functions: the rows of the queue."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
)
from sqlalchemy import update as change

from .engine import inserted_id
from .tables import function_requests as requests

Date = datetime.datetime
# Written out, as in the indexes of unfinished requests: the database takes those for nothing else.
_UNFINISHED = requests.c.status.in_([literal_column("'queued'"), literal_column("'started'")])
_QUEUED = and_(_UNFINISHED, requests.c.status == "queued")
# Likewise.
_BATCH = requests.c.category == literal_column("'batch'")
_STARTED = and_(_UNFINISHED, requests.c.status == "started")


@dataclass(frozen=True)
class Request:
    """A request; `params` is what an agent gets, `result` what the asker reads."""

    id: int
    key: str
    function_id: int
    category: str
    type: str
    user_id: int
    task_id: int
    job_id: int | None
    params: Mapping[str, Any]
    status: str
    turn: int
    meant_for: str | None
    agent_id: str | None
    agent_user_id: int | None
    attempts: int
    progress: float
    result: bytes | None
    reason: str
    created_date: Date
    started_date: Date | None
    heard_date: Date | None
    finished_date: Date | None


def add(connection: Connection, values: Mapping[str, Any], now: Date) -> int:
    """Add a request that waits, and return its number."""
    row = {"status": "queued", "attempts": 0, "progress": 0.0, "reason": "", "created_date": now}
    return inserted_id(connection.execute(insert(requests).values({**row, **values})))


def find(connection: Connection, key: str) -> Request | None:
    """Return a request, or None."""
    return _one(connection.execute(_BY_KEY, {"key": key}).first())


_BY_KEY = select(requests).where(requests.c.key == bindparam("key"))


def lock(connection: Connection, key: str) -> Request | None:
    """Return a request that nobody else changes until the transaction ends, or None."""
    return _one(connection.execute(_LOCKED, {"key": key}).first())


_LOCKED = _BY_KEY.with_for_update()


def update(connection: Connection, request_id: int, **values: Any) -> None:
    """Change a request that is locked."""
    connection.execute(_UPDATE, {**values, "this": request_id})


_UPDATE = change(requests).where(requests.c.id == bindparam("this"))


def held(connection: Connection, function_id: int, agent_id: str, user_id: int) -> list[Request]:
    """Return the requests that an agent is working on, and lock them."""
    asked = {"function_id": function_id, "agent": agent_id, "user": user_id}
    return [Request(**row._mapping) for row in connection.execute(_HELD, asked)]


_HELD = (
    select(requests)
    .where(_STARTED)
    .where(requests.c.function_id == bindparam("function_id"))
    .where(requests.c.agent_id == bindparam("agent"))
    .where(requests.c.agent_user_id == bindparam("user"))
    .with_for_update()
)


def next_for(
    connection: Connection, function_id: int, category: str, agent_id: str, without: Sequence[str]
) -> Request | None:
    """Return the request whose turn it is, and lock it; other agents don't wait for that.

    Args:
        without: types that the agent doesn't know.
    """
    asked = {"function_id": function_id, "category": category, "agent": agent_id}
    return _one(connection.execute(_NEXT, asked | {"without": list(without)}).first())


_NEXT = (
    select(requests)
    .where(_QUEUED)
    .where(requests.c.function_id == bindparam("function_id"))
    .where(requests.c.category == bindparam("category"))
    .where(requests.c.type.not_in(bindparam("without", expanding=True)))
    .where(or_(requests.c.meant_for.is_(None), requests.c.meant_for == bindparam("agent")))
    .order_by(requests.c.turn, requests.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def flows(
    connection: Connection, function_id: int, category: str
) -> Sequence[tuple[int, int, int, int]]:
    """Return the user, the task, and the first and last turn of what waits, of each of them."""
    asked = {"function_id": function_id, "category": category}
    return [tuple(row) for row in connection.execute(_FLOWS, asked)]


_FLOWS = (
    select(
        requests.c.user_id,
        requests.c.task_id,
        func.min(requests.c.turn),
        func.max(requests.c.turn),
    )
    .where(_QUEUED)
    .where(requests.c.function_id == bindparam("function_id"))
    .where(requests.c.category == bindparam("category"))
    .group_by(requests.c.user_id, requests.c.task_id)
)


def waiting(connection: Connection, function_id: int) -> dict[str, int]:
    """Return how many requests wait, by their category."""
    query = (
        select(requests.c.category, func.count())
        .where(_QUEUED, requests.c.function_id == function_id)
        .group_by(requests.c.category)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def of_user(connection: Connection, user_id: int, since: Date) -> list[Request]:
    """Return the batch requests of a user that aren't done, or not long ago; newest first."""
    late = or_(requests.c.finished_date.is_(None), requests.c.finished_date >= since)
    query = select(requests).where(requests.c.category == "batch", requests.c.user_id == user_id)
    rows = connection.execute(query.where(late).order_by(requests.c.id.desc()).limit(1000))
    return [Request(**row._mapping) for row in rows]


def unfinished_of(connection: Connection, function_id: int) -> list[str]:
    """Return the keys of the requests of a function that aren't done."""
    query = select(requests.c.key).where(requests.c.function_id == function_id)
    return list(connection.scalars(query.where(_UNFINISHED)))


def is_busy(connection: Connection, task_id: int) -> bool:
    """Tell whether a task has a batch request that isn't done."""
    query = select(requests.c.id).where(requests.c.task_id == task_id)
    return connection.scalar(query.where(_BATCH, _UNFINISHED)) is not None


def serves(connection: Connection, user_id: int, task_id: int) -> bool:
    """Tell whether an agent of the user is working on a request for a task."""
    return bool(connection.scalar(_SERVES, {"user": user_id, "task": task_id}))


_SERVES = select(
    exists().where(
        _STARTED,
        requests.c.agent_user_id == bindparam("user"),
        requests.c.task_id == bindparam("task"),
    )
)


def leases(connection: Connection, function_id: int, since: Date) -> int:
    """Return how many requests of a function agents are working on, heard of since then."""
    query = select(func.count()).where(_STARTED, requests.c.function_id == function_id)
    return connection.scalar(query.where(requests.c.heard_date >= since)) or 0


def silent(connection: Connection, before: Date) -> list[str]:
    """Return the keys of started requests whose agents were last heard of before then."""
    query = select(requests.c.key).where(_STARTED, requests.c.heard_date < before)
    return list(connection.scalars(query))


def tasks_of_unfinished(connection: Connection) -> set[int]:
    """Return the tasks of the requests that aren't done."""
    query = select(requests.c.task_id).where(_UNFINISHED).distinct()
    return set(connection.scalars(query))


def unfinished_for(connection: Connection, task_ids: Collection[int]) -> list[str]:
    """Return the keys of the requests for these tasks that aren't done."""
    query = select(requests.c.key).where(_UNFINISHED)
    return list(connection.scalars(query.where(requests.c.task_id.in_(task_ids))))


def forsaken(connection: Connection, before: Date) -> list[str]:
    """Return the keys of unfinished interactive requests that are older than that."""
    old = and_(requests.c.category == "interactive", requests.c.created_date < before)
    return list(connection.scalars(select(requests.c.key).where(_UNFINISHED, old)))


def late_seconds(connection: Connection, function_id: int, most: int) -> list[float]:
    """Return how long the latest finished interactive requests of a function took."""
    query = (
        select(requests.c.created_date, requests.c.finished_date)
        .where(requests.c.function_id == function_id, requests.c.category == "interactive")
        .where(requests.c.status == "finished")
        .order_by(requests.c.id.desc())
        .limit(most)
    )
    return [(row[1] - row[0]).total_seconds() for row in connection.execute(query)]


def counts(connection: Connection, since: Date) -> dict[tuple[str, str], int]:
    """Return how many requests aren't done, or are since then, of each type and status."""
    kinds = requests.c.type, requests.c.status
    found: dict[tuple[str, str], int] = {}
    for late in (_UNFINISHED, requests.c.finished_date >= since):
        query = select(*kinds, func.count()).where(late).group_by(*kinds)
        found |= {(row[0], row[1]): row[2] for row in connection.execute(query)}
    return found


def waiting_since(connection: Connection) -> dict[str, Date]:
    """Return since when the oldest request waits, of each category that has one."""
    query = (
        select(requests.c.category, func.min(requests.c.created_date))
        .where(_QUEUED)
        .group_by(requests.c.category)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def forget(connection: Connection, category: str, before: Date) -> None:
    """Remove requests of a category that were done before then."""
    done = requests.c.finished_date < before
    connection.execute(delete(requests).where(requests.c.category == category, done))


def _one(row: Row[Any] | None) -> Request | None:
    return Request(**row._mapping) if row else None
