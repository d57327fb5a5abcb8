"""Lists show exactly what can be looked at one by one."""

from __future__ import annotations

import datetime
import itertools
import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select

from cvat_hub.errors import NotFound
from cvat_hub.rights import access, visibility
from cvat_hub.rights.access import Right
from cvat_hub.store import Store, functions, jobs, organizations, projects, tables, tasks, users
from cvat_hub.store.users import User

NOW = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
USERS, ORGANIZATIONS, PROJECTS, TASKS = 7, 3, 8, 16


@dataclass
class World:
    """Users who are anything, or nothing, to objects in and out of organizations."""

    chance: random.Random
    users: list[int] = field(default_factory=list)
    organizations: list[int] = field(default_factory=list)
    projects: dict[int, int | None] = field(default_factory=dict)

    def fill(self, connection: Connection) -> None:
        for number in range(USERS):
            self.users.append(users.create(connection, f"u{number}", "", NOW, is_admin=not number))
        for number in range(ORGANIZATIONS):
            self._organization(connection, f"o{number}")
        for _ in range(PROJECTS):
            place = self._somewhere()
            values = self._people() | {"organization_id": place, "bug_tracker": ""}
            self.projects[projects.add(connection, {"name": "p"} | values, NOW)] = place
        for _ in range(TASKS):
            self._task(connection)
            self._function(connection)

    def _organization(self, connection: Connection, slug: str) -> None:
        owner, *others = self.chance.sample(self.users, 5)
        described = {"slug": slug, "name": slug, "description": "", "contact": {}}
        place = organizations.add(connection, owner, described, NOW)
        self.organizations.append(place)
        for user_id in others:
            role, key = self.chance.choice(organizations.ROLES[1:]), secrets.token_hex()
            organizations.invite(connection, place, user_id, role, by=owner, key=key, now=NOW)
            found = organizations.get_invitation(connection, key)
            assert found is not None
            # The others stay invited, or they have been members and are so no longer.
            fate = self.chance.random()
            if fate > 0.3:
                organizations.accept(connection, found, NOW)
            elif fate < 0.1:
                organizations.remove_membership(connection, found.membership.id)

    def _task(self, connection: Connection) -> None:
        parent = self.chance.choice([None, *self.projects])
        place = self.projects[parent] if parent else self._somewhere()
        values = self._people() | {"project_id": parent, "organization_id": place}
        described = {"name": "t", "bug_tracker": "", "subset": "", "segment_size": 0}
        task_id = tasks.add(connection, described | values, NOW)
        for _ in range(self.chance.randrange(3)):
            jobs.add(connection, task_id, [(0, 0)], NOW)
            made = connection.scalar(select(func.max(tables.jobs.c.id))) or 0
            jobs.change(connection, made, {"assignee_id": self._one()}, NOW)
        label = {"name": "l", "color": "", "type": "any", "svg": ""}
        home = {"project_id": parent} if parent else {"task_id": task_id}
        connection.execute(insert(tables.labels).values(label | home))
        row = {"id": str(task_id), "type": "", "target": "", "status": "", "message": ""}
        row |= {"owner_id": self._one(), "task_id": self.chance.choice([task_id, task_id, None])}
        row |= {"progress": 0, "options": {}, "created_date": NOW}
        connection.execute(insert(tables.requests).values(row))

    def _function(self, connection: Connection) -> None:
        values = {"provider": "native", "name": "f", "kind": "tracker", "spec": {}}
        values |= {"visibility": self.chance.choice(["public", "private", "private"])}
        values |= {"owner_id": self.chance.choice(self.users)}
        functions.add(connection, values | {"organization_id": self._somewhere()}, NOW)

    def _people(self) -> dict[str, int | None]:
        return {"owner_id": self._one(), "assignee_id": self._one()}

    def _one(self) -> int | None:
        return self.chance.choice([None, *self.users])

    def _somewhere(self) -> int | None:
        return self.chance.choice([None, *self.organizations])


Look = Callable[[Connection, User, Any], object]
# What is listed, by which rule, and how one object is looked at.
KINDS: Mapping[str, tuple[Any, Any, Look]] = {
    "tasks": (
        select(tables.tasks.c.id),
        visibility.visible_tasks,
        lambda c, user, number: access.task(c, user, number, Right.VIEW),
    ),
    "projects": (
        select(tables.projects.c.id),
        visibility.visible_projects,
        lambda c, user, number: access.project(c, user, number, Right.VIEW),
    ),
    "jobs": (
        select(tables.jobs.c.id).join(tables.tasks),
        visibility.visible_tasks,
        lambda c, user, number: access.job(c, user, number, Right.VIEW),
    ),
    "labels": (
        select(tables.labels.c.id),
        visibility.visible_labels,
        lambda c, user, number: access.label(c, user, number, Right.VIEW),
    ),
    "organizations": (
        select(tables.organizations.c.id),
        visibility.visible_organizations,
        lambda c, user, number: access.organization(c, user, number, Right.VIEW),
    ),
    "memberships": (
        select(tables.memberships.c.id),
        visibility.visible_memberships,
        lambda c, user, number: access.membership(c, user, number, Right.VIEW),
    ),
    "invitations": (
        select(tables.invitations.c.key).join(tables.memberships),
        visibility.visible_invitations,
        lambda c, user, key: access.invitation(c, user, key, Right.VIEW),
    ),
    "users": (
        select(tables.users.c.id),
        visibility.visible_users,
        lambda c, user, number: access.account(c, user, number, Right.VIEW),
    ),
    "functions": (
        select(tables.functions.c.id),
        visibility.visible_functions,
        lambda c, user, number: access.function(c, user, number, Right.VIEW),
    ),
    "requests": (
        select(tables.requests.c.id),
        visibility.visible_requests,
        lambda c, user, request_id: access.request(c, user, request_id),
    ),
}


def _can_look(look: Look, connection: Connection, user: User, key: Any) -> bool:
    try:
        look(connection, user, key)
    except NotFound:
        return False
    return True


@pytest.mark.parametrize("seed", range(2))
def test_lists_show_what_can_be_looked_at(store: Store, seed: int) -> None:
    world = World(random.Random(seed))
    with store.write() as connection:
        world.fill(connection)
    with store.read() as connection:
        people = users.by_ids(connection, world.users).values()
        for user, (kind, (query, rule, look)) in itertools.product(people, KINDS.items()):
            everything = set(connection.scalars(query))
            listed = list(connection.scalars(query.where(rule(user))))
            seen = {key for key in everything if _can_look(look, connection, user, key)}
            assert sorted(listed) == sorted(seen), (kind, user.username)
            assert user.is_admin <= (seen == everything)


def test_the_generated_worlds_have_something_to_hide(store: Store) -> None:
    """For each kind somebody sees something, and not all of it."""
    with store.write() as connection:
        World(random.Random(0)).fill(connection)
        people = users.by_ids(connection, range(1, USERS + 1)).values()
        for kind, (query, rule, _) in KINDS.items():
            total = connection.scalar(select(func.count()).select_from(query.subquery()))
            numbers = {len(connection.execute(query.where(rule(user))).all()) for user in people}
            assert any(0 < number < total for number in numbers), kind
