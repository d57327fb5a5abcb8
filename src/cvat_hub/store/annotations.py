"""Annotations: one row per tag, shape or track, its payload the JSON that clients read.

A payload is a JSON object without the id, so that a reply is put together from rows by joining
bytes, and no object is decoded on the way out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    func,
    select,
    text,
    update,
)

from .tables import annotation_ids
from .tables import annotation_rows as stored

KINDS = ("tags", "shapes", "tracks")
Frames = tuple[int, int]


class Item(NamedTuple):
    """One annotation on its way into the store."""

    id: int
    kind: str
    frame: int
    label_id: int
    payload: bytes


def reserve_ids(connection: Connection, count: int) -> list[int]:
    """Return numbers that no annotation has, or ever had."""
    if not count:
        return []
    if connection.dialect.supports_sequences:
        numbers = select(annotation_ids.next_value()).select_from(func.generate_series(1, count))
        return list(connection.scalars(numbers))
    last = connection.scalar(
        text(
            "INSERT INTO counters (name, last) VALUES (:name, :count)"
            " ON CONFLICT (name) DO UPDATE SET last = last + :count RETURNING last"
        ),
        {"name": annotation_ids.name, "count": count},
    )
    return list(range(last - count + 1, last + 1))


def add(connection: Connection, task_id: int, items: Sequence[Item]) -> None:
    """Add annotations to a task; their ids come from `reserve_ids`."""
    rows = [(item.id, task_id, *item[1:]) for item in items]
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, rows)
    else:
        connection.exec_driver_sql(_INSERT, rows)


def replace(connection: Connection, task_id: int, items: Sequence[Item]) -> None:
    """Put these annotations in the place of those that have their ids."""
    if items:
        changed = (
            update(stored)
            .where(stored.c.id == bindparam("of"), stored.c.task_id == task_id)
            .values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
        )
        connection.execute(
            changed,
            [
                {"of": item.id} | {f"new_{name}": getattr(item, name) for name in _CHANGEABLE}
                for item in items
            ],
        )


def ids(connection: Connection, task_id: int, kind: str, frames: Frames | None) -> set[int]:
    """Return the ids of the annotations of a kind, of a task or some of its frames."""
    where = _within(task_id, frames) & (stored.c.kind == kind)
    return set(connection.scalars(select(stored.c.id).where(where)))


def remove(connection: Connection, task_id: int, found: Collection[int]) -> None:
    """Remove the annotations of these ids."""
    one = delete(stored).where(stored.c.id == bindparam("of"), stored.c.task_id == task_id)
    if found:
        connection.execute(one, [{"of": annotation_id} for annotation_id in found])


def clear(connection: Connection, task_id: int, frames: Frames | None) -> None:
    """Remove all annotations of a task, or of some of its frames."""
    connection.execute(delete(stored).where(_within(task_id, frames)))


def read(connection: Connection, task_id: int, frames: Frames | None) -> bytes:
    """Return the annotations of a task, or of some of its frames, as JSON.

    Args:
        frames: the first and the last frame; None means all. Tracks belong where they begin.
    """
    query = (
        select(stored.c.kind, stored.c.id, stored.c.payload)
        .where(_within(task_id, frames))
        .order_by(stored.c.id)
    )
    groups: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    for kind, annotation_id, payload in connection.execute(query):
        groups[kind].append(with_id(annotation_id, payload))
    return joined(groups)


def with_id(annotation_id: int, payload: bytes) -> bytes:
    """Return the JSON that clients read.

    >>> with_id(7, b'{"frame":0}')
    b'{"id":7,"frame":0}'
    """
    return b'{"id":%d,%b' % (annotation_id, payload[1:])


def joined(groups: dict[str, list[bytes]]) -> bytes:
    """Return the JSON of annotations, given each one's own."""
    lists: Iterable[bytes] = (
        b'"%b":[%b]' % (kind.encode(), b",".join(groups.get(kind, ()))) for kind in KINDS
    )
    return b'{"version":0,%b}' % b",".join(lists)


_CHANGEABLE = ("frame", "label_id", "payload")
_INSERT = (
    "INSERT INTO annotations (id, task_id, kind, frame, label_id, payload)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)


def _copy(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    # PostgreSQL takes rows in bulk several times faster by COPY than by INSERT.
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy("COPY annotations FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int8", "int4", "text", "int4", "int4", "bytea"])
        for row in rows:
            copy.write_row(row)


def _within(task_id: int, frames: Frames | None) -> ColumnElement[bool]:
    of_task = stored.c.task_id == task_id
    return of_task if frames is None else and_(of_task, stored.c.frame.between(*frames))
