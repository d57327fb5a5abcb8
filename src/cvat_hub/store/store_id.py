"""The number by which a data folder knows its database."""

from __future__ import annotations

from sqlalchemy import Connection, select, text

from .tables import counters

_NAME = "store id"


def get(connection: Connection) -> int | None:
    """Return the number, or None if the database has none yet."""
    return connection.scalar(select(counters.c.last).where(counters.c.name == _NAME))


def settle(connection: Connection, proposed: int) -> int:
    """Give the database this number, unless another process was first; return the one it has."""
    connection.execute(
        text("INSERT INTO counters VALUES (:name, :number) ON CONFLICT (name) DO NOTHING"),
        {"name": _NAME, "number": proposed},
    )
    number = get(connection)
    assert number is not None
    return number
