"""What agents remember of shapes that are being tracked, and where those were last."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from .tables import tracking_states as states

Date = datetime.datetime
# So many states a user may have; older ones are forgotten.
_MOST = 2000


@dataclass(frozen=True)
class TrackingState:
    """A state: its name for users, its agent's own, and the last known frame and shape."""

    name: str
    function_id: int
    user_id: int
    task_id: int
    agent_id: str
    agent_state: str
    frame: int
    shape: Mapping[str, Any]
    used_date: Date


def add(connection: Connection, added: Sequence[TrackingState]) -> None:
    """Add states of one user."""
    connection.execute(insert(states), [vars(state) for state in added])
    own = select(states.c.name).where(states.c.user_id == added[0].user_id)
    too_many = own.order_by(states.c.used_date.desc()).offset(_MOST).limit(100_000)
    connection.execute(delete(states).where(states.c.name.in_(too_many)))


def by_names(connection: Connection, names: Sequence[str]) -> dict[str, TrackingState]:
    """Return the states of these names."""
    rows = connection.execute(select(states).where(states.c.name.in_(names)))
    return {row.name: TrackingState(**row._mapping) for row in rows}


def change(connection: Connection, name: str, **values: Any) -> None:
    """Change a state."""
    connection.execute(update(states).where(states.c.name == name).values(values))


def forget(connection: Connection, before: Date) -> None:
    """Remove states that were last used before then."""
    connection.execute(delete(states).where(states.c.used_date < before))
