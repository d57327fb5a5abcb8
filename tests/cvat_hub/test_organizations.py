"""Organizations, their members, invitations, and the space that a request works in."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import update

from cvat_hub.errors import BadRequest
from cvat_hub.records import has_expired
from cvat_hub.rights import spaces
from cvat_hub.store import tables
from cvat_hub.store.organizations import Invitation, Membership


def test_who_creates_an_organization_owns_it(hub: Any, user: Any) -> None:
    asked = {"slug": "Cats_and-dogs", "description": "pets", "contact": {"phone": "1"}}
    answer = user("POST", "organizations", asked)
    assert answer.status == 201
    made = answer.json
    assert answer.headers["Location"] == f"{user.address}/api/organizations/{made['id']}"
    assert (made["name"], made["owner"]["id"]) == ("Cats_and-dogs", user.user_id)
    assert asked.items() <= made.items()
    [own] = user("GET", f"memberships?org={made['slug']}").json["results"]
    assert (own["user"]["id"], own["role"], own["is_active"]) == (user.user_id, "owner", True)
    assert own["invitation"] is None
    changed = user("PATCH", f"organizations/{made['id']}", {"slug": "dogs", "name": "Dogs"}).json
    assert (changed["slug"], changed["name"], changed["description"]) == ("dogs", "Dogs", "pets")
    assert changed["updated_date"] > made["updated_date"]
    assert user("DELETE", f"organizations/{made['id']}").status == 204
    assert user("GET", "organizations").json["count"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"slug": ""},
        {"slug": "x" * 17},
        {"slug": "two words"},
        {"slug": "line\n"},
        {"slug": "é"},
        {"slug": "a", "name": "x" * 65},
        {"slug": "a", "contact": "me"},
        {"slug": "a", "contact": None},
    ],
)
def test_a_wrong_organization_is_refused(user: Any, wrong: dict[str, Any]) -> None:
    assert user("POST", "organizations", wrong).status == 400
    assert user("GET", "organizations").json["count"] == 0


def test_two_organizations_have_two_slugs(hub: Any, user: Any) -> None:
    taken, own = (hub.new_organization(user)["slug"] for _ in range(2))
    reason = {"slug": ["organization with this slug already exists."]}
    answer = hub.new_user()("POST", "organizations", {"slug": taken})
    assert (answer.status, answer.json) == (400, reason)
    [number] = [o["id"] for o in user("GET", f"organizations?slug={own}").json["results"]]
    assert user("PATCH", f"organizations/{number}", {"slug": taken}).json == reason
    assert user("PATCH", f"organizations/{number}", {"slug": own}).status == 200


def test_who_is_invited_accepts_and_is_a_member(hub: Any, user: Any) -> None:
    slug = hub.new_organization(user)["slug"]
    other = hub.new_user()
    invitation = hub.invite(user, slug, other, "supervisor")
    expected = {"role": "supervisor", "accepted": False, "expired": False}
    assert expected.items() <= invitation.items()
    assert invitation["organization_info"]["slug"] == slug
    assert (invitation["user"]["id"], invitation["owner"]["id"]) == (other.user_id, user.user_id)
    assert other("GET", "invitations").json["results"] == [invitation]
    [waiting] = other("GET", "memberships").json["results"]
    assert (waiting["is_active"], waiting["joined_date"]) == (False, None)
    assert other("GET", f"tasks?org={slug}").status == 404
    answer = other("POST", f"invitations/{invitation['key']}/accept")
    assert (answer.status, answer.json) == (200, {"organization_slug": slug})
    joined = other("GET", f"memberships/{waiting['id']}").json
    assert (joined["is_active"], joined["role"]) == (True, "supervisor")
    assert joined["joined_date"] is not None
    assert joined["invitation"] == invitation["key"]
    assert other("GET", f"tasks?org={slug}").status == 200
    for action in ("accept", "decline"):
        assert other("POST", f"invitations/{invitation['key']}/{action}").status == 400
    assert user("DELETE", f"invitations/{invitation['key']}").status == 400
    assert user("POST", f"invitations/{invitation['key']}/resend").status == 400


def test_who_declines_may_be_invited_again(hub: Any, user: Any) -> None:
    slug, other = hub.new_organization(user)["slug"], hub.new_user()
    for _ in range(2):
        key = hub.invite(user, slug, other)["key"]
        assert other("POST", f"invitations/{key}/decline").status == 204
        assert other("GET", f"invitations/{key}").status == 404
    assert user("GET", f"memberships?org={slug}").json["count"] == 1


def test_people_are_invited_by_name_or_address(hub: Any, user: Any) -> None:
    slug, other = hub.new_organization(user)["slug"], hub.new_user()
    address = f"{hub.name_of(other)}@example.org"
    assert other("PATCH", "users/" + str(other.user_id), {"email": address}).status == 200
    url = f"invitations?org={slug}"
    for asked, problem in (
        ({"role": "worker", "email": "nobody@example.org"}, "no user"),
        ({"role": "owner", "email": address}, "owner"),
        ({"role": "king", "email": address}, "king"),
        ({"email": address}, "required"),
        ({"role": "worker", "email": ""}, ">= 1"),
    ):
        answer = user("POST", url, asked)
        assert (answer.status, problem in answer.body.decode()) == (400, True), answer.body
    invited = user("POST", url, {"role": "worker", "email": address}).json
    assert invited["user"]["id"] == other.user_id
    again = user("POST", url, {"role": "worker", "email": hub.name_of(other)})
    assert (again.status, "already" in again.body.decode()) == (400, True)


WEEK = datetime.timedelta(days=7)
SECOND = datetime.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("age", "is_active", "expired"),
    [(WEEK, False, False), (WEEK + SECOND, False, True), (WEEK + SECOND, True, False)],
)
def test_an_invitation_lasts_a_week(
    age: datetime.timedelta, is_active: bool, expired: bool
) -> None:
    created = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    place = Membership(1, 1, 1, "worker", is_active, None, "k")
    assert has_expired(Invitation("k", 1, created, place), created + age) == expired


def test_an_invitation_that_has_expired_is_sent_again(hub: Any, user: Any) -> None:
    slug, other = hub.new_organization(user)["slug"], hub.new_user()
    key = hub.invite(user, slug, other)["key"]
    long_ago = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    rows = tables.invitations
    with hub.store.write() as connection:
        connection.execute(update(rows).where(rows.c.key == key).values(created_date=long_ago))
    assert user("GET", f"invitations/{key}").json["expired"]
    answer = other("POST", f"invitations/{key}/accept")
    assert (answer.status, "expired" in answer.body.decode()) == (400, True)
    assert user("POST", f"invitations/{key}/resend").status == 204
    assert not user("GET", f"invitations/{key}").json["expired"]
    assert other("POST", f"invitations/{key}/accept").status == 200


# What each role may do to members of each role: invite them, and change or end their membership.
@pytest.mark.parametrize(
    ("role", "managed"),
    [
        ("owner", {"maintainer", "supervisor", "worker"}),
        ("maintainer", {"supervisor", "worker"}),
        ("supervisor", set()),
        ("worker", set()),
    ],
)
def test_a_role_manages_those_below_it(hub: Any, user: Any, role: str, managed: set[str]) -> None:
    slug = hub.new_organization(user)["slug"]
    manager = user if role == "owner" else hub.new_user()
    if manager is not user:
        hub.join(user, slug, manager, role)
    for other in ("maintainer", "supervisor", "worker"):
        person = hub.new_user()
        asked = {"role": other, "email": hub.name_of(person)}
        invited = manager("POST", f"invitations?org={slug}", asked)
        assert invited.status == (201 if other in managed else 403)
        key = (
            invited.json["key"]
            if other in managed
            else hub.invite(user, slug, person, other)["key"]
        )
        for method, path in (
            ("POST", f"invitations/{key}/resend"),
            ("DELETE", f"invitations/{key}"),
        ):
            told = 204 if other in managed else 403 if managed else 404
            assert manager(method, path).status == told, (method, other)
    member = hub.join(user, slug, hub.new_user(), "worker")
    for other in ("maintainer", "supervisor", "worker"):
        answer = manager("PATCH", f"memberships/{member}", {"role": other})
        assert answer.status == (200 if other in managed else 403), other
        user("PATCH", f"memberships/{member}", {"role": "worker"})


def test_the_owner_stays(hub: Any, user: Any) -> None:
    slug = hub.new_organization(user)["slug"]
    maintainer, admin = hub.new_user(), hub.new_user(is_admin=True)
    hub.join(user, slug, maintainer, "maintainer")
    [own] = user("GET", f"memberships?org={slug}&role=owner").json["results"]
    url = f"memberships/{own['id']}"
    assert user("DELETE", url).status == 400
    for person in (user, maintainer, admin):
        assert person("PATCH", url, {"role": "worker"}).status == 403
    for person in (maintainer, admin):
        assert person("DELETE", url).status == 403
    assert admin("DELETE", f"users/{user.user_id}").status == 400
    for role in ("owner", "king"):
        other = hub.join(user, slug, hub.new_user())
        assert user("PATCH", f"memberships/{other}", {"role": role}).status == 400
    assert user("GET", url).json["role"] == "owner"


def test_a_member_may_leave(hub: Any, user: Any) -> None:
    slug, other = hub.new_organization(user)["slug"], hub.new_user()
    member = hub.join(user, slug, other, "maintainer")
    assert other("DELETE", f"memberships/{member}").status == 204
    assert other("GET", f"tasks?org={slug}").status == 404


def test_who_is_removed_loses_everything(hub: Any, user: Any, new_task: Callable[..., Any]) -> None:
    """Even what they made themselves, and those whom they invited."""
    organization, other = hub.new_organization(user), hub.new_user()
    slug = organization["slug"]
    member = hub.join(user, slug, other, "maintainer")
    invitation = hub.invite(other, slug, hub.new_user())["key"]
    project = other("POST", f"projects?org={slug}", {"name": "p", "labels": [{"name": "a"}]}).json
    task = new_task(other, labels=[], project_id=project["id"], assignee_id=other.user_id)
    [job] = other("GET", f"jobs?task_id={task['id']}").json["results"]
    [label] = other("GET", f"labels?task_id={task['id']}").json["results"]
    other("PATCH", f"jobs/{job['id']}", {"assignee": other.user_id})
    paths = [
        f"tasks/{task['id']}",
        f"tasks/{task['id']}/annotations",
        f"jobs/{job['id']}",
        f"labels/{label['id']}",
        f"projects/{project['id']}",
        f"organizations/{organization['id']}",
        f"invitations/{invitation}",
        f"users/{user.user_id}",
        f"requests/action%3Dcreate%26target%3Dtask%26target_id%3D{task['id']}",
    ]
    assert {other("GET", path).status for path in paths} == {200}
    assert user("DELETE", f"memberships/{member}").status == 204
    assert {path: other("GET", path).status for path in paths} == dict.fromkeys(paths, 404)
    for kind in ("tasks", "projects", "jobs", "labels", "organizations", "memberships"):
        assert other("GET", kind).json["count"] == 0, kind
    assert other("GET", "invitations").json["count"] == other("GET", "requests").json["count"] == 0
    assert user("GET", paths[0]).json["owner"]["id"] == other.user_id


def test_a_deleted_organization_leaves_its_objects_to_their_owners(hub: Any, user: Any) -> None:
    organization, other = hub.new_organization(user), hub.new_user()
    slug = organization["slug"]
    hub.join(user, slug, other, "supervisor")
    project = other("POST", f"projects?org={slug}", {"name": "p"}).json
    task = other("POST", f"tasks?org={slug}", {"name": "t", "project_id": project["id"]}).json
    assert task["organization"] == task["organization_id"] == organization["id"]
    invited = hub.new_user()
    hub.invite(user, slug, invited)
    assert user("DELETE", f"organizations/{organization['id']}").status == 204
    for path in (f"projects/{project['id']}", f"tasks/{task['id']}"):
        assert other("GET", path).json["organization"] is None
        assert user("GET", path).status == 404
    assert invited("GET", "invitations").json["count"] == 0
    assert other("GET", "memberships").json["count"] == 0


@pytest.mark.parametrize(
    ("headers", "query", "name"),
    [
        ({}, {}, {}),
        ({"X-Organization": "a"}, {}, {"slug": "a"}),
        ({}, {"org": "a"}, {"slug": "a"}),
        ({}, {"org_id": "5"}, {"id": "5"}),
        ({"X-Organization": ""}, {}, {"slug": ""}),
        ({}, {"org": ""}, {"slug": ""}),
        ({}, {"org_id": ""}, {}),
        ({"X-Organization": "a"}, {"org": "a"}, {"slug": "a"}),
        ({"X-Organization": "a"}, {"org": "b"}, None),
        ({"X-Organization": "a"}, {"org": ""}, None),
        ({"X-Organization": "a"}, {"org_id": "5"}, None),
        ({}, {"org": "", "org_id": "5"}, None),
    ],
)
def test_a_request_names_one_space(
    headers: dict[str, str], query: dict[str, str], name: dict[str, str] | None
) -> None:
    if name is None:
        with pytest.raises(BadRequest):
            spaces.named(headers, query)
    else:
        assert spaces.named(headers, query) == name


def test_a_request_works_in_the_space_that_it_names(hub: Any, user: Any) -> None:
    here, there = (hub.new_organization(user) for _ in range(2))
    made = {}
    for place, query in {
        "here": f"?org={here['slug']}",
        "there": f"?org_id={there['id']}",
        "personal": "?org=",
        "nowhere": "",
    }.items():
        for kind in ("tasks", "projects"):
            spec = {"name": place, "labels": [{"name": place}]}
            made[kind, place] = user("POST", kind + query, spec).json
    for kind in ("tasks", "projects"):
        assert made[kind, "here"]["organization_id"] == here["id"]
        assert made[kind, "there"]["organization_id"] == there["id"]
        assert made[kind, "personal"]["organization_id"] is None
        assert made[kind, "nowhere"]["organization_id"] is None
    for query, headers, names in (
        (f"?org={here['slug']}", {}, {"here"}),
        (f"?org_id={there['id']}", {}, {"there"}),
        ("", {"X-Organization": here["slug"]}, {"here"}),
        ("", {"X-Organization": ""}, {"personal", "nowhere"}),
        ("?org=", {}, {"personal", "nowhere"}),
        ("", {}, {"here", "there", "personal", "nowhere"}),
    ):
        for kind in ("tasks", "projects", "labels"):
            listed = user("GET", kind + query, headers=headers).json["results"]
            assert {item["name"] for item in listed} == names, (kind, query)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?org=no-such-one", 404),
        ("?org_id=999999", 404),
        ("?org_id=" + "9" * 30, 404),
        ("?org_id=x", 404),
        ("?org_id=-1", 404),
        ("?org_id=%D9%A4", 404),
        ("?org={foreign}", 404),
        ("?org_id={foreign_id}", 404),
        ("?org={own}&org_id={own_id}", 400),
    ],
)
def test_a_space_that_is_unknown_or_foreign_is_not_found(
    hub: Any, user: Any, query: str, status: int
) -> None:
    own, foreign = hub.new_organization(user), hub.new_organization(hub.new_user())
    names = {"own": own["slug"], "foreign": foreign["slug"]}
    query = query.format(**names, own_id=own["id"], foreign_id=foreign["id"])
    for kind in ("tasks", "projects", "jobs", "memberships", "users"):
        assert user("GET", kind + query).status == status
    assert user("POST", "tasks" + query, {"name": "x"}).status == status
    assert user("GET", "tasks").json["count"] == 0


def test_two_who_want_the_same_slug_at_once_are_no_failure(hub: Any, user: Any) -> None:
    """On PostgreSQL both may find it free; the database decides."""
    people = [hub.new_user() for _ in range(4)]
    for number in range(5):
        asked = {"slug": f"race-{user.user_id}-{number}"}
        with ThreadPoolExecutor(4) as threads:
            answers = list(
                threads.map(lambda one, a=asked: one("POST", "organizations", a), people)
            )
        statuses = sorted(answer.status for answer in answers)
        assert statuses[0] == 201
        assert set(statuses[1:]) <= {400, 409}
