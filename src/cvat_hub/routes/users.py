"""Users: oneself, fellow members of organizations, and for admins everybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from cvat_hub import records
from cvat_hub.call import Call, Handler
from cvat_hub.errors import BadRequest, Forbidden, at
from cvat_hub.filters import Fields
from cvat_hub.lists import page, parameters
from cvat_hub.replies import Reply, empty, json_reply
from cvat_hub.rights import access
from cvat_hub.rights.access import Right
from cvat_hub.rights.visibility import visible_users
from cvat_hub.store import organizations, users
from cvat_hub.store.tables import memberships as member_rows
from cvat_hub.store.tables import users as rows
from cvat_hub.store.users import User
from cvat_sdk import models

# What people may say of themselves; the rest is for admins.
_OWN = ("first_name", "last_name", "email")
# The names of the wire, and those of the store.
_FLAGS = {"is_active": "is_active", "is_staff": "is_admin", "is_superuser": "is_admin"}
FIELDS = Fields(
    {
        "id": rows.c.id,
        "username": rows.c.username,
        "first_name": rows.c.first_name,
        "last_name": rows.c.last_name,
        "email": rows.c.email,
        "is_active": rows.c.is_active,
    },
    key=rows.c.id,
    searched=("username", "first_name", "last_name"),
)


def list_all(call: Call) -> Reply:
    """List oneself and fellow members, in an organization its members, for admins everybody."""
    with call.hub.store.read() as connection:

        def found(page_rows: Sequence[Row[Any]]) -> list[Any]:
            return [_shown(call, User(**row._mapping)) for row in page_rows]

        query = select(rows).where(visible_users(call.user))
        if call.space.organization:
            members = select(member_rows.c.user_id).where(
                call.space.holds(member_rows.c.organization_id), member_rows.c.is_active
            )
            query = query.where(rows.c.id.in_(members))
        return page(call, connection, FIELDS.apply(query, call.query), found)


def show_self(call: Call) -> Reply:
    """Show who is logged in."""
    return json_reply(records.user(call, call.user))


def show(call: Call) -> Reply:
    """Show a user; of others, all but admins see the names."""
    with call.hub.store.read() as connection:
        return json_reply(_shown(call, _find(call, connection, Right.VIEW)))


def change(call: Call, asked: models.PatchedUserRequest) -> Reply:
    """Change names and address, and for admins what a user may do."""
    values = {name: asked[name] for name in _OWN if name in asked}
    flags = _flags(asked)
    with call.hub.store.write() as connection:
        found = _find(call, connection, Right.CHANGE)
        if flags and not call.user.is_admin:
            raise Forbidden
        if asked.get("username", found.username) != found.username:
            raise at(["username"], "a user keeps the name")
        if asked.get("groups", records.groups(found)) != records.groups(found):
            raise at(["groups"], "groups follow from is_staff: change that")
        if users.is_taken(connection, asked.get("email", ""), found.id):
            raise at(["email"], "another user has this name or e-mail address")
        if not flags.get("is_admin", True) or not flags.get("is_active", True):
            _check_last_admin(connection, found)
        users.change(connection, found.id, values | flags)
        changed = users.get(connection, found.id)
        assert changed is not None
        return json_reply(_shown(call, changed))


def delete(call: Call) -> Reply:
    """Delete a user; projects and tasks stay, and belong to nobody."""
    with call.hub.store.write() as connection:
        found = _find(call, connection, Right.DELETE)
        _check_last_admin(connection, found)
        if owned := organizations.owned_by(connection, found.id):
            raise BadRequest(f"the user owns {', '.join(owned)}: delete these organizations first")
        users.remove(connection, found.id)
    return empty()


def _find(call: Call, connection: Connection, right: Right) -> User:
    return access.account(connection, call.user, call.number("user_id"), right)


def _flags(asked: models.PatchedUserRequest) -> dict[str, bool]:
    """Return what a user may do, in the terms of the store."""
    flags: dict[str, bool] = {}
    for name, own in _FLAGS.items():
        if name in asked and flags.setdefault(own, asked[name]) != asked[name]:
            raise at([name], "expected the same as is_staff: both make an admin")
    return flags


def _check_last_admin(connection: Connection, found: User) -> None:
    if found.is_admin and not users.other_admins(connection, found.id):
        raise BadRequest("the hub needs an admin: make another one first")


def _shown(call: Call, found: User) -> Any:
    if call.user.is_admin or call.user.id == found.id:
        return records.user(call, found)
    return records.basic_user(call, found)


ROUTES = {
    "users": {
        "GET": Handler(list_all, gives=models.PaginatedMetaUserList, query=parameters(FIELDS))
    },
    "users/self": {"GET": Handler(show_self, gives=models.User)},
    "users/{user_id:id}": {
        "GET": Handler(show, gives=models.User),
        "PATCH": Handler(change, gives=models.User),
        "DELETE": Handler(delete, status=204),
    },
}
