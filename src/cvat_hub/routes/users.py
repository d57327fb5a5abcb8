"""Users: oneself, and for admins the others."""

from __future__ import annotations

from cvat_hub import records
from cvat_hub.call import Call, Handler
from cvat_hub.errors import NotFound
from cvat_hub.replies import Reply, json_reply
from cvat_hub.store import users


def show_self(call: Call) -> Reply:
    """Show who is logged in."""
    return json_reply(records.user(call, call.user))


def show(call: Call) -> Reply:
    """Show a user; only admins see others in full."""
    user_id = call.number("user_id")
    with call.hub.store.read() as connection:
        found = users.get(connection, user_id) if user_id < 2**31 else None
    if found is None:
        raise NotFound("No User matches the given query.")
    if call.user.is_admin or call.user.id == found.id:
        return json_reply(records.user(call, found))
    return json_reply(records.basic_user(call, found))


ROUTES = {
    "users/self": {"GET": Handler(show_self)},
    "users/{user_id:id}": {"GET": Handler(show)},
}
