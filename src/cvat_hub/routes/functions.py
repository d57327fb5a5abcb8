"""Functions that agents serve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from cvat_hub.call import Call, Handler
from cvat_hub.errors import Forbidden
from cvat_hub.filters import Fields
from cvat_hub.functions import asking, kinds, records
from cvat_hub.functions.wire import Function, FunctionList, FunctionRequest, Params
from cvat_hub.lists import page, parameters
from cvat_hub.replies import Reply, empty, json_reply
from cvat_hub.rights import access
from cvat_hub.rights.access import Right
from cvat_hub.rights.visibility import visible_functions
from cvat_hub.store import functions
from cvat_hub.store.tables import functions as rows
from cvat_hub.store.users import name_of

FIELDS = Fields(
    {
        "id": rows.c.id,
        "name": rows.c.name,
        "owner": name_of(rows.c.owner_id),
        "kind": rows.c.kind,
        "provider": rows.c.provider,
        "visibility": rows.c.visibility,
        "created_date": rows.c.created_date,
        "updated_date": rows.c.updated_date,
    },
    key=rows.c.id,
    searched=("name", "owner", "kind", "provider"),
)


def list_all(call: Call) -> Reply:
    """List the functions that the user may use."""
    with call.hub.store.read() as connection:

        def found(page_rows: Sequence[Row[Any]]) -> list[Function]:
            listed = [functions.Function(**row._mapping) for row in page_rows]
            return records.of_functions(call, connection, listed)

        here = call.space.holds(rows.c.organization_id)
        query = select(rows).where(visible_functions(call.user), here)
        return page(call, connection, FIELDS.apply(query, call.query), found)


def create(call: Call, asked: FunctionRequest) -> Reply:
    """Register a function, for oneself, for an organization, or for everybody."""
    values = {
        "provider": asked.provider,
        "name": asked.name,
        "kind": asked.kind,
        "visibility": asked.visibility,
        "spec": kinds.spec(asked),
        "owner_id": call.user.id,
        "organization_id": call.space.organization_id,
    }
    with call.hub.store.write() as connection:
        if asked.visibility == "public" and not call.user.is_admin:
            raise Forbidden("Only admins may register functions for everybody.")
        if place := call.space.organization:
            access.decide_in_organization(connection, call.user, place, Right.MANAGE)
        function_id = functions.add(connection, values, call.hub.clock())
        function = access.function(connection, call.user, function_id, Right.VIEW)
        [record] = records.of_functions(call, connection, [function])
    return json_reply(record, 201, {"Location": call.link(f"functions/{function_id}")})


def show(call: Call) -> Reply:
    """Show a function, and how it is served."""
    with call.hub.store.read() as connection:
        function = access.function(connection, call.user, call.number("function_id"), Right.VIEW)
        [record] = records.of_functions(call, connection, [function])
        figures = call.hub.presence.figures(connection, function.id, call.hub.clock())
    return json_reply(records.with_figures(record, figures))


def run(call: Call, asked: Params) -> Reply:
    """Ask a function something, and wait for its answer."""
    with call.hub.store.read() as connection:
        function = access.function(connection, call.user, call.number("function_id"), Right.VIEW)
    return asking.answer(call.hub, call.user, function, asked)


def delete(call: Call) -> Reply:
    """Remove a function with all that was asked of it."""
    with call.hub.queue.changing() as (connection, news):
        function = access.function(connection, call.user, call.number("function_id"), Right.DELETE)
        news += call.hub.queue.remove(connection, function.id)
    return empty()


ROUTES = {
    "functions": {
        "GET": Handler(list_all, gives=FunctionList, query=parameters(FIELDS)),
        "POST": Handler(create, gives=Function, status=201),
    },
    "functions/{function_id:id}": {
        "GET": Handler(show, gives=Function),
        "DELETE": Handler(delete, status=204),
    },
    "functions/{function_id:id}/run": {"POST": Handler(run, gives=dict[str, Any])},
}
