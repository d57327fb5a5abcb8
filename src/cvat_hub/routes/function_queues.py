"""What agents call: they wait for requests, take them and answer them.

The queue of a function is called `function:` and its id.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection

from cvat_hub.call import Call, Handler
from cvat_hub.errors import NotFound, Refusal
from cvat_hub.functions.bells import GONE, LOOK, STOP, of_function, of_queue
from cvat_hub.functions.states import Agent, State
from cvat_hub.functions.waiting import EventStream, event
from cvat_hub.functions.wire import (
    Acquire,
    Acquired,
    AgentCall,
    Assignment,
    Complete,
    Fail,
    Update,
)
from cvat_hub.identity import identify, is_by_password
from cvat_hub.replies import Reply, empty, json_reply
from cvat_hub.rights import access
from cvat_hub.rights.access import Right
from cvat_hub.store import function_requests as requests
from cvat_hub.store import users
from cvat_hub.store.function_requests import Request
from cvat_hub.store.functions import Function
from cvat_hub.store.users import User

_CATEGORIES = ("interactive", "batch")


def watch(call: Call) -> Reply:
    """Stream an event whenever a request waits.

    An agent may say who it is, as `agent_id` behind the question mark. Then it is known to be there
    for as long as it holds the stream open.
    """
    bells = call.hub.queue.bells
    with call.hub.store.read() as connection:
        function = _served(call, connection)
        box = bells.mailbox(of_function(function.id))
        # Asked after the mailbox is there, so that nothing is missed.
        waiting = requests.waiting(connection, function.id)
    for category in waiting:
        box.put(of_queue(function.id, category))
    agent = Agent(call.query.get("agent_id", "")[:64], call.user.id)
    watching = call.hub.presence.watching(function.id, agent)
    return EventStream(call.hub.desk, box, watching, _event_of, lambda: _may_stay(call))


def _may_stay(call: Call) -> bool:
    """Tell whether who opened a stream may still serve the function."""
    try:
        # A password would have to be compared anew, which takes long.
        if not is_by_password(call.request):
            identify(call.hub, call.request)
        with call.hub.store.read() as connection:
            user = users.get(connection, call.user.id)
            return bool(user and user.is_active and _served(call, connection, user))
    except Refusal:
        return False


def _event_of(news: str) -> bytes | None:
    if news == LOOK:
        return b"".join(map(_event, _CATEGORIES))
    category = news.rpartition(":")[2]
    return None if category in (STOP, GONE) else _event(category)


def _event(category: str) -> bytes:
    return event("newrequest", {"request_category": category})


def acquire(call: Call, asked: Acquire) -> Reply:
    """Give an agent a request to work on, or nothing if there is none."""
    queue, agent = call.hub.queue, _agent(call, asked)
    with queue.changing() as (connection, _):
        function = _served(call, connection)
        capabilities = frozenset(asked.capabilities)
        found = queue.acquire(connection, function.id, agent, asked.request_category, capabilities)
        if found is None:
            return json_reply(Acquired(None))
        given = Assignment(function.id, found.key, queue.assignment(connection, found))
    if found.status == State.QUEUED:
        waited = call.hub.clock() - found.created_date
        call.hub.metrics.given(found.type, waited.total_seconds())
    return json_reply(Acquired(given))


def update(call: Call, asked: Update) -> Reply:
    """Take note of how far an agent is; 404 and 409 tell it to stop."""
    with call.hub.queue.changing() as (connection, _):
        request = _find(call, connection)
        call.hub.queue.advance(connection, request.key, _agent(call, asked), asked.progress)
    return empty()


def complete(call: Call, asked: Complete) -> Reply:
    """Take the answer of an agent."""
    with call.hub.store.read() as connection:
        request = _find(call, connection)
    call.hub.queue.complete(request, _agent(call, asked), asked)
    return empty()


def fail(call: Call, asked: Fail) -> Reply:
    """Let a request fail, with the reason that its agent gives."""
    with call.hub.store.read() as connection:
        request = _find(call, connection)
    call.hub.queue.give_up(request, _agent(call, asked), asked.exc_info)
    return empty()


def release(call: Call, asked: AgentCall) -> Reply:
    """Take a request back from an agent that stops; another one gets it at once."""
    with call.hub.queue.changing() as (connection, news):
        request = _find(call, connection)
        news += call.hub.queue.release(connection, request.key, _agent(call, asked))
    return empty()


def _agent(call: Call, asked: AgentCall) -> Agent:
    return Agent(asked.agent_id, call.user.id)


def _served(call: Call, connection: Connection, user: User | None = None) -> Function:
    name = re.fullmatch("function:([0-9]{1,10})", call.request.path_params["queue_id"])
    return access.function(connection, user or call.user, int(name[1]) if name else 0, Right.SERVE)


def _find(call: Call, connection: Connection) -> Request:
    function = _served(call, connection)
    found = requests.find(connection, call.request.path_params["request_id"])
    if found is None or found.function_id != function.id:
        raise NotFound("No AnnotationRequest matches the given query.")
    return found


_STREAM: dict[str, Any] = {
    "responses": {"200": {"description": "Events.", "content": {"text/event-stream": {}}}}
}
_WATCH = {"agent_id": {"type": "string", "maxLength": 64}}
_QUEUE = "functions/queues/{queue_id}"
_REQUEST = _QUEUE + "/requests/{request_id}"
ROUTES = {
    f"{_QUEUE}/requests/acquire": {"POST": Handler(acquire, gives=Acquired)},
    f"{_QUEUE}/watch": {"GET": Handler(watch, query=_WATCH, told=_STREAM)},
    f"{_REQUEST}/update": {"POST": Handler(update, status=204)},
    f"{_REQUEST}/complete": {"POST": Handler(complete, status=204)},
    f"{_REQUEST}/fail": {"POST": Handler(fail, status=204)},
    f"hub/{_REQUEST}/release": {"POST": Handler(release, status=204)},
}
