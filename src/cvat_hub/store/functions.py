"""Functions that agents serve."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from .engine import inserted_id
from .tables import functions

Date = datetime.datetime


@dataclass(frozen=True)
class Function:
    """A function; `spec` holds the fields of its kind, as they go over the wire."""

    id: int
    provider: str
    name: str
    kind: str
    visibility: str
    spec: Mapping[str, Any]
    owner_id: int
    organization_id: int | None
    created_date: Date
    updated_date: Date


def add(connection: Connection, values: Mapping[str, Any], now: Date) -> int:
    """Add a function, and return its id."""
    row = {**values, "created_date": now, "updated_date": now}
    return inserted_id(connection.execute(insert(functions).values(row)))


def get(connection: Connection, function_id: int) -> Function | None:
    """Return a function, or None."""
    row = connection.execute(_BY_ID, {"id": function_id}).first()
    return Function(**row._mapping) if row else None


_BY_ID = select(functions).where(functions.c.id == bindparam("id"))


def hold(connection: Connection, function_id: int) -> bool:
    """Tell whether a function is there; if so, it stays until the transaction ends."""
    return connection.scalar(_HOLD, {"id": function_id}) is not None


_HOLD = (
    select(functions.c.id).where(functions.c.id == bindparam("id")).with_for_update(key_share=True)
)


def remove(connection: Connection, function_id: int) -> None:
    """Remove a function with all that was asked of it."""
    connection.execute(delete(functions).where(functions.c.id == function_id))
