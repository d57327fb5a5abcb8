"""The server itself, users, logins and organizations."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from msgspec import Meta

from .enums import RoleEnum
from .record import UNSET, Record, UnsetType

Date = datetime.datetime


class About(Record):
    """What a server tells about itself. Servers before 2.16 leave the last two out."""

    name: str
    description: str
    version: str
    logo_url: str | UnsetType = UNSET
    subtitle: str | UnsetType = UNSET
    hub_version: str | UnsetType = UNSET


class LoginSerializerExRequest(Record):
    """A login by name or e-mail address."""

    password: Annotated[str, Meta(min_length=1)]
    username: str | UnsetType = UNSET
    email: str | UnsetType = UNSET

    def __repr__(self) -> str:
        return f"{type(self).__name__}(username={self.get('username')!r})"


class Token(Record):
    """The key that a login gives."""

    key: str

    def __repr__(self) -> str:
        return "Token()"


class AccessTokenWriteRequest(Record):
    """A personal access token to be created."""

    name: Annotated[str, Meta(min_length=1, max_length=50)]
    expiry_date: Date | UnsetType | None = UNSET
    read_only: bool | UnsetType = UNSET


class PatchedAccessTokenWriteRequest(Record):
    """What is to be changed about a personal access token."""

    name: Annotated[str, Meta(min_length=1, max_length=50)] | UnsetType = UNSET
    expiry_date: Date | UnsetType | None = UNSET
    read_only: bool | UnsetType = UNSET


Password = Annotated[str, Meta(min_length=1, max_length=128)]


class PasswordChangeRequest(Record):
    """A new password, twice, and the one before it."""

    new_password1: Password
    new_password2: Password
    old_password: Password

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class BasicUser(Record):
    """A user, as other objects show them."""

    username: str
    url: str | UnsetType = UNSET
    id: int | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET


RequestOwner = BasicUser


class AccessTokenRead(Record):
    """A personal access token; `value` is shown when it is created and never again."""

    id: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    created_date: Date | UnsetType = UNSET
    updated_date: Date | UnsetType = UNSET
    expiry_date: Date | UnsetType | None = UNSET
    last_used_date: Date | UnsetType | None = UNSET
    read_only: bool | UnsetType = UNSET
    owner: BasicUser | UnsetType | None = UNSET
    value: str | UnsetType = UNSET

    def __repr__(self) -> str:
        return f"AccessTokenRead(id={self.get('id')!r}, name={self.get('name')!r})"


class User(Record):
    """A user, as they see themselves."""

    username: str
    groups: list[str] | UnsetType = UNSET
    url: str | UnsetType = UNSET
    id: int | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    is_staff: bool | UnsetType = UNSET
    is_superuser: bool | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    last_login: Date | UnsetType | None = UNSET
    date_joined: Date | UnsetType = UNSET
    has_analytics_access: bool | UnsetType | None = UNSET
    cvat_usage_reason: str | UnsetType | None = UNSET
    primary_role: str | UnsetType = UNSET
    planned_activities: list[str] | UnsetType = UNSET
    data_types: list[str] | UnsetType = UNSET
    discovery_source: str | UnsetType = UNSET
    email_verified: bool | UnsetType | None = UNSET
    created_via: str | UnsetType | None = UNSET


MetaUser = User


class OrganizationWriteRequest(Record):
    """An organization to be created."""

    slug: Annotated[str, Meta(min_length=1, max_length=16, pattern="^[-a-zA-Z0-9_]+$")]
    name: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
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
