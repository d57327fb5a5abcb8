"""Who may do what: one table for each kind of object, and one way to read them.

What a user is to an object gives them rights; who is several things to it has the rights of all. In
an organization only its active members are anything to its objects.

An object that a user may not see doesn't exist for them (404); what they see and may not do is
forbidden (403).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from cvat_hub.errors import Forbidden, NotFound
from cvat_hub.store import (
    function_requests,
    functions,
    jobs,
    labels,
    organizations,
    projects,
    requests,
    tasks,
    users,
)
from cvat_hub.store.organizations import Invitation, Membership, Organization
from cvat_hub.store.users import User


class Right(enum.Enum):
    """What can be done with an object and all that belongs to it."""

    VIEW = "view"
    ANNOTATE = "annotate"
    CHANGE = "change"
    DELETE = "delete"
    # Make tasks and projects in an organization, or tasks in a project.
    CREATE = "create"
    # Invite people to an organization, change the roles of members, and remove them.
    MANAGE = "manage"
    # Take the requests of a function, and answer them.
    SERVE = "serve"


Rights = Mapping[str, frozenset[Right]]


def _table(rows: dict[str, str]) -> Rights:
    return {role: frozenset(map(Right, rights.split())) for role, rights in rows.items()}


TASK = _table(
    {
        "admin": "view annotate change delete",
        "maintainer": "view annotate change delete",
        "owner": "view annotate change delete",
        "project owner": "view annotate change delete",
        "project assignee": "view annotate change",
        "assignee": "view annotate",
        "job assignee": "view",
        "agent at work": "view",
        "stranger": "",
    }
)
# To a job one is what one is to its task, and perhaps its assignee.
JOB = _table({"assignee": "view annotate"})
PROJECT = _table(
    {
        "admin": "view change delete create",
        "maintainer": "view change delete create",
        "owner": "view change delete create",
        "assignee": "view change create",
        "at work": "view",
        "stranger": "",
    }
)
ORGANIZATION = _table(
    {
        "admin": "view change delete create manage",
        "owner": "view change delete create manage",
        "maintainer": "view change create manage",
        "supervisor": "view create",
        "worker": "view",
        "stranger": "",
    }
)
# To other users; fellows are in an organization with them.
USER = _table(
    {
        "admin": "view change delete",
        "self": "view change delete",
        "fellow": "view",
        "stranger": "",
    }
)
# To a function; who may view it may use it.
FUNCTION = _table(
    {
        "admin": "view delete serve",
        "maintainer": "view delete serve",
        "owner": "view delete serve",
        "member": "view",
        "anybody, if it is public": "view",
        "stranger": "",
    }
)
# Whom those who manage an organization may invite, promote, demote and remove. Nobody is made an
# owner, and the owner stays.
MANAGED = {
    "admin": frozenset({"maintainer", "supervisor", "worker"}),
    "owner": frozenset({"maintainer", "supervisor", "worker"}),
    "maintainer": frozenset({"supervisor", "worker"}),
}
# Roles in an organization whose objects they all may see and change.
OVERSEERS = frozenset({"owner", "maintainer"})


class JobAndTask(NamedTuple):
    """A job, and the task that it belongs to."""

    job: jobs.Job
    task: tasks.Task


def rights_of(table: Rights, roles: Iterable[str]) -> frozenset[Right]:
    """Return the rights of somebody who is all of this to an object.

    >>> sorted(right.value for right in rights_of(ORGANIZATION, ["worker", "supervisor"]))
    ['create', 'view']
    """
    return frozenset().union(*(table[role] for role in roles))


def decide(rights: frozenset[Right], right: Right, noun: str) -> None:
    """Refuse what these rights don't allow.

    Raises:
        NotFound: the object may not even be seen.
        Forbidden: it may be seen, and nothing more.
    """
    if Right.VIEW not in rights:
        raise _missing(noun)
    if right not in rights:
        raise Forbidden


def task(connection: Connection, user: User, task_id: int, right: Right) -> tasks.Task:
    """Return a task with which the user may do this."""
    found = tasks.get(connection, task_id) if is_id(task_id) else None
    if found is None:
        raise _missing("Task")
    rights = rights_of(TASK, _roles_in_task(connection, user, found))
    decide(_or_as_agent(connection, user, found, rights), right, "Task")
    return found


def job(connection: Connection, user: User, job_id: int, right: Right) -> JobAndTask:
    """Return a job with which the user may do this, and its task."""
    found = jobs.get(connection, job_id) if is_id(job_id) else None
    parent = tasks.get(connection, found.task_id) if found else None
    if not found or not parent:
        raise _missing("Job")
    rights = rights_of(TASK, _roles_in_task(connection, user, parent))
    if found.assignee_id == user.id and rights:
        rights |= JOB["assignee"]
    decide(_or_as_agent(connection, user, parent, rights), right, "Job")
    return JobAndTask(found, parent)


def project(connection: Connection, user: User, project_id: int, right: Right) -> projects.Project:
    """Return a project with which the user may do this."""
    found = projects.get(connection, project_id) if is_id(project_id) else None
    if found is None:
        raise _missing("Project")
    decide(rights_of(PROJECT, _roles_in_project(connection, user, found)), right, "Project")
    return found


def label(connection: Connection, user: User, label_id: int, right: Right) -> labels.Label:
    """Return a label, or a skeleton's point; the right is that to its task or project."""
    found = labels.get(connection, label_id) if is_id(label_id) else None
    if found is None:
        raise _missing("Label")
    if found.project_id is not None:
        project(connection, user, found.project_id, right)
    else:
        assert found.task_id is not None
        task(connection, user, found.task_id, right)
    return found


def organization(
    connection: Connection, user: User, organization_id: int, right: Right
) -> Organization:
    """Return an organization with which the user may do this."""
    found = organizations.get(connection, organization_id) if is_id(organization_id) else None
    if found is None:
        raise _missing("Organization")
    decide_in_organization(connection, user, found, right)
    return found


def decide_in_organization(
    connection: Connection, user: User, found: Organization, right: Right
) -> None:
    """Refuse what the user may not do in an organization."""
    role = role_in(connection, user, found.id)
    decide(ORGANIZATION[role or "stranger"], right, "Organization")


def membership(connection: Connection, user: User, membership_id: int, right: Right) -> Membership:
    """Return a membership that the user may see, or with Right.MANAGE change and end.

    One's own can be seen before it is active.
    """
    found = (
        organizations.get_membership(connection, membership_id) if is_id(membership_id) else None
    )
    if found is None:
        raise _missing("Membership")
    role = role_in(connection, user, found.organization_id)
    own = "worker" if found.user_id == user.id else "stranger"
    decide(ORGANIZATION[role or own], right, "Membership")
    if right is Right.MANAGE:
        decide_role(role, found.role)
    return found


def decide_role(role: str | None, other: str) -> None:
    """Refuse to give, change or take the role of somebody else whom this role doesn't manage."""
    if other not in MANAGED.get(role or "", frozenset()):
        raise Forbidden


def invitation(connection: Connection, user: User, key: str, right: Right) -> Invitation:
    """Return an invitation that the user may see, or with Right.MANAGE take back.

    It can be seen by who is invited, and by those who manage the organization.
    """
    found = organizations.get_invitation(connection, key)
    if found is None:
        raise _missing("Invitation")
    role = role_in(connection, user, found.membership.organization_id)
    rights = ORGANIZATION[role or "stranger"]
    if Right.MANAGE not in rights:
        own = found.membership.user_id == user.id
        rights = ORGANIZATION["worker" if own else "stranger"]
    decide(rights, right, "Invitation")
    if right is Right.MANAGE:
        decide_role(role, found.membership.role)
    return found


def account(connection: Connection, user: User, user_id: int, right: Right) -> User:
    """Return a user with whose account the user may do this."""
    found = users.get(connection, user_id) if is_id(user_id) else None
    if found is None:
        raise _missing("User")
    decide(USER[_role_to_user(connection, user, found)], right, "User")
    return found


def request(connection: Connection, user: User, request_id: str) -> requests.Request:
    """Return a background request that the user started, on a task that they may still see."""
    found = requests.get(connection, request_id)
    if found is None or not (user.is_admin or found.owner_id == user.id):
        raise NotFound
    if found.task_id is not None:
        task(connection, user, found.task_id, Right.VIEW)
    return found


def function(
    connection: Connection, user: User, function_id: int, right: Right
) -> functions.Function:
    """Return a function with which the user may do this."""
    found = functions.get(connection, function_id) if is_id(function_id) else None
    if found is None:
        raise _missing("Function")
    decide(rights_of(FUNCTION, _roles_to_function(connection, user, found)), right, "Function")
    return found


def role_in(connection: Connection, user: User, organization_id: int) -> str | None:
    """Return what a user is in an organization; None is a stranger, or merely invited."""
    if user.is_admin:
        return "admin"
    found = organizations.membership_of(connection, organization_id, user.id)
    return found.role if found and found.is_active else None


def is_id(number: int) -> bool:
    """Tell whether an object may have this id; databases refuse others."""
    return 0 < number < 2**31


def _or_as_agent(
    connection: Connection, user: User, found: tasks.Task, rights: frozenset[Right]
) -> frozenset[Right]:
    """Return the rights of who has none else, and whose agent works on a request for a task."""
    if not rights and function_requests.serves(connection, user.id, found.id):
        return TASK["agent at work"]
    return rights


def _roles_in_task(connection: Connection, user: User, found: tasks.Task) -> set[str]:
    if role := _general_role(connection, user, found.organization_id):
        return {role}
    parent = projects.get(connection, found.project_id) if found.project_id else None
    people: dict[str, set[int | None] | set[int]] = {
        "owner": {found.owner_id},
        "assignee": {found.assignee_id},
        "job assignee": jobs.assignees(connection, found.id),
        "project owner": {parent.owner_id if parent else None},
        "project assignee": {parent.assignee_id if parent else None},
    }
    return {role for role, ids in people.items() if user.id in ids}


def _roles_in_project(connection: Connection, user: User, found: projects.Project) -> set[str]:
    if role := _general_role(connection, user, found.organization_id):
        return {role}
    people: dict[str, set[int | None] | set[int]] = {
        "owner": {found.owner_id},
        "assignee": {found.assignee_id},
        "at work": tasks.people_in_project(connection, found.id),
    }
    return {role for role, ids in people.items() if user.id in ids}


def _roles_to_function(connection: Connection, user: User, found: functions.Function) -> set[str]:
    roles = {"anybody, if it is public"} if found.visibility == "public" else set()
    if role := _general_role(connection, user, found.organization_id):
        return roles | {role}
    if found.owner_id == user.id:
        return roles | {"owner"}
    # Who is in its organization and nothing else to it.
    return roles if found.organization_id is None else roles | {"member"}


def _role_to_user(connection: Connection, user: User, found: User) -> str:
    if user.id == found.id:
        return "self"
    if user.is_admin:
        return "admin"
    return "fellow" if organizations.are_together(connection, user.id, found.id) else "stranger"


def _general_role(connection: Connection, user: User, organization_id: int | None) -> str | None:
    """Return what the user is to all objects of a space; None has to look at each."""
    if user.is_admin:
        return "admin"
    if organization_id is None:
        return None
    role = role_in(connection, user, organization_id)
    if role is None:
        return "stranger"
    return "maintainer" if role in OVERSEERS else None


def _missing(noun: str) -> NotFound:
    return NotFound(f"No {noun} matches the given query.")
