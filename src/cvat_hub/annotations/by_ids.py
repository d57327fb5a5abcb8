"""Changes and removals of annotations by their ids, without keeping other writers waiting.

A few are changed in the transaction that looks at them. Many are looked at outside of any, and
written as rows that nobody sees, beside a list of the rows that they take the place of; one short
transaction then exchanges the two (`cvat_hub.store.hidden.exchange`), if nobody has changed
anything in between. Else it is looked at again, and whoever keeps changing things is, in the end,
kept waiting.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from cvat_hub.errors import Unavailable
from cvat_hub.store import Store, hidden
from cvat_hub.store import annotations as stored
from cvat_hub.store.annotations import Item, Known
from cvat_hub.store.hidden import Hidden
from cvat_hub.store.numbers import reserve_ids

from .bulk import ROWS, Opened, slices, tidy

# So many lines of a list take as long as a slice of rows.
_LINES = 2 * ROWS
_TRIES = 2
# How often it is looked at outside of a transaction, until that is done within.
_LOOKS = 3

Look = Callable[[Connection], Mapping[int, Known]]


@dataclass(frozen=True)
class ByIds:
    """A write to annotations of a task that are there.

    Args:
        opened: opens a transaction in which the task may be changed, for a `with` block.
        look: returns what is there of that which is named, by id, or says why it can't be changed.
        touch: is called in the transaction that changes something.
        named: how many annotations are named.
        items: what takes their place, or nothing, and they are removed.
    """

    store: Store
    task_id: int
    opened: Opened
    look: Look
    touch: Callable[[Connection], None]
    now: datetime.datetime
    named: int
    items: Sequence[Item]

    def run(self) -> None:
        """Do it, and give the items their revisions."""
        for _ in range(_TRIES if self._is_bulk() else 0):
            if self._exchange():
                return
        self._at_once()

    def _is_bulk(self) -> bool:
        return self.named > ROWS or sum(1 for _ in slices(self.items)) > 1

    def _at_once(self) -> None:
        with self.opened() as connection:
            there = self.look(connection)
            self._count_up(there)
            if self.items:
                for item in self.items:
                    item.row = there[item.id].row
                stored.replace(connection, self.task_id, self.items)
            else:
                rows = [found.row for found in there.values()]
                stored.remove(connection, self.task_id, rows)
            self.touch(connection)

    def _exchange(self) -> bool:
        """Write it all beside what is there, and exchange the two; tell whether that was right."""
        with self.opened() as connection:
            rows = reserve_ids(connection, len(self.items) or 1)
            span = rows[0], rows[-1]
            block = hidden.add_incoming(connection, self.task_id, span, self.now, listed=True)
        left = block
        try:
            with self.store.read() as connection:
                there = self.look(connection)
            self._prepare(block, there, rows)
            left = self._finished(block, there) or block
        finally:
            tidy(self.store, [left])
        return left is not block

    def _prepare(self, block: Hidden, there: Mapping[int, Known], rows: Sequence[int]) -> None:
        self._count_up(there)
        for item, row in zip(self.items, rows, strict=False):
            item.row = row
        for part in slices(self.items):
            with self.opened() as connection:
                stored.add(connection, self.task_id, part)
        leaving = [found.row for found in there.values()]
        for start in range(0, len(leaving), _LINES):
            with self.opened() as connection:
                hidden.put_on_list(connection, block, leaving[start : start + _LINES])

    def _finished(self, block: Hidden, there: Mapping[int, Known]) -> Hidden | None:
        for _ in range(_LOOKS):
            with self.opened() as connection:
                if not hidden.is_disturbed(connection, block):
                    return self._exchanged(connection, block)
                hidden.calm(connection, block)
            with self.store.read() as connection:
                if self.look(connection) != there:
                    return None
        with self.opened() as connection:
            return self._exchanged(connection, block) if self.look(connection) == there else None

    def _exchanged(self, connection: Connection, block: Hidden) -> Hidden:
        leaving = hidden.exchange(connection, block)
        if leaving is None:
            raise Unavailable("This write took so long that it was given up; send less at a time.")
        self.touch(connection)
        return leaving

    def _count_up(self, there: Mapping[int, Known]) -> None:
        for item in self.items:
            item.revision = there[item.id].revision + 1
