"""Writes that their clients named, so that one that is sent again is told what it did.

A row is written by the transaction that makes the annotations visible. It tells the ids, not the
annotations: those are read where they are.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from .hidden import Span
from .tables import named_writes as stored

KEPT = datetime.timedelta(days=30)


class WriteName(NamedTuple):
    """Which write is meant: a key that this user made up for this task."""

    task_id: int
    user_id: int
    key: str


class NamedWrite(NamedTuple):
    """What is known of a write: the hash of its body, and the first and last ids that it made."""

    body_hash: str
    ids: list[Span]


def find(connection: Connection, name: WriteName) -> NamedWrite | None:
    """Return what is known of a write, None if it has not been carried out."""
    where = (stored.c[part] == value for part, value in name._asdict().items())
    row = connection.execute(select(stored.c.body_hash, stored.c.ids).where(*where)).first()
    return row and NamedWrite(row[0], [(first, last) for first, last in row[1]])


def add(connection: Connection, name: WriteName, write: NamedWrite, now: datetime.datetime) -> None:
    """Remember a write, and forget those that are too old to be asked for."""
    connection.execute(delete(stored).where(stored.c.created_date < now - KEPT))
    values = {**name._asdict(), **write._asdict(), "created_date": now}
    connection.execute(insert(stored).values(values))


def spans(ids: Iterable[int]) -> list[Span]:
    """Return ascending numbers as spans; both ends are inclusive.

    >>> spans([3, 4, 5, 9])
    [(3, 5), (9, 9)]
    """
    found: list[Span] = []
    for number in ids:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found
