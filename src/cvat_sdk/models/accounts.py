"""The server itself, users and logins."""

from __future__ import annotations

import datetime
from typing import Annotated

from msgspec import Meta

from .record import UNSET, Record, UnsetType

Date = datetime.datetime
Secret = Annotated[str, Meta(min_length=1)]
Password = Annotated[str, Meta(min_length=1, max_length=128)]
UserName = Annotated[str, Meta(min_length=1, max_length=150, pattern=r"^[\w.@+-]+$(?!\n)")]
PersonName = Annotated[str, Meta(max_length=150)]
TokenName = Annotated[str, Meta(min_length=1, max_length=50)]


class About(Record):
    """What a server tells about itself.

    Servers before 2.16 leave out `logo_url` and `subtitle`. CVAT Hub alone tells the last two;
    `idempotency_days` is how long it remembers the `X-Idempotency-Key` of a write.
    """

    name: str
    description: str
    version: str
    logo_url: str | UnsetType = UNSET
    subtitle: str | UnsetType = UNSET
    hub_version: str | UnsetType = UNSET
    idempotency_days: int | UnsetType = UNSET


class LoginSerializerExRequest(Record):
    """A login by name or e-mail address."""

    password: Secret
    username: str | UnsetType = UNSET
    email: str | UnsetType = UNSET

    def __repr__(self) -> str:
        return f"{type(self).__name__}(username={self.get('username')!r})"


class Token(Record):
    """The key that a login gives."""

    key: str

    def __repr__(self) -> str:
        return "Token()"


class PasswordChangeRequest(Record):
    """A new password, twice, and the one before."""

    old_password: Password
    new_password1: Password
    new_password2: Password

    def __repr__(self) -> str:
        return "PasswordChangeRequest()"


class RestAuthDetail(Record):
    """What the server says about a login, in a sentence."""

    detail: str | UnsetType = UNSET


class AccessTokenWriteRequest(Record):
    """A personal access token to be created."""

    name: TokenName
    expiry_date: Date | UnsetType | None = UNSET
    read_only: bool | UnsetType = UNSET


class PatchedAccessTokenWriteRequest(Record):
    """What is to change of a personal access token."""

    name: TokenName | UnsetType = UNSET
    expiry_date: Date | UnsetType | None = UNSET
    read_only: bool | UnsetType = UNSET


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


class PatchedUserRequest(Record):
    """What is to change of a user. Only administrators change more than names and the like."""

    username: UserName | UnsetType = UNSET
    first_name: PersonName | UnsetType = UNSET
    last_name: PersonName | UnsetType = UNSET
    email: Annotated[str, Meta(max_length=254)] | UnsetType = UNSET
    groups: list[str] | UnsetType = UNSET
    is_staff: bool | UnsetType = UNSET
    is_superuser: bool | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    cvat_usage_reason: str | UnsetType | None = UNSET
    primary_role: Annotated[str, Meta(max_length=255)] | UnsetType = UNSET
    planned_activities: list[str] | UnsetType = UNSET
    data_types: list[str] | UnsetType = UNSET
    discovery_source: Annotated[str, Meta(max_length=255)] | UnsetType = UNSET
