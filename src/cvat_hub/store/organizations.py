"""Organizations, their members, and those who are invited.

Who is invited has a membership that is not active until the invitation is accepted.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from .engine import inserted_id
from .tables import invitations, memberships, organizations

Date = datetime.datetime
# From the one who may most to the one who may least.
ROLES = ("owner", "maintainer", "supervisor", "worker")


@dataclass(frozen=True)
class Organization:
    """People who work together; `slug` is its short name, unique on the hub."""

    id: int
    slug: str
    name: str
    description: str
    contact: Mapping[str, Any]
    owner_id: int | None
    created_date: Date
    updated_date: Date


@dataclass(frozen=True)
class Membership:
    """Somebody's place in an organization; `key` is that of the invitation that led there."""

    id: int
    organization_id: int
    user_id: int
    role: str
    is_active: bool
    joined_date: Date | None
    key: str | None


@dataclass(frozen=True)
class Invitation:
    """An invitation, by whom, and the membership that it offers."""

    key: str
    owner_id: int | None
    created_date: Date
    membership: Membership


def get(connection: Connection, organization_id: int) -> Organization | None:
    """Return an organization, or None."""
    return by_ids(connection, [organization_id]).get(organization_id)


def by_slug(connection: Connection, slug: str) -> Organization | None:
    """Return the organization of this short name, or None."""
    query = select(organizations).where(organizations.c.slug == slug)
    row = connection.execute(query).first()
    return Organization(**row._mapping) if row else None


def by_ids(connection: Connection, ids: Collection[int]) -> dict[int, Organization]:
    """Return the organizations of these ids."""
    rows = connection.execute(select(organizations).where(organizations.c.id.in_(ids)))
    return {row.id: Organization(**row._mapping) for row in rows}


def owned_by(connection: Connection, user_id: int) -> list[str]:
    """Return the short names of the organizations that belong to a user."""
    query = select(organizations.c.slug).where(organizations.c.owner_id == user_id)
    return list(connection.scalars(query))


def add(connection: Connection, owner_id: int, values: Mapping[str, Any], now: Date) -> int:
    """Add an organization with its owner as the first member, and return its id."""
    row = {**values, "owner_id": owner_id, "created_date": now, "updated_date": now}
    organization_id = inserted_id(connection.execute(insert(organizations).values(row)))
    _join(connection, organization_id, owner_id, "owner", now)
    return organization_id


def change(
    connection: Connection, organization_id: int, values: Mapping[str, Any], now: Date
) -> None:
    """Change what describes an organization."""
    row = {**values, "updated_date": now}
    this = organizations.c.id == organization_id
    connection.execute(update(organizations).where(this).values(row))


def remove(connection: Connection, organization_id: int) -> None:
    """Remove an organization; its projects and tasks stay with the people who own them."""
    connection.execute(delete(organizations).where(organizations.c.id == organization_id))


def members() -> Select[Any]:
    """Return the query that `membership` understands, to be narrowed by the caller."""
    return select(*memberships.c, invitations.c.key).outerjoin(
        invitations, invitations.c.membership_id == memberships.c.id
    )


def membership(row: Row[Any]) -> Membership:
    """Return the membership that a row of `members` holds."""
    return Membership(**row._mapping)


def get_membership(connection: Connection, membership_id: int) -> Membership | None:
    """Return a membership, or None."""
    row = connection.execute(members().where(memberships.c.id == membership_id)).first()
    return membership(row) if row else None


def membership_of(connection: Connection, organization_id: int, user_id: int) -> Membership | None:
    """Return the place of a user in an organization, active or not, or None."""
    theirs = memberships.c.user_id == user_id
    query = members().where(memberships.c.organization_id == organization_id, theirs)
    row = connection.execute(query).first()
    return membership(row) if row else None


def are_together(connection: Connection, user_id: int, other_id: int) -> bool:
    """Tell whether a user is in an organization where the other one is too, or is invited."""
    joined = select(memberships.c.organization_id).where(
        memberships.c.user_id == user_id, memberships.c.is_active
    )
    there = memberships.c.organization_id.in_(joined)
    query = select(memberships.c.id).where(memberships.c.user_id == other_id, there).limit(1)
    return connection.scalar(query) is not None


def set_role(connection: Connection, membership_id: int, role: str) -> None:
    """Give a member another role."""
    this = memberships.c.id == membership_id
    connection.execute(update(memberships).where(this).values(role=role))


def remove_membership(connection: Connection, membership_id: int) -> None:
    """Remove a member, or somebody who was invited."""
    connection.execute(delete(memberships).where(memberships.c.id == membership_id))


def invite(
    connection: Connection,
    organization_id: int,
    user_id: int,
    role: str,
    *,
    by: int,
    key: str,
    now: Date,
) -> None:
    """Offer a user a place in an organization."""
    membership_id = _join(connection, organization_id, user_id, role, None)
    row = {"key": key, "membership_id": membership_id, "owner_id": by, "created_date": now}
    connection.execute(insert(invitations).values(row))


def accept(connection: Connection, invitation: Invitation, now: Date) -> None:
    """Make somebody who was invited a member."""
    this = memberships.c.id == invitation.membership.id
    connection.execute(update(memberships).where(this).values(is_active=True, joined_date=now))


def invited() -> Select[Any]:
    """Return the query that `invitation` understands, to be narrowed by the caller."""
    return select(
        invitations.c.owner_id, invitations.c.created_date, invitations.c.key, *memberships.c
    ).join(memberships, memberships.c.id == invitations.c.membership_id)


def invitation(row: Row[Any]) -> Invitation:
    """Return the invitation that a row of `invited` holds."""
    values = dict(row._mapping)
    owner_id, created_date = values.pop("owner_id"), values.pop("created_date")
    return Invitation(values["key"], owner_id, created_date, Membership(**values))


def get_invitation(connection: Connection, key: str) -> Invitation | None:
    """Return the invitation of this key, or None."""
    row = connection.execute(invited().where(invitations.c.key == key)).first()
    return invitation(row) if row else None


def renew_invitation(connection: Connection, key: str, now: Date) -> None:
    """Let the time in which an invitation can be accepted begin anew."""
    connection.execute(update(invitations).where(invitations.c.key == key).values(created_date=now))


def _join(
    connection: Connection, organization_id: int, user_id: int, role: str, joined: Date | None
) -> int:
    row = {
        "organization_id": organization_id,
        "user_id": user_id,
        "role": role,
        "is_active": joined is not None,
        "joined_date": joined,
    }
    return inserted_id(connection.execute(insert(memberships).values(row)))
