"""Where tasks and projects are made and to whom they belong, at first and when handed over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from cvat_hub.call import Call
from cvat_hub.errors import Forbidden, at
from cvat_hub.rights import access, assignees
from cvat_hub.rights.access import Right
from cvat_sdk import models


def place(call: Call, connection: Connection) -> int | None:
    """Return the organization in which a request makes something; None is the personal space.

    Raises:
        Forbidden: the user may make nothing there.
    """
    if call.space.organization:
        access.decide_in_organization(connection, call.user, call.space.organization, Right.CREATE)
    return call.space.organization_id


def first_owner(
    call: Call, connection: Connection, asked: int | None, organization_id: int | None
) -> int:
    """Return the owner of what is made in an organization, or in none; admins may name another.

    Raises:
        Forbidden: it may not be made for others.
        BadRequest: there is no such user, or they are not in the organization.
    """
    if asked is None or asked == call.user.id:
        return call.user.id
    if not call.user.is_admin:
        raise Forbidden("Only admins create for others.")
    assignees.check(connection, "owner_id", asked, organization_id)
    return asked


def new_hands(
    call: Call,
    connection: Connection,
    asked: models.PatchedTaskWriteRequest | models.PatchedProjectWriteRequest,
    organization_id: int | None,
) -> dict[str, Any]:
    """Return the fields that hand something to another owner, organization or assignee.

    Args:
        organization_id: where it is now.

    Raises:
        NotFound: the user is not in the organization.
        Forbidden: the user may not make things there.
        BadRequest: the owner or the assignee doesn't exist, or is not in the organization.
    """
    values: dict[str, Any] = {}
    if asked.get("organization_id", organization_id) != organization_id:
        organization_id = values["organization_id"] = asked.organization_id
        if organization_id is not None:
            access.organization(connection, call.user, organization_id, Right.CREATE)
    if "owner_id" in asked:
        if asked.owner_id is None:
            raise at(["owner_id"], "This field may not be null.")
        assignees.check(connection, "owner_id", asked.owner_id, organization_id)
        values["owner_id"] = asked.owner_id
    if "assignee_id" in asked:
        assignees.check(connection, "assignee_id", asked.assignee_id, organization_id)
        now = call.hub.clock()
        values |= {"assignee_id": asked.assignee_id, "assignee_updated_date": now}
    return values
