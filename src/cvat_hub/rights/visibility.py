"""What lists show to whom: the conditions in SQL that say the same as the tables of `access`."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, or_, select, true

from cvat_hub.store.tables import (
    functions,
    jobs,
    labels,
    memberships,
    organizations,
    projects,
    requests,
    tasks,
    users,
)
from cvat_hub.store.users import User

from .access import OVERSEERS
from .spaces import EVERYWHERE, Space

Condition = ColumnElement[bool]


def visible_tasks(user: User) -> Condition:
    """Return the condition that a task may be seen by the user."""
    if user.is_admin:
        return true()
    related = or_(
        tasks.c.owner_id == user.id,
        tasks.c.assignee_id == user.id,
        tasks.c.id.in_(select(jobs.c.task_id).where(jobs.c.assignee_id == user.id)),
        tasks.c.project_id.in_(
            select(projects.c.id).where(
                or_(projects.c.owner_id == user.id, projects.c.assignee_id == user.id)
            )
        ),
    )
    return _within(user, tasks.c.organization_id, related)


def visible_projects(user: User) -> Condition:
    """Return the condition that a project may be seen by the user."""
    if user.is_admin:
        return true()
    inside = (
        select(tasks.c.project_id)
        .outerjoin(jobs, jobs.c.task_id == tasks.c.id)
        .where(
            tasks.c.project_id.is_not(None),
            or_(
                tasks.c.owner_id == user.id,
                tasks.c.assignee_id == user.id,
                jobs.c.assignee_id == user.id,
            ),
        )
    )
    related = or_(
        projects.c.owner_id == user.id,
        projects.c.assignee_id == user.id,
        projects.c.id.in_(inside),
    )
    return _within(user, projects.c.organization_id, related)


def visible_labels(user: User, space: Space = EVERYWHERE) -> Condition:
    """Return the condition that a label is one of a task or project that the user may see there."""
    in_tasks, in_projects = (space.holds(table.c.organization_id) for table in (tasks, projects))
    of_tasks = select(tasks.c.id).where(visible_tasks(user), in_tasks)
    of_projects = select(projects.c.id).where(visible_projects(user), in_projects)
    return or_(labels.c.task_id.in_(of_tasks), labels.c.project_id.in_(of_projects))


def visible_organizations(user: User) -> Condition:
    """Return the condition that an organization may be seen by the user."""
    return true() if user.is_admin else organizations.c.id.in_(_joined(user))


def visible_memberships(user: User) -> Condition:
    """Return the condition that a membership may be seen by the user."""
    if user.is_admin:
        return true()
    return or_(memberships.c.user_id == user.id, memberships.c.organization_id.in_(_joined(user)))


def visible_invitations(user: User) -> Condition:
    """Return the condition that an invitation may be seen by the user."""
    if user.is_admin:
        return true()
    return or_(
        memberships.c.user_id == user.id,
        memberships.c.organization_id.in_(_joined(user, overseeing=True)),
    )


def visible_requests(user: User) -> Condition:
    """Return the condition that a background request may be seen by the user."""
    if user.is_admin:
        return true()
    of_seen = requests.c.task_id.in_(select(tasks.c.id).where(visible_tasks(user)))
    return (requests.c.owner_id == user.id) & or_(requests.c.task_id.is_(None), of_seen)


def visible_functions(user: User) -> Condition:
    """Return the condition that a function may be seen, and used, by the user."""
    if user.is_admin:
        return true()
    own = functions.c.organization_id.is_(None) & (functions.c.owner_id == user.id)
    inside = functions.c.organization_id.in_(_joined(user))
    return or_(functions.c.visibility == "public", own, inside)


def visible_users(user: User) -> Condition:
    """Return the condition that a user may be seen by the user: oneself, and fellow members."""
    if user.is_admin:
        return true()
    fellows = select(memberships.c.user_id).where(memberships.c.organization_id.in_(_joined(user)))
    return or_(users.c.id == user.id, users.c.id.in_(fellows))


def _within(user: User, organization_id: ColumnElement[int], related: Condition) -> Condition:
    """Return the condition for objects of a space, given what makes them somebody's own."""
    at_home = or_(organization_id.is_(None), organization_id.in_(_joined(user)))
    return or_(related & at_home, organization_id.in_(_joined(user, overseeing=True)))


def _joined(user: User, *, overseeing: bool = False) -> Select[tuple[int]]:
    """Return the query of the organizations that a user is in, or sees all of."""
    query = select(memberships.c.organization_id).where(
        memberships.c.user_id == user.id, memberships.c.is_active
    )
    return query.where(memberships.c.role.in_(OVERSEERS)) if overseeing else query
