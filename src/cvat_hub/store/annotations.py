"""Annotations: one row per tag, shape or track, its payload the JSON that clients read.

A payload is a JSON object without the id and the revision, so that a reply is put together from
rows by joining bytes, and no object is decoded on the way out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, Select, bindparam, delete, false, or_, select, update

from .hidden import Span, visible
from .tables import annotation_rows as stored
from .tables import tasks

KINDS = ("tags", "shapes", "tracks")
# So many rows are written by one statement, read at a time, or looked up by their ids.
_PART = 500


class Item(Struct, gc=False):
    """One annotation on its way into the store.

    `id` is 0 until it has a number. `revision` is the one that it will have; of a change, as long
    as that isn't known, the one that it is believed to have, or 0 if nobody said so.
    """

    kind: str
    frame: int
    label_id: int
    payload: bytes
    id: int = 0
    revision: float = 1


class Known(NamedTuple):
    """What is told of an annotation that is there."""

    kind: str
    revision: int


def lock(connection: Connection, task_id: int) -> bool:
    """Keep others from changing the annotations of a task until the transaction ends.

    Returns:
        Whether there is such a task. On SQLite, a transaction that writes is alone anyway.
    """
    query = select(tasks.c.id).where(tasks.c.id == task_id)
    return connection.scalar(query.with_for_update(key_share=True)) is not None


def add(connection: Connection, task_id: int, items: Sequence[Item]) -> None:
    """Add annotations to a task; their ids come from `numbers`."""
    rows = [
        (item.id, task_id, item.kind, item.frame, item.label_id, item.payload, item.revision)
        for item in items
    ]
    if connection.dialect.name == "postgresql":
        _copy(connection, rows)
        return
    for start in range(0, len(rows), _PART):
        part = rows[start : start + _PART]
        values = tuple(value for row in part for value in row)
        connection.exec_driver_sql(_INSERT + ",".join([_PLACES] * len(part)), values)


def replace(connection: Connection, items: Sequence[Item]) -> None:
    """Put these annotations in the place of those that have their ids, which are `known`."""
    changed = (
        update(stored)
        .where(stored.c.id == bindparam("of"))
        .values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
    )
    for part in _parts(items):
        rows = [
            {"of": item.id} | {f"new_{name}": getattr(item, name) for name in _CHANGEABLE}
            for item in part
        ]
        connection.execute(changed, rows)


def known(
    connection: Connection, task_id: int, ids: Sequence[int], frames: Span | None
) -> dict[int, Known]:
    """Return what is told of those of these annotations that a task, or its frames, have."""
    query = select(stored.c.id, stored.c.kind, stored.c.revision)
    where = visible(connection, task_id, frames, by_id=True)
    found = (connection.execute(query.where(where, stored.c.id.in_(part))) for part in _parts(ids))
    return {row[0]: Known(row[1], row[2]) for rows in found for row in rows}


def remove(connection: Connection, ids: Sequence[int]) -> None:
    """Remove the annotations of these ids, which are `known`."""
    for part in _parts(ids):
        connection.execute(delete(stored).where(stored.c.id.in_(part)))


def read(connection: Connection, task_id: int, frames: Span | None) -> list[bytes]:
    """Return the annotations of a task, or of some of its frames, as JSON in pieces.

    They come in the order of their frames, and of their ids.

    Args:
        frames: the first and the last frame; None means all. Tracks belong where they begin.
    """
    query = (
        select(stored.c.kind, stored.c.id, stored.c.revision, stored.c.payload)
        .where(visible(connection, task_id, frames))
        .order_by(stored.c.frame, stored.c.id)
    )
    return _read(connection, query)


def read_of_ids(connection: Connection, task_id: int, spans: Sequence[Span]) -> list[bytes]:
    """Return those of these annotations that a task still has, in the order of their ids.

    Args:
        spans: the first and the last id of each.
    """
    query = (
        select(stored.c.kind, stored.c.id, stored.c.revision, stored.c.payload)
        .where(visible(connection, task_id, None, by_id=True))
        .where(or_(false(), *(stored.c.id.between(*span) for span in spans)))
        .order_by(stored.c.id)
    )
    return _read(connection, query)


def as_json(items: Iterable[Item]) -> list[bytes]:
    """Return what `read` will return of these annotations."""
    groups: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    every = list(items)
    for part in _parts(every):
        _gather(groups, ((i.kind, _json(i.id, i.revision, i.payload)) for i in part))
    return _joined(groups)


def _read(connection: Connection, query: Select[Any]) -> list[bytes]:
    groups: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    result = connection.execute(query.execution_options(yield_per=_PART))
    for rows in result.partitions():
        _gather(groups, ((kind, _json(*rest)) for kind, *rest in rows))
    return _joined(groups)


def _json(annotation_id: int, revision: float, payload: bytes) -> bytes:
    return b'{"id":%d,"revision":%d,%b' % (annotation_id, revision, payload[1:])


def _gather(groups: dict[str, list[bytes]], found: Iterable[tuple[str, bytes]]) -> None:
    # A few large pieces instead of many small ones, which would have to be joined at once.
    new: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    for kind, json in found:
        new[kind].append(json)
    for kind, jsons in new.items():
        if jsons:
            groups[kind].append(b",".join(jsons))


def _joined(groups: dict[str, list[bytes]]) -> list[bytes]:
    pieces = [b'{"version":0']
    for kind, jsons in groups.items():
        pieces.append(b',"%b":[' % kind.encode())
        pieces += jsons[:1]
        pieces += (b"," + json for json in jsons[1:])
        pieces.append(b"]")
    return [*pieces, b"}"]


def _parts(everything: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(everything), _PART):
        yield everything[start : start + _PART]


_CHANGEABLE = ("frame", "label_id", "payload", "revision")
_INSERT = "INSERT INTO annotations (id, task_id, kind, frame, label_id, payload, revision) VALUES "
_PLACES = "(?,?,?,?,?,?,?)"
_COPY = (
    "COPY annotations (id, task_id, kind, frame, label_id, payload, revision)"
    " FROM STDIN (FORMAT BINARY)"
)


def _copy(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    # PostgreSQL takes rows in bulk several times faster by COPY than by INSERT.
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(["int8", "int4", "text", "int4", "int4", "bytea", "int4"])
        for row in rows:
            copy.write_row(row)
