"""Who serves functions: agents that come for work, and hubs at which they wait."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from . import functions
from .tables import function_agents as agents
from .tables import function_watches as watches

Date = datetime.datetime


def see(connection: Connection, function_id: int, agent_id: str, user_id: int, now: Date) -> None:
    """Note that an agent is there; the same one has to wait until the transaction ends."""
    row = {"function_id": function_id, "agent_id": agent_id, "user_id": user_id, "seen_date": now}
    _upsert(connection, agents, row)


def watch_if_there(
    connection: Connection, function_id: int, hub: str, count: int, now: Date
) -> bool:
    """Note how many streams a hub holds open for a function; return False if that was removed."""
    if not functions.hold(connection, function_id):
        return False
    row = {"function_id": function_id, "hub": hub, "count": count, "seen_date": now}
    _upsert(connection, watches, row)
    return True


def leave(connection: Connection, hub: str) -> None:
    """Forget the streams of a hub that stops."""
    connection.execute(delete(watches).where(watches.c.hub == hub))


def alive(connection: Connection, function_id: int, since: Date) -> int:
    """Return how many agents have come since then."""
    query = select(func.count()).where(agents.c.function_id == function_id)
    return connection.scalar(query.where(agents.c.seen_date >= since)) or 0


def has_others(connection: Connection, function_id: int, agent_id: str, since: Date) -> bool:
    """Tell whether another agent than this has come since then."""
    query = select(agents.c.agent_id).where(agents.c.function_id == function_id)
    others = query.where(agents.c.agent_id != agent_id, agents.c.seen_date >= since)
    return connection.scalar(others.limit(1)) is not None


def is_alive(connection: Connection, function_id: int, agent_id: str, since: Date) -> bool:
    """Tell whether this agent has come since then."""
    query = select(agents.c.seen_date).where(agents.c.function_id == function_id)
    this = query.where(agents.c.agent_id == agent_id, agents.c.seen_date >= since)
    return connection.scalar(this) is not None


def watching(connection: Connection, function_id: int, since: Date, but: str) -> int:
    """Return how many streams are open, at other hubs than this, that told of them since then."""
    query = select(func.sum(watches.c.count)).where(watches.c.function_id == function_id)
    query = query.where(watches.c.hub != but)
    return connection.scalar(query.where(watches.c.seen_date >= since)) or 0


def last_seen(connection: Connection, function_id: int) -> Date | None:
    """Return when an agent last came, or a hub last told of an open stream."""
    came = select(func.max(agents.c.seen_date)).where(agents.c.function_id == function_id)
    waited = select(func.max(watches.c.seen_date)).where(
        watches.c.function_id == function_id, watches.c.count > 0
    )
    dates = [connection.scalar(query) for query in (came, waited)]
    return max((date for date in dates if date), default=None)


def count_alive(connection: Connection, since: Date) -> int:
    """Return how many agents of all functions have come since then."""
    query = select(func.count()).select_from(agents).where(agents.c.seen_date >= since)
    return connection.scalar(query) or 0


def forget(connection: Connection, before: Date) -> None:
    """Remove what was last heard of before then."""
    connection.execute(delete(agents).where(agents.c.seen_date < before))
    connection.execute(delete(watches).where(watches.c.seen_date < before))


def _upsert(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    connection.execute(_UPSERTS[connection.dialect.name, table], row)


def _upsert_of(table: Table, dialect: Any) -> Any:
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    rest = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


_UPSERTS = {
    (name, table): _upsert_of(table, dialect)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
    for table in (agents, watches)
}
