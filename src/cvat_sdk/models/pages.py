"""One page of a list."""

from __future__ import annotations

import msgspec

from .accounts import AccessTokenRead, User
from .functions import Function
from .labels import Label
from .organizations import InvitationRead, MembershipRead, OrganizationRead
from .projects import ProjectRead
from .record import UNSET, Record, UnsetType
from .resources import JobRead, Request, TaskRead


class Page(Record):
    """What every page tells: how many objects there are, and where the neighbours are."""

    count: int
    next: str | UnsetType | None = UNSET
    previous: str | UnsetType | None = UNSET


class PaginatedTaskReadList(Page):
    results: list[TaskRead] = msgspec.field(default_factory=list)


class PaginatedJobReadList(Page):
    results: list[JobRead] = msgspec.field(default_factory=list)


class PaginatedLabelList(Page):
    results: list[Label] = msgspec.field(default_factory=list)


class PaginatedRequestList(Page):
    results: list[Request] = msgspec.field(default_factory=list)


class PaginatedProjectReadList(Page):
    results: list[ProjectRead] = msgspec.field(default_factory=list)


class PaginatedOrganizationReadList(Page):
    results: list[OrganizationRead] = msgspec.field(default_factory=list)


class PaginatedMembershipReadList(Page):
    results: list[MembershipRead] = msgspec.field(default_factory=list)


class PaginatedInvitationReadList(Page):
    results: list[InvitationRead] = msgspec.field(default_factory=list)


class PaginatedAccessTokenReadList(Page):
    results: list[AccessTokenRead] = msgspec.field(default_factory=list)


class PaginatedMetaUserList(Page):
    results: list[User] = msgspec.field(default_factory=list)


class PaginatedFunctionList(Page):
    results: list[Function] = msgspec.field(default_factory=list)
