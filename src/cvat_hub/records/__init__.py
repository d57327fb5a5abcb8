"""What clients read: the records of the wire, made of what the store holds."""

from .data import meta, request
from .labels import label
from .people import (
    access_token,
    basic_user,
    groups,
    has_expired,
    of_invitations,
    of_memberships,
    of_organizations,
    user,
)
from .work import of_jobs, of_projects, of_tasks

__all__ = [
    "access_token",
    "basic_user",
    "groups",
    "has_expired",
    "label",
    "meta",
    "of_invitations",
    "of_jobs",
    "of_memberships",
    "of_organizations",
    "of_projects",
    "of_tasks",
    "request",
    "user",
]
