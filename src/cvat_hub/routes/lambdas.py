"""Functions, as an annotation UI asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from cvat_hub.call import Call, Handler
from cvat_hub.functions import asking, records
from cvat_hub.functions.wire import BatchParams, FunctionCall, LambdaFunction, Params
from cvat_hub.replies import Reply, empty, json_reply
from cvat_hub.rights.visibility import visible_functions
from cvat_hub.store import functions
from cvat_hub.store.tables import functions as rows

from .function_requests import function_named, own, read


def list_functions(call: Call) -> Reply:
    """List the functions that the user may use."""
    here = call.space.holds(rows.c.organization_id)
    query = select(rows).where(visible_functions(call.user), here).order_by(rows.c.id)
    with call.hub.store.read() as connection:
        found = [functions.Function(**row._mapping) for row in connection.execute(query)]
        return json_reply(_told(call, connection, found))


def show_function(call: Call) -> Reply:
    """Show a function."""
    function = function_named(call, call.request.path_params["func_id"])
    with call.hub.store.read() as connection:
        return json_reply(_told(call, connection, [function])[0])


def call_function(call: Call, asked: Params) -> Reply:
    """Ask a function something, and wait for its answer."""
    function = function_named(call, call.request.path_params["func_id"])
    return asking.answer(call.hub, call.user, function, asked)


def list_requests(call: Call) -> Reply:
    """List the user's requests that aren't done, or not for long; newest first."""
    return json_reply([records.function_call(found) for found in own(call)])


def create_request(call: Call, asked: BatchParams) -> Reply:
    """Ask a function to annotate a task, or to follow shapes through it."""
    function = function_named(call, asked.function)
    wanted = asking.wanted_of(call.hub, call.user, function, asked, batch=True)
    asking.check_served(call.hub, function)
    return json_reply(records.function_call(read(call, call.hub.queue.submit(wanted))))


def show_request(call: Call) -> Reply:
    """Show how far a request is."""
    return json_reply(records.function_call(read(call, call.request.path_params["request_id"])))


def cancel_request(call: Call) -> Reply:
    """Cancel a request; one that is done stays as it is."""
    call.hub.queue.cancel(read(call, call.request.path_params["request_id"]).key)
    return empty()


def _told(
    call: Call, connection: Connection, found: Sequence[functions.Function]
) -> list[LambdaFunction]:
    """Return functions, with how they are served."""
    presence, now = call.hub.presence, call.hub.clock()
    told = records.of_lambdas(call, connection, found)
    figures = (presence.figures(connection, function.id, now) for function in found)
    return list(map(records.with_figures, told, figures))


ROUTES = {
    "lambda/functions": {"GET": Handler(list_functions, gives=list[LambdaFunction])},
    "lambda/functions/{func_id}": {
        "GET": Handler(show_function, gives=LambdaFunction),
        "POST": Handler(call_function, gives=dict[str, Any]),
    },
    "lambda/requests": {
        "GET": Handler(list_requests, gives=list[FunctionCall]),
        "POST": Handler(create_request, gives=FunctionCall),
    },
    "lambda/requests/{request_id}": {
        "GET": Handler(show_request, gives=FunctionCall),
        "DELETE": Handler(cancel_request, status=204),
    },
}
