"""What is asked of functions in the background."""

from __future__ import annotations

import datetime
import re

from sqlalchemy import Connection

from cvat_hub.call import Call, Handler
from cvat_hub.errors import NotFound
from cvat_hub.functions import asking, records
from cvat_hub.functions.wire import AnnotationRequest, BatchParams
from cvat_hub.replies import Reply, empty, json_reply
from cvat_hub.rights import access
from cvat_hub.rights.access import Right
from cvat_hub.store import function_requests as requests
from cvat_hub.store.function_requests import Request
from cvat_hub.store.functions import Function

# So long lists tell of requests that are done.
_TOLD = datetime.timedelta(hours=1)


def list_all(call: Call) -> Reply:
    """List the user's requests that aren't done, or not for long; newest first."""
    return json_reply([records.request(found) for found in own(call)])


def create(call: Call, asked: BatchParams) -> Reply:
    """Ask a function to annotate a task, or to follow shapes through it."""
    function = function_named(call, asked.function)
    wanted = asking.wanted_of(call.hub, call.user, function, asked, batch=True)
    key = call.hub.queue.submit(wanted)
    return json_reply(records.request(read(call, key)), 201)


def show(call: Call) -> Reply:
    """Show how far a request is."""
    return json_reply(records.request(read(call, call.request.path_params["request_id"])))


def cancel(call: Call) -> Reply:
    """Cancel a request; one that is done stays as it is."""
    call.hub.queue.cancel(read(call, call.request.path_params["request_id"]).key)
    return empty()


def own(call: Call) -> list[Request]:
    """Return the user's requests that aren't done, or not for long."""
    with call.hub.store.read() as connection:
        return requests.of_user(connection, call.user.id, call.hub.clock() - _TOLD)


def read(call: Call, key: str) -> Request:
    """Return a request of the user, or one that keeps their task busy.

    Raises:
        NotFound: there is none, or it is none of their business.
    """
    with call.hub.store.read() as connection:
        found = requests.find(connection, key)
        if found is None or not _may_see(call, connection, found):
            raise NotFound("No AnnotationRequest matches the given query.")
    return found


def function_named(call: Call, name: int | str) -> Function:
    """Return a function that the user may use, by its id, which may come as text."""
    number = int(name) if re.fullmatch("[0-9]{1,10}", str(name)) else 0
    with call.hub.store.read() as connection:
        return access.function(connection, call.user, number, Right.VIEW)


def _may_see(call: Call, connection: Connection, found: Request) -> bool:
    if call.user.is_admin or found.user_id == call.user.id:
        return True
    return call.hub.queue.home.may_stop(connection, call.user.id, found.task_id)


ROUTES = {
    "functions/requests": {
        "GET": Handler(list_all, gives=list[AnnotationRequest]),
        "POST": Handler(create, gives=AnnotationRequest, status=201),
    },
    "functions/requests/{request_id}": {
        "GET": Handler(show, gives=AnnotationRequest),
        "DELETE": Handler(cancel, status=204),
    },
}
