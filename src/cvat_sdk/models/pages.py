"""One page of a list."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from .accounts import AccessTokenRead, InvitationRead, MembershipRead, OrganizationRead, User
from .labels import Label
from .record import Record
from .resources import JobRead, ProjectRead, Request, TaskRead


class Page(Record):
    """What every page tells: how many objects there are, and where the neighbours are."""

    count: int
    next: str | UnsetType | None = UNSET
    previous: str | UnsetType | None = UNSET


class PaginatedTaskReadList(Page):
    results: list[TaskRead] = []


class PaginatedJobReadList(Page):
    results: list[JobRead] = []


class PaginatedLabelList(Page):
    results: list[Label] = []


class PaginatedRequestList(Page):
    results: list[Request] = []


class PaginatedProjectReadList(Page):
    results: list[ProjectRead] = []


class PaginatedOrganizationReadList(Page):
    results: list[OrganizationRead] = []


class PaginatedMembershipReadList(Page):
    results: list[MembershipRead] = []


class PaginatedInvitationReadList(Page):
    results: list[InvitationRead] = []


class PaginatedAccessTokenReadList(Page):
    results: list[AccessTokenRead] = []


class PaginatedMetaUserList(Page):
    results: list[User] = []
