"""What the queue needs to know of tasks, and does to them: they may live here, or elsewhere.

`own_tasks` are those of the hub itself.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from cvat_hub.store.labels import Label

Keeps = Callable[[Any], bool]


@dataclass(frozen=True)
class Place:
    """A task, or a job of it: its frames, both ends inclusive, and those that are deleted."""

    task_id: int
    job_id: int | None
    first: int
    last: int
    deleted: frozenset[int]


@dataclass(frozen=True)
class Findings:
    """What a function found, on its way into a task.

    Attributes:
        user_id: who asked for it.
        job_id: only what is found on the frames of this job is kept; None means all.
        body: JSON with tags, shapes and tracks.
        keeps: sees each annotation before it is checked; it may change it, or leave it out.
        cleanup: whether it is to replace what is there.
    """

    user_id: int
    task_id: int
    job_id: int | None
    body: bytes
    keeps: Keeps
    cleanup: bool = False


class Home(Protocol):
    """Where tasks live."""

    def place(
        self,
        connection: Connection,
        user_id: int,
        task_id: int | None,
        job_id: int | None,
        *,
        writes: bool,
    ) -> Place:
        """Return where a user wants something done.

        Raises:
            NotFound: there is no such task or job, they may not see it, or it has no frames.
            Forbidden: they may only see it, and want to write.
            BadRequest: neither a task nor a job is named, or the job is one of another task.
        """

    def may_stop(self, connection: Connection, user_id: int, task_id: int) -> bool:
        """Tell whether a user may stop what others do to a task."""

    def gone(self, connection: Connection, task_ids: Collection[int]) -> set[int]:
        """Return those of these tasks that are not there any more."""

    def labels(self, connection: Connection, task_id: int) -> Sequence[Label]:
        """Return the labels of a task."""

    def sizes_wh(
        self, connection: Connection, task_id: int, first: int, last: int
    ) -> set[tuple[int, int]]:
        """Return the sizes that these frames have, in pixels."""

    def check(self, findings: Findings) -> bytes:
        """Return findings as JSON, complete, without writing them.

        Raises:
            BadRequest: one of them doesn't fit the task.
        """

    def apply(
        self, findings: Findings, now: datetime.datetime
    ) -> AbstractContextManager[Connection]:
        """Check findings, and open the transaction that writes them.

        The transaction is committed at the end of the block; an error in the block undoes all.

        Raises:
            BadRequest: one of them doesn't fit the task.
            NotFound, Forbidden: the user may not write there any more.
        """
