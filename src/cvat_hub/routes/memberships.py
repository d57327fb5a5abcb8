"""Members of organizations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from cvat_hub import records
from cvat_hub.call import Call, Handler
from cvat_hub.errors import BadRequest, at
from cvat_hub.filters import Fields
from cvat_hub.lists import page, parameters
from cvat_hub.replies import Reply, empty, json_reply
from cvat_hub.rights import access
from cvat_hub.rights.access import Right
from cvat_hub.rights.visibility import visible_memberships
from cvat_hub.store import organizations
from cvat_hub.store.tables import memberships as rows
from cvat_hub.store.users import name_of
from cvat_sdk import models

FIELDS = Fields(
    {
        "id": rows.c.id,
        "user": name_of(rows.c.user_id),
        "role": rows.c.role,
        "is_active": rows.c.is_active,
    },
    key=rows.c.id,
    searched=("user", "role"),
)


def list_all(call: Call) -> Reply:
    """List the members of the organizations that the user is in."""
    with call.hub.store.read() as connection:

        def found(page_rows: Sequence[Row[Any]]) -> list[models.MembershipRead]:
            listed = [organizations.membership(row) for row in page_rows]
            return records.of_memberships(call, connection, listed)

        here = call.space.holds(rows.c.organization_id)
        query = organizations.members().where(visible_memberships(call.user), here)
        return page(call, connection, FIELDS.apply(query, call.query), found)


def show(call: Call) -> Reply:
    """Show a member."""
    number = call.number("membership_id")
    with call.hub.store.read() as connection:
        found = access.membership(connection, call.user, number, Right.VIEW)
        return json_reply(records.of_memberships(call, connection, [found])[0])


def change(call: Call, asked: models.PatchedMembershipWriteRequest) -> Reply:
    """Give a member another role."""
    with call.hub.store.write() as connection:
        found = access.membership(connection, call.user, call.number("membership_id"), Right.MANAGE)
        if "role" in asked:
            _check_role(asked.role)
            own = access.role_in(connection, call.user, found.organization_id)
            access.decide_role(own, asked.role.value)
            organizations.set_role(connection, found.id, asked.role.value)
        changed = organizations.get_membership(connection, found.id)
        assert changed is not None
        return json_reply(records.of_memberships(call, connection, [changed])[0])


def delete(call: Call) -> Reply:
    """Remove a member, or leave an organization."""
    with call.hub.store.write() as connection:
        number = call.number("membership_id")
        found = access.membership(connection, call.user, number, Right.VIEW)
        if found.user_id != call.user.id:
            access.membership(connection, call.user, number, Right.MANAGE)
        if found.role == "owner":
            raise BadRequest("the owner stays: delete the organization instead")
        organizations.remove_membership(connection, found.id)
    return empty()


def _check_role(role: models.RoleEnum) -> None:
    if role is models.RoleEnum.OWNER:
        raise at(["role"], "nobody can be made an owner")


ROUTES = {
    "memberships": {
        "GET": Handler(list_all, gives=models.PaginatedMembershipReadList, query=parameters(FIELDS))
    },
    "memberships/{membership_id:id}": {
        "GET": Handler(show, gives=models.MembershipRead),
        "PATCH": Handler(change, gives=models.MembershipRead),
        "DELETE": Handler(delete, status=204),
    },
}
