"""Tracking states: users know them by names of the hub, each agent by its own.

The hub remembers where each shape was last, so that another agent can make the state anew.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from cvat_hub.errors import NotFound, at
from cvat_hub.store import tracking_states
from cvat_hub.store.function_requests import Request
from cvat_hub.store.tracking_states import TrackingState

from . import findings
from .wire import Complete, ResultShape

TYPES = frozenset({"init_tracking", "track"})
# What agents don't get to see of a request's parameters begins like this.
INTERNAL = "hub_"
# The names of states that are made anew by an `init_tracking` of the hub itself.
AGAIN = INTERNAL + "states"
_encode = msgspec.json.Encoder().encode


def note(connection: Connection, request: Request, sent: Complete, now: datetime.datetime) -> bytes:
    """Remember what an agent answered, and return what the asker reads.

    Raises:
        BadRequest: it is not what was asked for.
    """
    if request.type == "track":
        return _moved(connection, request, sent, now)
    made = findings.states(request, sent)
    names = request.params.get(AGAIN)
    if names:
        for name, agent_state in zip(names, made, strict=True):
            changed = {"agent_id": request.agent_id, "agent_state": agent_state}
            tracking_states.change(connection, name, **changed)
    else:
        names = [secrets.token_urlsafe(24) for _ in made]
        tracking_states.add(connection, _new(request, names, made, now))
    return _encode({"states": names})


def find(
    connection: Connection, names: Sequence[str], function_id: int, user_id: int, task_id: int
) -> list[TrackingState]:
    """Return a user's states for a function and a task.

    Raises:
        NotFound: one of them is not known, has aged out, or belongs to somebody or something else.
    """
    known = tracking_states.by_names(connection, names)
    found = [known[name] for name in names if name in known]
    own = (function_id, user_id, task_id)
    if len(found) < len(names) or any(
        (state.function_id, state.user_id, state.task_id) != own for state in found
    ):
        raise NotFound("Tracking state not found; it may have been unused for too long.")
    return found


def to_make_again(states: Sequence[TrackingState]) -> dict[str, Any]:
    """Return the parameters of the request that makes states anew; all are on one frame."""
    return {
        "type": "init_tracking",
        "task": states[0].task_id,
        "frame": states[0].frame,
        "shapes": [dict(state.shape) for state in states],
        AGAIN: [state.name for state in states],
    }


def _new(
    request: Request, names: Sequence[str], made: Sequence[str], now: datetime.datetime
) -> list[TrackingState]:
    shapes: Sequence[Mapping[str, Any]] = request.params["shapes"]
    assert request.agent_id is not None
    return [
        TrackingState(
            name=name,
            function_id=request.function_id,
            user_id=request.user_id,
            task_id=request.task_id,
            agent_id=request.agent_id,
            agent_state=agent_state,
            frame=request.params["frame"],
            shape=shape,
            used_date=now,
        )
        for name, agent_state, shape in zip(names, made, shapes, strict=True)
    ]


def _check_types(
    known: Mapping[str, TrackingState], names: Sequence[str], shapes: Sequence[ResultShape | None]
) -> None:
    for index, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        kept = known[name].shape["type"] if name in known else None
        if shape and kept not in (None, shape.type):
            raise at(["shapes", index, "type"], f"expected {kept!r}, as the shape was before")


def _moved(
    connection: Connection, request: Request, sent: Complete, now: datetime.datetime
) -> bytes:
    shapes, names = findings.tracked(request, sent), request.params["states"]
    known = tracking_states.by_names(connection, names)
    _check_types(known, names, shapes)
    agent_states: Sequence[str] = names
    if isinstance(sent.states, list) and len(sent.states) == len(names):
        agent_states = sent.states
    for name, shape, agent_state in zip(names, shapes, agent_states, strict=True):
        if name not in known:
            continue
        changed: dict[str, Any] = {"used_date": now}
        # It may have been made anew by another agent meanwhile.
        if agent_state != name and known[name].agent_id == request.agent_id:
            changed["agent_state"] = agent_state
        if shape is not None:
            last = {"type": shape.type, "points": shape.points}
            changed |= {"frame": request.params["frame"], "shape": last}
        tracking_states.change(connection, name, **changed)
    return _encode({"shapes": shapes, "states": names})
