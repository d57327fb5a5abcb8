"""Who may be given work: any user in the personal space, members in an organization."""

from __future__ import annotations

from sqlalchemy import Connection

from cvat_hub.errors import at
from cvat_hub.store import organizations, users


def check(
    connection: Connection, field: str, user_id: int | None, organization_id: int | None
) -> None:
    """Check the user that a field names; None is nobody.

    Raises:
        BadRequest: there is no such user, or they are not in the organization.
    """
    if user_id is None:
        return
    if not users.by_ids(connection, [user_id]):
        raise at([field], f'Invalid pk "{user_id}" - object does not exist.')
    if organization_id is not None:
        found = organizations.membership_of(connection, organization_id, user_id)
        if not found or not found.is_active:
            raise at([field], f"user {user_id} is not a member of the organization")
