"""Annotations: one row per tag, shape or track, its payload the JSON that clients read.

A payload is a JSON object without the id and the revision, so that a reply is put together from
rows by joining bytes, and no object is decoded on the way out.

A row has a number, which is the id that clients know, unless it took the place of another row when
many were changed at once: then that id is in `shown_id`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    null,
    or_,
    select,
    update,
)

from .hidden import Seen, Span, disturb, visible
from .tables import annotation_rows as stored
from .tables import tasks

_IDS: BindParameter[Sequence[int]] = bindparam("ids", expanding=True)
_SHOWN_ID = func.coalesce(stored.c.shown_id, stored.c.id)
_IS_ID = stored.c.shown_id.is_(None)
_COLUMNS = select(stored.c.kind, _SHOWN_ID, stored.c.label_id, stored.c.payload, stored.c.revision)
_DELETE = delete(stored).where(stored.c.id.in_(_IDS))

KINDS = ("tags", "shapes", "tracks")
# So many rows are written by one statement, read at a time, or looked up by their ids.
_PART = 500
# If so many numbers lie around each of those that are looked for, they are looked for one by one.
_SPARSE = 10


class Item(Struct, gc=False):
    """One annotation on its way into the store.

    `id` is 0 until it has a number. `revision` is the one that it will have; of a change, as long
    as that isn't known, the one that it is believed to have, or 0 if nobody said so. `row` is the
    number of its row, 0 if that is its id.
    """

    kind: str
    frame: int
    label_id: int
    payload: bytes
    id: int = 0
    revision: float = 1
    row: int = 0


class Known(Struct, gc=False, frozen=True):
    """What is told of an annotation that is there; `row` is the number of its row."""

    kind: str
    revision: int
    row: int


def lock(connection: Connection, task_id: int) -> bool:
    """Keep others from changing the annotations of a task until the transaction ends.

    Returns:
        Whether there is such a task. On SQLite, a transaction that writes is alone anyway.
    """
    return connection.scalar(_LOCK, {"task_id": task_id}) is not None


_LOCK = select(tasks.c.id).where(tasks.c.id == bindparam("task_id")).with_for_update(key_share=True)


def add(connection: Connection, task_id: int, items: Sequence[Item]) -> None:
    """Add annotations to a task; their ids come from `numbers`."""
    rows = [
        (
            item.row or item.id,
            task_id,
            item.kind,
            item.frame,
            item.label_id,
            item.payload,
            item.revision,
            item.id if item.row not in (0, item.id) else None,
        )
        for item in items
    ]
    if connection.dialect.name == "postgresql":
        _copy(connection, rows)
        return
    for start in range(0, len(rows), _PART):
        part = rows[start : start + _PART]
        values = tuple(value for row in part for value in row)
        connection.exec_driver_sql(_INSERT + ",".join([_PLACES] * len(part)), values)


def replace(connection: Connection, task_id: int, items: Sequence[Item]) -> None:
    """Put these annotations in the place of those in their rows, which are `known`."""
    disturb(connection, task_id)
    changed = (
        update(stored)
        .where(stored.c.id == bindparam("of"))
        .values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
    )
    for part in _parts(items):
        rows = [
            {"of": item.row or item.id}
            | {f"new_{name}": getattr(item, name) for name in _CHANGEABLE}
            for item in part
        ]
        connection.execute(changed, rows)


def known(
    connection: Connection, task_id: int, ids: Sequence[int], frames: Span | None
) -> dict[int, Known]:
    """Return what is told of those of these annotations that a task, or its frames, have."""
    seen = visible(connection, task_id, frames, by_id=True)
    # Only what may have lost a value has to be looked into, to know its revision.
    looked_into = stored.c.label_id.in_(seen.forgotten)
    payload = case((looked_into, stored.c.payload)) if seen.forgotten else null()
    query = select(
        _SHOWN_ID, stored.c.kind, stored.c.id, stored.c.label_id, payload, stored.c.revision
    )
    wanted, there = {*ids}, dict[int, Known]()
    # Both at once, with `or`, is what databases don't find by an index.
    for column, is_number in (
        (stored.c.id, _IS_ID),
        (stored.c.shown_id, stored.c.shown_id.is_not(None)),
    ):
        for part in _parts(sorted(wanted.difference(there))):
            found = connection.execute(query.where(seen.rows, is_number, _among(column, part)))
            there |= {
                number: Known(kind, seen.of(*rest)[1], row)
                for number, kind, row, *rest in found
                if number in wanted
            }
    return there


def _among(column: ColumnElement[Any], numbers: Sequence[int]) -> ColumnElement[bool]:
    """Return a condition that numbers in ascending order meet; if they are dense, others as well.

    A range is quicker than many values, of which PostgreSQL expects too much in a table that it
    doesn't know yet.
    """
    first, last = numbers[0], numbers[-1]
    if last - first < _SPARSE * len(numbers):
        return column.between(first, last)
    return column.in_(numbers)


def remove(connection: Connection, task_id: int, rows: Sequence[int]) -> None:
    """Remove annotations by the numbers of their rows, which are `known`."""
    disturb(connection, task_id)
    for part in _parts(rows):
        connection.execute(_DELETE, {"ids": part})


def read(connection: Connection, task_id: int, frames: Span | None) -> list[bytes]:
    """Return the annotations of a task, or of some of its frames, as JSON in pieces.

    They come in the order of their frames, and of their ids.

    Args:
        frames: the first and the last frame; None means all. Tracks belong where they begin.
    """
    seen = visible(connection, task_id, frames)
    query = _COLUMNS.where(seen.rows).order_by(stored.c.frame, _SHOWN_ID)
    return _read(connection, query, seen)


def read_of_ids(connection: Connection, task_id: int, spans: Sequence[Span]) -> list[bytes]:
    """Return those of these annotations that a task still has, in the order of their ids.

    Args:
        spans: the first and the last id of each.
    """
    seen = visible(connection, task_id, None, by_id=True)
    of_ids = (
        or_(and_(stored.c.id.between(*span), _IS_ID), stored.c.shown_id.between(*span))
        for span in spans
    )
    query = _COLUMNS.where(seen.rows, or_(false(), *of_ids)).order_by(_SHOWN_ID)
    return _read(connection, query, seen)


def as_json(items: Iterable[Item]) -> list[bytes]:
    """Return what `read` will return of these annotations."""
    groups: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    every = list(items)
    for part in _parts(every):
        _gather(groups, ((i.kind, _json(i.id, i.payload, i.revision)) for i in part))
    return _joined(groups)


def ids_as_json(items: Iterable[Item]) -> list[bytes]:
    """Return the same of their ids only."""
    groups: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    _gather(groups, ((item.kind, b'{"id":%d}' % item.id) for item in items))
    return _joined(groups)


def _read(connection: Connection, query: Select[Any], seen: Seen) -> list[bytes]:
    groups: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    result = connection.execute(query.execution_options(yield_per=_PART))
    for rows in result.partitions():
        _gather(groups, ((kind, _json(number, *seen.of(*rest))) for kind, number, *rest in rows))
    return _joined(groups)


def _json(annotation_id: int, payload: bytes, revision: float) -> bytes:
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
_INSERT = (
    "INSERT INTO annotations"
    " (id, task_id, kind, frame, label_id, payload, revision, shown_id) VALUES "
)
_PLACES = "(?,?,?,?,?,?,?,?)"
_COPY = (
    "COPY annotations (id, task_id, kind, frame, label_id, payload, revision, shown_id)"
    " FROM STDIN (FORMAT BINARY)"
)


def _copy(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    # PostgreSQL takes rows in bulk several times faster by COPY than by INSERT.
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(["int8", "int4", "text", "int4", "int4", "bytea", "int4", "int8"])
        for row in rows:
            copy.write_row(row)
