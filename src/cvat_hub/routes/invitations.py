"""Invitations to organizations, by a user's name or e-mail address."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from cvat_hub import records
from cvat_hub.call import Call, Handler
from cvat_hub.errors import BadRequest, Forbidden, at
from cvat_hub.filters import Fields
from cvat_hub.lists import page, parameters
from cvat_hub.replies import Reply, empty, json_reply
from cvat_hub.rights import access
from cvat_hub.rights.access import Right
from cvat_hub.rights.visibility import visible_invitations
from cvat_hub.store import organizations, users
from cvat_hub.store.organizations import Invitation
from cvat_hub.store.tables import invitations as rows
from cvat_hub.store.tables import memberships as member_rows
from cvat_hub.store.users import name_of
from cvat_sdk import models

FIELDS = Fields(
    {
        "created_date": rows.c.created_date,
        "owner": name_of(rows.c.owner_id),
        "user": name_of(member_rows.c.user_id),
        "accepted": member_rows.c.is_active,
    },
    key=rows.c.key,
    searched=("owner",),
    order="-created_date",
)


def list_all(call: Call) -> Reply:
    """List the invitations of the user, by the user, and to organizations that the user manages."""
    with call.hub.store.read() as connection:

        def found(page_rows: Sequence[Row[Any]]) -> list[models.InvitationRead]:
            listed = [organizations.invitation(row) for row in page_rows]
            return records.of_invitations(call, connection, listed)

        here = call.space.holds(member_rows.c.organization_id)
        query = organizations.invited().where(visible_invitations(call.user), here)
        return page(call, connection, FIELDS.apply(query, call.query), found)


def create(call: Call, asked: models.InvitationWriteRequest) -> Reply:
    """Invite a user to the organization that the request is made in."""
    if call.space.organization is None:
        raise BadRequest("name the organization: by X-Organization, org or org_id")
    key, place = secrets.token_hex(32), call.space.organization
    with call.hub.store.write() as connection:
        access.decide_in_organization(connection, call.user, place, Right.MANAGE)
        if asked.role is models.RoleEnum.OWNER:
            raise at(["role"], "nobody can be made an owner")
        own = access.role_in(connection, call.user, place.id)
        access.decide_role(own, asked.role.value)
        user = users.by_name(connection, asked.email)
        if user is None:
            raise at(["email"], "there is no user of this name or e-mail address")
        if organizations.membership_of(connection, place.id, user.id):
            raise at(["email"], f"{user.username} is a member already, or invited")
        organizations.invite(
            connection,
            place.id,
            user.id,
            asked.role.value,
            by=call.user.id,
            key=key,
            now=call.hub.clock(),
        )
        record = _record(call, connection, _find(call, connection, key, Right.VIEW))
    return json_reply(record, 201, {"Location": call.link(f"invitations/{key}")})


def show(call: Call) -> Reply:
    """Show an invitation."""
    with call.hub.store.read() as connection:
        return json_reply(_record(call, connection, _named(call, connection, Right.VIEW)))


def delete(call: Call) -> Reply:
    """Take an invitation back."""
    with call.hub.store.write() as connection:
        found = _named(call, connection, Right.MANAGE)
        _check_open(found)
        organizations.remove_membership(connection, found.membership.id)
    return empty()


def accept(call: Call) -> Reply:
    """Become a member."""
    now = call.hub.clock()
    with call.hub.store.write() as connection:
        found = _own(call, connection)
        if records.has_expired(found, now):
            raise BadRequest("The invitation has expired; ask for it to be sent again.")
        organizations.accept(connection, found, now)
        place = organizations.get(connection, found.membership.organization_id)
        assert place is not None
    return json_reply(models.AcceptInvitationRead(organization_slug=place.slug))


def decline(call: Call) -> Reply:
    """Refuse to become a member."""
    with call.hub.store.write() as connection:
        organizations.remove_membership(connection, _own(call, connection).membership.id)
    return empty()


def resend(call: Call) -> Reply:
    """Let the time in which an invitation can be accepted begin anew."""
    with call.hub.store.write() as connection:
        found = _named(call, connection, Right.MANAGE)
        _check_open(found)
        organizations.renew_invitation(connection, found.key, call.hub.clock())
    return empty()


def _named(call: Call, connection: Connection, right: Right) -> Invitation:
    return _find(call, connection, call.request.path_params["key"], right)


def _find(call: Call, connection: Connection, key: str, right: Right) -> Invitation:
    return access.invitation(connection, call.user, key, right)


def _own(call: Call, connection: Connection) -> Invitation:
    found = _named(call, connection, Right.VIEW)
    if found.membership.user_id != call.user.id:
        raise Forbidden("Only who is invited can answer.")
    _check_open(found)
    return found


def _check_open(found: Invitation) -> None:
    if found.membership.is_active:
        raise BadRequest("The invitation is accepted already.")


def _record(call: Call, connection: Connection, found: Invitation) -> models.InvitationRead:
    return records.of_invitations(call, connection, [found])[0]


ROUTES = {
    "invitations": {
        "GET": Handler(
            list_all, gives=models.PaginatedInvitationReadList, query=parameters(FIELDS)
        ),
        "POST": Handler(create, gives=models.InvitationRead, status=201),
    },
    "invitations/{key}": {
        "GET": Handler(show, gives=models.InvitationRead),
        "DELETE": Handler(delete, status=204),
    },
    "invitations/{key}/accept": {"POST": Handler(accept, gives=models.AcceptInvitationRead)},
    "invitations/{key}/decline": {"POST": Handler(decline, status=204)},
    "invitations/{key}/resend": {"POST": Handler(resend, status=204)},
}
