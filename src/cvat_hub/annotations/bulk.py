"""Many annotations on their way into the store, without keeping other writers waiting.

A few go in with the transaction that is theirs anyway. Many go in before it, slice by slice, in
rows that nobody sees (`cvat_hub.store.hidden`); the transaction then merely shows them.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from cvat_hub.errors import Unavailable
from cvat_hub.store import Store, hidden
from cvat_hub.store import annotations as stored
from cvat_hub.store.annotations import Item
from cvat_hub.store.hidden import Hidden
from cvat_hub.store.numbers import reserve_ids
from cvat_hub.store.sweeping import sweep

log = logging.getLogger("cvat_hub")
# What one transaction takes at most: it keeps others waiting for some 10 ms.
ROWS, _BYTES = 1000, 1_000_000

Opened = Callable[[], AbstractContextManager[Connection]]


@contextmanager
def brought_in(
    store: Store, opened: Opened, task_id: int, items: Sequence[Item], now: datetime.datetime
) -> Iterator[Callable[[Connection], None]]:
    """Bring annotations as near to a task as others don't notice, and give them their ids.

    Returns:
        What completes it, to be called in a transaction within the `with` block. If there is none,
        or it fails, the annotations are gone after the block.

    Args:
        opened: opens a transaction in which the task may be changed, for a `with` block.
    """
    parts = list(slices(items))
    if len(parts) < 2:
        yield lambda connection: _add(connection, task_id, items)
        return
    with opened() as connection:
        ids = reserve_ids(connection, len(items))
        block = hidden.add_incoming(connection, task_id, (ids[0], ids[-1]), now)
    _number(items, ids)
    try:
        for part in parts:
            with opened() as connection:
                stored.add(connection, task_id, part)
        yield lambda connection: _show(connection, block)
    except BaseException:
        tidy(store, [block])
        raise


def slices(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Cut annotations into as many as one transaction takes; a large one goes alone."""
    start = size = 0
    for index, item in enumerate(items):
        if index > start and (index - start == ROWS or size + len(item.payload) > _BYTES):
            yield items[start:index]
            start, size = index, 0
        size += len(item.payload)
    if items:
        yield items[start:]


def tidy(store: Store, ranges: Iterable[Hidden]) -> None:
    """Sweep up rows that nobody sees; if that fails, the next start of the hub does it."""
    for found in ranges:
        try:
            sweep(store, found)
        except SQLAlchemyError:
            log.exception("hidden annotations of task %d are not swept up", found.task_id)


def _add(connection: Connection, task_id: int, items: Sequence[Item]) -> None:
    _number(items, reserve_ids(connection, len(items)))
    stored.add(connection, task_id, items)


def _show(connection: Connection, block: Hidden) -> None:
    if not hidden.reveal(connection, block):
        raise Unavailable("This write took so long that it was given up; send less at a time.")


def _number(items: Sequence[Item], ids: Sequence[int]) -> None:
    for item, number in zip(items, ids, strict=True):
        item.id = number
