"""People: users, their tokens, and their places in organizations."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from cvat_hub.call import Call
from cvat_hub.store import organizations, users
from cvat_sdk import models

INVITATION_LASTS = datetime.timedelta(days=7)


def user(call: Call, found: users.User) -> models.User:
    """Return a user, as they see themselves."""
    return models.User(
        url=call.link(f"users/{found.id}"),
        id=found.id,
        username=found.username,
        first_name=found.first_name,
        last_name=found.last_name,
        email=found.email,
        groups=groups(found),
        is_staff=found.is_admin,
        is_superuser=found.is_admin,
        is_active=found.is_active,
        last_login=found.last_login,
        date_joined=found.date_joined,
        has_analytics_access=found.is_admin,
    )


def groups(found: users.User) -> list[str]:
    """Return the names that CVAT has for what a user may do."""
    return ["admin"] if found.is_admin else ["user"]


def basic_user(call: Call, found: users.User | None) -> models.BasicUser | None:
    """Return a user, as others see them."""
    if found is None:
        return None
    return models.BasicUser(
        url=call.link(f"users/{found.id}"),
        id=found.id,
        username=found.username,
        first_name=found.first_name,
        last_name=found.last_name,
    )


def access_token(call: Call, token: users.AccessToken, value: str = "") -> models.AccessTokenRead:
    """Return a token of the caller; its value is shown once."""
    record = models.AccessTokenRead(
        id=token.id,
        name=token.name,
        created_date=token.created_date,
        updated_date=token.updated_date,
        expiry_date=token.expiry_date,
        last_used_date=token.last_used_date,
        read_only=token.read_only,
        owner=basic_user(call, call.user),
    )
    if value:
        record.value = value
    return record


def of_organizations(
    call: Call, connection: Connection, found: Sequence[organizations.Organization]
) -> list[models.OrganizationRead]:
    """Return organizations, with their owners."""
    people = users.by_ids(connection, [organization.owner_id for organization in found])
    return [
        models.OrganizationRead(
            id=organization.id,
            slug=organization.slug,
            name=organization.name,
            description=organization.description,
            contact=dict(organization.contact),
            owner=basic_user(call, people.get(organization.owner_id or 0)),
            created_date=organization.created_date,
            updated_date=organization.updated_date,
        )
        for organization in found
    ]


def of_memberships(
    call: Call, connection: Connection, found: Sequence[organizations.Membership]
) -> list[models.MembershipRead]:
    """Return memberships, with the members."""
    people = users.by_ids(connection, [membership.user_id for membership in found])
    return [
        models.MembershipRead(
            id=membership.id,
            user=_member(call, people, membership),
            organization=membership.organization_id,
            is_active=membership.is_active,
            joined_date=membership.joined_date,
            role=models.RoleEnum(membership.role),
            invitation=membership.key,
        )
        for membership in found
    ]


def of_invitations(
    call: Call, connection: Connection, found: Sequence[organizations.Invitation]
) -> list[models.InvitationRead]:
    """Return invitations, with who invites whom and where to."""
    ids = [i for one in found for i in (one.owner_id, one.membership.user_id)]
    people = users.by_ids(connection, ids)
    places = organizations.by_ids(connection, {one.membership.organization_id for one in found})
    return [_invitation(call, one, people, places) for one in found]


def has_expired(invitation: organizations.Invitation, now: datetime.datetime) -> bool:
    """Tell whether an invitation can no longer be accepted."""
    return not invitation.membership.is_active and now - invitation.created_date > INVITATION_LASTS


def _invitation(
    call: Call,
    found: organizations.Invitation,
    people: Mapping[int, users.User],
    places: Mapping[int, organizations.Organization],
) -> models.InvitationRead:
    membership = found.membership
    place = places[membership.organization_id]
    return models.InvitationRead(
        key=found.key,
        owner=basic_user(call, people.get(found.owner_id or 0)),
        user=_member(call, people, membership),
        role=models.RoleEnum(membership.role),
        organization=place.id,
        organization_info=models.BasicOrganization(id=place.id, slug=place.slug),
        created_date=found.created_date,
        expired=has_expired(found, call.hub.clock()),
        accepted=membership.is_active,
    )


def _member(
    call: Call, people: Mapping[int, users.User], membership: organizations.Membership
) -> models.BasicUser:
    member = basic_user(call, people[membership.user_id])
    assert member is not None
    return member
