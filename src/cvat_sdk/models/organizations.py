"""Organizations, who belongs to them, and who is invited."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from msgspec import Meta

from .accounts import BasicUser
from .enums import RoleEnum
from .record import UNSET, Record, UnsetType

Date = datetime.datetime
# In Python, `$` alone would also stand before a newline.
Slug = Annotated[str, Meta(min_length=1, max_length=16, pattern=r"^[-a-zA-Z0-9_]+$(?!\n)")]
OrganizationName = Annotated[str, Meta(max_length=64)]


class OrganizationWriteRequest(Record):
    """An organization to be created."""

    slug: Slug
    name: OrganizationName | UnsetType = UNSET
    description: str | UnsetType = UNSET
    contact: dict[str, Any] | UnsetType = UNSET


class PatchedOrganizationWriteRequest(Record):
    """What is to change of an organization."""

    slug: Slug | UnsetType = UNSET
    name: OrganizationName | UnsetType = UNSET
    description: str | UnsetType = UNSET
    contact: dict[str, Any] | UnsetType = UNSET


class BasicOrganization(Record):
    """An organization, as other objects show it."""

    id: int | UnsetType = UNSET
    slug: str | UnsetType = UNSET


class OrganizationRead(Record):
    """An organization."""

    owner: BasicUser | None
    id: int | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    created_date: Date | UnsetType = UNSET
    updated_date: Date | UnsetType = UNSET
    contact: dict[str, Any] | UnsetType = UNSET


class MembershipRead(Record):
    """A user's place in an organization."""

    user: BasicUser
    id: int | UnsetType = UNSET
    organization: int | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    joined_date: Date | UnsetType | None = UNSET
    role: RoleEnum | UnsetType = UNSET
    invitation: str | UnsetType | None = UNSET


class PatchedMembershipWriteRequest(Record):
    """What is to change of a user's place in an organization."""

    role: RoleEnum | UnsetType = UNSET


class InvitationWriteRequest(Record):
    """An invitation to the organization that the request is made in."""

    role: RoleEnum
    email: Annotated[str, Meta(min_length=1)]


class InvitationRead(Record):
    """An invitation to an organization."""

    owner: BasicUser | None
    role: RoleEnum
    user: BasicUser
    organization: int
    organization_info: BasicOrganization | UnsetType = UNSET
    key: str | UnsetType = UNSET
    created_date: Date | UnsetType = UNSET
    expired: bool | UnsetType | None = UNSET
    accepted: bool | UnsetType = UNSET


class AcceptInvitationRead(Record):
    """The organization that a user is a member of from now on."""

    organization_slug: str
