"""The hub's own tasks, as the queue knows them."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection

from cvat_hub.annotations import Rules, brought_in, parse_new, tidy
from cvat_hub.errors import BadRequest, Conflict, NotFound, Refusal, at
from cvat_hub.pixels import Pixels
from cvat_hub.rights import access
from cvat_hub.rights.access import Right
from cvat_hub.store import Store, jobs, labels, tasks, users
from cvat_hub.store import annotations as stored
from cvat_hub.store.annotations import Item
from cvat_hub.store.hidden import clear
from cvat_hub.store.labels import Label
from cvat_hub.store.numbers import numbers

from .home import Findings, Place


class OwnTasks:
    """The tasks in the hub's store."""

    def __init__(self, store: Store, pixels: Pixels) -> None:
        self._store = store
        self._pixels = pixels

    def place(
        self,
        connection: Connection,
        user_id: int,
        task_id: int | None,
        job_id: int | None,
        *,
        writes: bool,
    ) -> Place:
        """Return where a user wants something done."""
        user, right = _user(connection, user_id), Right.ANNOTATE if writes else Right.VIEW
        if job_id is not None:
            job, task = access.job(connection, user, job_id, right)
            if task_id not in (None, task.id):
                raise at(["job"], f"job {job_id} belongs to task {task.id}")
        elif task_id is not None:
            job, task = None, access.task(connection, user, task_id, right)
        else:
            raise at(["task"], "This field is required.")
        if task.data is None:
            raise NotFound(f"Task {task.id} has no data yet.")
        first, last = (job.start_frame, job.stop_frame) if job else (0, task.data.size - 1)
        return Place(task.id, job_id, first, last, frozenset(task.data.deleted_frames))

    def may_stop(self, connection: Connection, user_id: int, task_id: int) -> bool:
        """Tell whether a user may stop what others do to a task: whoever may change it."""
        try:
            access.task(connection, _user(connection, user_id), task_id, Right.CHANGE)
        except Refusal:
            return False
        return True

    def gone(self, connection: Connection, task_ids: Collection[int]) -> set[int]:
        """Return those of these tasks that are not there any more."""
        return set(task_ids) - tasks.there(connection, task_ids)

    def labels(self, connection: Connection, task_id: int) -> Sequence[Label]:
        """Return the labels of a task."""
        return labels.of_task(connection, task_id)

    def sizes_wh(
        self, connection: Connection, task_id: int, first: int, last: int
    ) -> set[tuple[int, int]]:
        """Return the sizes that these frames have, in pixels."""
        task = tasks.get(connection, task_id)
        if task is None or task.data is None:
            raise NotFound
        try:
            frames = self._pixels.reader(task.data.id).manifest.frames
        except FileNotFoundError:
            raise NotFound from None
        # A video has one size.
        within = frames[first : last + 1] if len(frames) > 1 else frames
        return {(frame.width, frame.height) for frame in within}

    def check(self, findings: Findings) -> bytes:
        """Return findings as JSON, complete, without writing them."""
        _, _, items = self._checked(findings, itertools.repeat(None), writes=False)
        groups = {
            kind: b",".join(item.payload for item in items if item.kind == kind)
            for kind in stored.KINDS
        }
        parts = (b',"%b":[%b]' % (kind.encode(), group) for kind, group in groups.items())
        return b'{"version":0%b}' % b"".join(parts)

    @contextmanager
    def apply(self, findings: Findings, now: datetime.datetime) -> Iterator[Connection]:
        """Check findings, and open the transaction that writes them."""
        place, known, items = self._checked(findings, numbers(self._store), writes=True)
        task_id, frames = place.task_id, _frames(place)

        @contextmanager
        def opened() -> Iterator[Connection]:
            with self._store.write() as connection:
                again = self._place(connection, findings, writes=True)
                if not stored.lock(connection, task_id):
                    raise NotFound
                if again != place or self.labels(connection, task_id) != known:
                    raise Conflict("The task was changed meanwhile. Try again.")
                yield connection

        coming = brought_in(self._store, opened, task_id, items, now)
        with coming as complete, opened() as connection:
            leaving = clear(connection, task_id, frames, now) if findings.cleanup else []
            complete(connection)
            tasks.change(connection, task_id, {}, now)
            if place.job_id is not None:
                jobs.change(connection, place.job_id, {}, now)
            yield connection
        tidy(self._store, leaving)

    def _checked(
        self, findings: Findings, fresh: Iterator[Any], *, writes: bool
    ) -> tuple[Place, Sequence[Label], list[Item]]:
        with self._store.read() as connection:
            place = self._place(connection, findings, writes=writes)
            known = self.labels(connection, place.task_id)
            task = tasks.get(connection, place.task_id)
        size = task.data.size if task and task.data else 0
        rules = Rules(known, size, (place.first, place.last))

        def keeps(annotation: Any) -> bool:
            outside = not place.first <= annotation.frame <= place.last
            return not (outside and place.job_id is not None) and findings.keeps(annotation)

        try:
            return place, known, parse_new(findings.body, rules, fresh, keeps)
        except msgspec.DecodeError as error:
            raise BadRequest(f"annotations of another form were expected: {error}") from None

    def _place(self, connection: Connection, findings: Findings, *, writes: bool) -> Place:
        where = findings.task_id, findings.job_id
        return self.place(connection, findings.user_id, *where, writes=writes)


def _frames(place: Place) -> tuple[int, int] | None:
    return None if place.job_id is None else (place.first, place.last)


def _user(connection: Connection, user_id: int) -> users.User:
    found = users.get(connection, user_id)
    if found is None or not found.is_active:
        raise BadRequest(f"user {user_id} is gone")
    return found
