"""Annotations of a task or a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from cvat_hub import access
from cvat_hub.access import Right
from cvat_hub.annotations import Batch, Rules, parse, parse_ids, reply
from cvat_hub.call import Call, Handler
from cvat_hub.errors import BadRequest, at
from cvat_hub.replies import Reply, empty, raw_json
from cvat_hub.store import annotations as stored
from cvat_hub.store import jobs, labels, tasks
from cvat_hub.store.annotations import KINDS
from cvat_sdk import models


@dataclass(frozen=True)
class Scope:
    """The task that is annotated, and the job if only its frames are meant."""

    task: tasks.Task
    job: jobs.Job | None

    @property
    def frames(self) -> tuple[int, int] | None:
        """The first and the last frame; None means all."""
        return (self.job.start_frame, self.job.stop_frame) if self.job else None


def show(call: Call) -> Reply:
    """Return all annotations."""
    with call.hub.store.read() as connection:
        scope = _scope(call, connection, Right.VIEW)
        return raw_json(stored.read(connection, scope.task.id, scope.frames))


def replace(call: Call) -> Reply:
    """Put these annotations in the place of all others."""
    scope, batch = _checked(call)

    def write(connection: Connection) -> bytes:
        stored.clear(connection, scope.task.id, scope.frames)
        return _add(connection, scope, batch)

    return _write(call, scope, write)


def patch(call: Call) -> Reply:
    """Create, update or delete some annotations, as the parameter `action` says."""
    action = _ACTIONS.get(call.query.get("action", ""))
    if action is None:
        raise BadRequest("Please specify a correct 'action' for the request")
    return action(call)


def remove_all(call: Call) -> Reply:
    """Delete all annotations."""
    with call.hub.store.write() as connection:
        scope = _scope(call, connection, Right.ANNOTATE)
        stored.clear(connection, scope.task.id, scope.frames)
        _touch(call, connection, scope)
    return empty()


def _create(call: Call) -> Reply:
    scope, batch = _checked(call)
    return _write(call, scope, lambda connection: _add(connection, scope, batch))


def _update(call: Call) -> Reply:
    scope, batch = _checked(call)
    wanted = {kind: batch.ids(kind) for kind in KINDS}

    def write(connection: Connection) -> bytes:
        for kind, ids in wanted.items():
            _check_existing(connection, scope, kind, ids)
        fresh = iter(stored.reserve_ids(connection, batch.new_ids(keep=True)))
        items = batch.items(fresh, keep=True)
        stored.replace(connection, scope.task.id, items)
        return reply(items)

    return _write(call, scope, write)


def _delete(call: Call) -> Reply:
    # What is gone already is no error: a client may not have heard that it succeeded.
    wanted = parse_ids(call.body)
    with call.hub.store.write() as connection:
        scope = _scope(call, connection, Right.ANNOTATE)
        for kind, ids in wanted.items():
            if ids:
                there = stored.ids(connection, scope.task.id, kind, scope.frames)
                stored.remove(connection, scope.task.id, there.intersection(ids))
        _touch(call, connection, scope)
    return raw_json(call.body)


_ACTIONS: dict[str, Callable[[Call], Reply]] = {
    "create": _create,
    "update": _update,
    "delete": _delete,
}


def _checked(call: Call) -> tuple[Scope, Batch]:
    """Return what is to be written; reading and checking it keeps no writer waiting."""
    with call.hub.store.read() as connection:
        scope = _scope(call, connection, Right.ANNOTATE)
        found = labels.of_task(connection, scope.task.id)
    size = scope.task.data.size if scope.task.data else 0
    return scope, parse(call.body or b"{}", Rules(found, size, scope.frames))


def _write(call: Call, scope: Scope, write: Callable[[Connection], bytes]) -> Reply:
    with call.hub.store.write() as connection:
        # It may have been deleted, or taken away, since it was looked at.
        _scope(call, connection, Right.ANNOTATE)
        body = write(connection)
        _touch(call, connection, scope)
    return raw_json(body)


def _add(connection: Connection, scope: Scope, batch: Batch) -> bytes:
    fresh = iter(stored.reserve_ids(connection, batch.new_ids(keep=False)))
    items = batch.items(fresh, keep=False)
    stored.add(connection, scope.task.id, items)
    return reply(items)


def _check_existing(connection: Connection, scope: Scope, kind: str, ids: list[int]) -> None:
    there = stored.ids(connection, scope.task.id, kind, scope.frames) if ids else set()
    for index, annotation_id in enumerate(ids):
        if annotation_id not in there:
            raise at([kind, index, "id"], f"there is no annotation of id {annotation_id} here")


def _scope(call: Call, connection: Connection, right: Right) -> Scope:
    if "job_id" in call.request.path_params:
        job, task = access.job(connection, call.user, call.number("job_id"), right)
        return Scope(task, job)
    return Scope(access.task(connection, call.user, call.number("task_id"), right), None)


def _touch(call: Call, connection: Connection, scope: Scope) -> None:
    now = call.hub.clock()
    tasks.change(connection, scope.task.id, {}, now)
    if scope.job:
        jobs.change(connection, scope.job.id, {}, now)


_HANDLERS = {
    "GET": Handler(show, gives=models.LabeledData),
    "PUT": Handler(replace, decodes=models.LabeledDataRequest, gives=models.LabeledData),
    "PATCH": Handler(
        patch,
        decodes=models.PatchedLabeledDataRequest,
        gives=models.LabeledData,
        query={"action": {"type": "string", "enum": list(_ACTIONS)}},
    ),
    "DELETE": Handler(remove_all, status=204),
}
ROUTES = {
    "tasks/{task_id:id}/annotations": _HANDLERS,
    "jobs/{job_id:id}/annotations": _HANDLERS,
}
