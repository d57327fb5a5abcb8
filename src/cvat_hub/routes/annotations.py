"""Annotations of a task or a job."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import replace as replace_field
from functools import partial

from sqlalchemy import Connection

from cvat_hub.annotations import (
    ByIds,
    Look,
    Name,
    Opened,
    Rules,
    brought_in,
    parse_changes,
    parse_names,
    parse_new,
    tidy,
)
from cvat_hub.call import Call, Handler
from cvat_hub.errors import BadRequest, Conflict, NotFound, at
from cvat_hub.replies import Reply, empty, json_pieces, raw_json
from cvat_hub.rights import access
from cvat_hub.rights.access import Right
from cvat_hub.schema import header
from cvat_hub.store import annotations as stored
from cvat_hub.store import jobs, labels, named_writes, tasks
from cvat_hub.store.annotations import KINDS, Item, Known
from cvat_hub.store.hidden import clear
from cvat_hub.store.labels import Label
from cvat_hub.store.named_writes import NamedWrite, WriteName
from cvat_hub.store.numbers import numbers
from cvat_sdk import models

_KEY = "X-Idempotency-Key"
_PROPER_KEY = re.compile(r"[!-~]{1,128}")
# RFC 7240, 4.2.
_PREFERENCE, _MINIMAL = "Prefer", "return=minimal"


@dataclass(frozen=True)
class Scope:
    """The task that is annotated, its labels, and the job if only its frames are meant."""

    task: tasks.Task
    job: jobs.Job | None
    labels: Sequence[Label] = ()

    @property
    def frames(self) -> tuple[int, int] | None:
        """The first and the last frame; None means all."""
        return (self.job.start_frame, self.job.stop_frame) if self.job else None


def show(call: Call) -> Reply:
    """Return all annotations."""
    with call.hub.store.read() as connection:
        scope = _scope(call, connection, Right.VIEW)
        return json_pieces(stored.read(connection, scope.task.id, scope.frames))


def replace(call: Call) -> Reply:
    """Put these annotations in the place of all others."""
    return _add(call, *_checked(call, parse_new), replacing=True)


def patch(call: Call) -> Reply:
    """Create, update or delete some annotations, as the parameter `action` says."""
    action = _ACTIONS.get(call.query.get("action", ""))
    if action is None:
        raise BadRequest("Please specify a correct 'action' for the request")
    return action(call)


def remove_all(call: Call) -> Reply:
    """Delete all annotations."""
    with _opened(call) as connection:
        scope = _scope(call, connection, Right.ANNOTATE)
        leaving = clear(connection, scope.task.id, scope.frames, call.hub.clock())
        _touch(call, connection, scope)
    tidy(call.hub.store, leaving)
    return empty()


def _create(call: Call) -> Reply:
    key = call.request.headers.get(_KEY)
    if key is None:
        return _add(call, *_checked(call, parse_new))
    named = _Named(call.user.id, key, _hash(call))
    with call.hub.store.read() as connection:
        scope = _scope(call, connection, Right.ANNOTATE)
        if done := named.done_before(connection, scope):
            return done
    try:
        return _add(call, *_checked(call, parse_new), named=named)
    except _DoneMeanwhile as meanwhile:
        return meanwhile.reply


def _add(
    call: Call,
    scope: Scope,
    items: list[Item],
    *,
    replacing: bool = False,
    named: _Named | None = None,
) -> Reply:
    task_id, now = scope.task.id, call.hub.clock()
    coming = brought_in(call.hub.store, partial(_opened, call), task_id, items, now)
    with coming as complete, _opened(call, scope) as connection:
        # The same request may have come twice at a time.
        if named and (done := named.done_before(connection, scope)):
            raise _DoneMeanwhile(done)
        leaving = clear(connection, task_id, scope.frames, now) if replacing else []
        complete(connection)
        if named:
            named.remember(connection, scope, items, now)
        _touch(call, connection, scope)
    tidy(call.hub.store, leaving)
    if call.request.headers.get(_PREFERENCE) == _MINIMAL:
        return json_pieces(stored.ids_as_json(items), {"Preference-Applied": _MINIMAL})
    return json_pieces(stored.as_json(items))


class _DoneMeanwhile(Exception):
    """Another request of the same key was quicker."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


@dataclass(frozen=True)
class _Named:
    """A write that its client named; the hash tells it from others of the same key."""

    user_id: int
    key: str
    body_hash: str

    def done_before(self, connection: Connection, scope: Scope) -> Reply | None:
        """Return the reply if the key was seen before, None if it wasn't."""
        known = named_writes.find(connection, self._name(scope))
        if known is None:
            return None
        if known.body_hash != self.body_hash:
            raise Conflict(f"{_KEY}: another request was sent with this key before.")
        return json_pieces(stored.read_of_ids(connection, scope.task.id, known.ids))

    def remember(
        self, connection: Connection, scope: Scope, items: Sequence[Item], now: datetime.datetime
    ) -> None:
        """Keep which annotations came by this write."""
        write = NamedWrite(self.body_hash, named_writes.spans(item.id for item in items))
        named_writes.add(connection, self._name(scope), write, now)

    def _name(self, scope: Scope) -> WriteName:
        if not _PROPER_KEY.fullmatch(self.key):
            raise BadRequest(f"{_KEY}: expected 1 to 128 visible characters of ASCII")
        return WriteName(scope.task.id, self.user_id, self.key)


def _hash(call: Call) -> str:
    path = call.request.url.path.rstrip("/").encode()
    return hashlib.sha256(path + b"\n" + call.body).hexdigest()


def _update(call: Call) -> Reply:
    scope, items = _checked(call, parse_changes)
    names = [Name(item.kind, item.id, int(item.revision)) for item in items]

    def look(connection: Connection) -> dict[int, Known]:
        there = _known(connection, scope, names)
        for kind in KINDS:
            _check_existing(kind, (name.id for name in names if name.kind == kind), there)
        _check_revisions(names, there)
        return there

    _by_ids(call, scope, partial(_opened, call, scope), look, len(names), items)
    return json_pieces(stored.as_json(items))


def _delete(call: Call) -> Reply:
    # What is gone already is no error: a client may not have heard that it succeeded.
    body = call.body or b"{}"
    names = parse_names(body)
    with call.hub.store.read() as connection:
        scope = _scope(call, connection, Right.ANNOTATE)

    def look(connection: Connection) -> dict[int, Known]:
        there = _known(connection, scope, names)
        found = [name for name in names if name.id in there and there[name.id].kind == name.kind]
        _check_revisions(found, there)
        return {name.id: there[name.id] for name in found}

    _by_ids(call, scope, partial(_opened, call), look, len(names), [])
    return raw_json(body)


def _by_ids(
    call: Call, scope: Scope, opened: Opened, look: Look, named: int, items: Sequence[Item]
) -> None:
    def touch(connection: Connection) -> None:
        _touch(call, connection, scope)

    store, now = call.hub.store, call.hub.clock()
    ByIds(store, scope.task.id, opened, look, touch, now, named, items).run()


def _known(connection: Connection, scope: Scope, names: Sequence[Name]) -> dict[int, Known]:
    return stored.known(connection, scope.task.id, [name.id for name in names], scope.frames)


_ACTIONS: dict[str, Callable[[Call], Reply]] = {
    "create": _create,
    "update": _update,
    "delete": _delete,
}


def _checked(
    call: Call, parse: Callable[[bytes, Rules, Iterator[int]], list[Item]]
) -> tuple[Scope, list[Item]]:
    """Return what is to be written; reading and checking it keeps no writer waiting."""
    with call.hub.store.read() as connection:
        scope = _scope(call, connection, Right.ANNOTATE)
        scope = replace_field(scope, labels=labels.of_task(connection, scope.task.id))
    size = scope.task.data.size if scope.task.data else 0
    rules = Rules(scope.labels, size, scope.frames)
    return scope, parse(call.body or b"{}", rules, numbers(call.hub.store))


def _check_existing(kind: str, ids: Iterable[int], there: Mapping[int, Known]) -> None:
    for index, annotation_id in enumerate(ids):
        if annotation_id not in there or there[annotation_id].kind != kind:
            raise at([kind, index, "id"], f"there is no annotation of id {annotation_id} here")


def _check_revisions(wanted: Iterable[Item | Name], there: Mapping[int, Known]) -> None:
    changed: dict[str, list[int]] = {}
    for one in wanted:
        if one.revision and one.revision != there[one.id].revision:
            changed.setdefault(one.kind, []).append(one.id)
    if changed:
        which = "; ".join(f"{kind} {', '.join(map(str, ids))}" for kind, ids in changed.items())
        refusal = Conflict(f"These were changed by somebody else, read them again: {which}")
        refusal.body["changed"] = changed
        raise refusal


@contextmanager
def _opened(call: Call, checked: Scope | None = None) -> Iterator[Connection]:
    """Open a transaction in which the annotations may be changed, and nobody else changes them.

    Raises:
        Conflict: the labels are not those by which annotations were checked.
    """
    with call.hub.store.write() as connection:
        # The task may have been deleted, or taken away, since it was looked at.
        scope = _scope(call, connection, Right.ANNOTATE)
        if not stored.lock(connection, scope.task.id):
            raise NotFound
        if checked and labels.of_task(connection, scope.task.id) != checked.labels:
            raise Conflict("The labels were changed meanwhile. Try again.")
        yield connection


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


_KEY_SCHEMA = {"type": "string", "pattern": f"^{_PROPER_KEY.pattern}$"}
_KEY_MEANING = (
    "Of action=create: a request with the key and the body of an earlier one writes nothing, and is"
    " told what that one made."
)
_PREFERENCE_MEANING = f"Of action=create: with {_MINIMAL!r}, the reply has only ids."
_HANDLERS = {
    "GET": Handler(show, gives=models.LabeledData),
    "PUT": Handler(replace, decodes=models.LabeledDataRequest, gives=models.LabeledData),
    "PATCH": Handler(
        patch,
        decodes=models.PatchedLabeledDataRequest,
        gives=models.LabeledData,
        query={"action": {"type": "string", "enum": list(_ACTIONS)}},
        told={
            "parameters": [
                header(_KEY, _KEY_SCHEMA, _KEY_MEANING),
                header(_PREFERENCE, {"type": "string"}, _PREFERENCE_MEANING),
            ]
        },
    ),
    "DELETE": Handler(remove_all, status=204),
}
ROUTES = {
    "tasks/{task_id:id}/annotations": _HANDLERS,
    "jobs/{job_id:id}/annotations": _HANDLERS,
}
