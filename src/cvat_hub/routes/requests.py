"""Background requests, and the state of a task's preparation as older clients ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, case, select

from cvat_hub import records
from cvat_hub.call import Call, Handler
from cvat_hub.filters import Fields
from cvat_hub.lists import page, parameters
from cvat_hub.replies import Reply, json_reply
from cvat_hub.rights import access
from cvat_hub.rights.access import Right
from cvat_hub.rights.visibility import visible_requests
from cvat_hub.store import requests, users
from cvat_hub.store.tables import requests as rows
from cvat_sdk import models

# A type reads `create:task`.
_action = case((rows.c.type.startswith("create"), "create"), else_=rows.c.type)
FIELDS = Fields(
    {
        "created_date": rows.c.created_date,
        "status": rows.c.status,
        "task_id": rows.c.task_id,
        "target": rows.c.target,
        "action": _action,
    },
    key=rows.c.id,
    order="-created_date",
)
_NEVER_KEEP = {"Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private"}


def list_all(call: Call) -> Reply:
    """List the requests that the user started, newest first."""
    with call.hub.store.read() as connection:

        def found(page_rows: Sequence[Row[Any]]) -> list[models.Request]:
            listed = [requests.Request(**row._mapping) for row in page_rows]
            people = users.by_ids(connection, [request.owner_id for request in listed])
            return [records.request(request, people) for request in listed]

        query = select(rows).where(visible_requests(call.user))
        return page(call, connection, FIELDS.apply(query, call.query), found)


def show(call: Call) -> Reply:
    """Show a request; its id comes percent-encoded."""
    with call.hub.store.read() as connection:
        found = access.request(connection, call.user, call.request.path_params["request_id"])
        people = users.by_ids(connection, [found.owner_id])
    return json_reply(records.request(found, people), headers=_NEVER_KEEP)


def show_status(call: Call) -> Reply:
    """Tell how far the preparation of a task's data is."""
    with call.hub.store.read() as connection:
        task = access.task(connection, call.user, call.number("task_id"), Right.VIEW)
        found = requests.get(connection, requests.creation_of(task.id))
    if found is None:
        return json_reply(models.RqStatus(state=models.RqStatusStateEnum("Finished"), message=""))
    state = models.RqStatusStateEnum(found.status.capitalize())
    return json_reply(
        models.RqStatus(state=state, message=found.message, progress=100 * found.progress)
    )


ROUTES = {
    "requests": {
        "GET": Handler(list_all, gives=models.PaginatedRequestList, query=parameters(FIELDS))
    },
    "requests/{request_id}": {"GET": Handler(show, gives=models.Request)},
    "tasks/{task_id:id}/status": {"GET": Handler(show_status, gives=models.RqStatus)},
}
