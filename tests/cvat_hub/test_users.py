"""Users: who sees whom, and what may change."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest


def _listed(client: Any, query: str = "") -> set[int]:
    results = client("GET", f"users?page_size=1000{query}").json["results"]
    return {person["id"] for person in results}


def test_everybody_sees_themselves_and_fellow_members(hub: Any, user: Any) -> None:
    slug, other = hub.new_organization(user)["slug"], hub.new_organization(user)["slug"]
    member, invited, elsewhere, stranger = (hub.new_user() for _ in range(4))
    hub.join(user, slug, member)
    hub.invite(user, slug, invited)
    hub.join(user, other, elsewhere)
    ids = {name: person.user_id for name, person in locals().items() if hasattr(person, "user_id")}
    seen = {
        user: {"user", "member", "invited", "elsewhere"},
        member: {"user", "member", "invited"},
        invited: {"invited"},
        elsewhere: {"user", "elsewhere"},
        stranger: {"stranger"},
    }
    for person, names in seen.items():
        assert _listed(person) == {ids[name] for name in names}
    for person in (user, member):
        assert _listed(person, f"&org={slug}") == {ids["user"], ids["member"]}
    admin = hub.new_user(is_admin=True)
    assert set(ids.values()) <= _listed(admin)
    assert _listed(admin, f"&org={other}") == {ids["user"], ids["elsewhere"]}


def test_others_are_names_only(hub: Any, user: Any) -> None:
    slug, other = hub.new_organization(user)["slug"], hub.new_user()
    hub.join(user, slug, other)
    url = f"users/{other.user_id}"
    assert set(user("GET", url).json) == {"url", "id", "username", "first_name", "last_name"}
    own = other("GET", url).json
    assert {"email", "last_login", "is_active"} <= set(own)
    assert (own["groups"], own["is_staff"], own["is_superuser"]) == (["user"], False, False)
    assert own == other("GET", "users/self").json
    admin = hub.new_user(is_admin=True)
    assert admin("GET", url).json["email"] == own["email"]
    assert admin("GET", "users/self").json["groups"] == ["admin"]


# What a user may change of themselves, and an admin of others; what stays as it is, anybody.
@pytest.mark.parametrize(
    ("sent", "own", "admins"),
    [
        ({}, 200, 200),
        ({"first_name": "Ada", "last_name": "L"}, 200, 200),
        ({"email": "{name}@example.org"}, 200, 200),
        ({"email": ""}, 200, 200),
        ({"username": "{name}"}, 200, 200),
        ({"groups": ["user"]}, 200, 200),
        ({"is_active": True}, 403, 200),
        ({"is_staff": False}, 403, 200),
        ({"is_superuser": True, "is_staff": True}, 403, 200),
        ({"is_superuser": True, "is_staff": False}, 400, 400),
        ({"groups": ["admin"]}, 400, 400),
        ({"username": "another"}, 400, 400),
        ({"email": "{other}"}, 400, 400),
        ({"email": "{OTHER}@EXAMPLE.ORG"}, 400, 400),
        ({"email": "x" * 255}, 400, 400),
        ({"first_name": "x" * 151}, 400, 400),
        ({"is_active": "yes"}, 400, 400),
    ],
)
def test_what_may_change_of_a_user(
    hub: Any, user: Any, sent: dict[str, Any], own: int, admins: int
) -> None:
    other, admin = hub.new_user(), hub.new_user(is_admin=True)
    names = {"name": hub.name_of(user), "other": hub.name_of(other)}
    names["OTHER"] = names["other"].upper()
    address = {"email": f"{names['other']}@example.org"}
    assert other("PATCH", f"users/{other.user_id}", address).status == 200
    body = {k: v.format(**names) if isinstance(v, str) else v for k, v in sent.items()}
    url = f"users/{user.user_id}"
    for person, status in ((user, own), (admin, admins)):
        before = user("GET", url).json
        answer = person("PATCH", url, body)
        assert answer.status == status, answer.body
        after = user("GET", url).json
        assert body.items() <= after.items() if status == 200 else after == before


def test_an_address_in_use_leads_to_whom_it_belongs(hub: Any, user: Any) -> None:
    """Nobody takes over logins and invitations by naming somebody else's address as their own."""
    other, address = hub.new_user(), f"{user.user_id}@example.org"
    assert user("PATCH", f"users/{user.user_id}", {"email": address}).status == 200
    assert other("PATCH", f"users/{other.user_id}", {"email": address}).status == 400
    assert other("PATCH", f"users/{other.user_id}", {"email": hub.name_of(user)}).status == 400
    answer = user("POST", "auth/login", {"email": address, "password": "correct horse"})
    token = {"Authorization": f"Token {answer.json['key']}"}
    assert hub.client(token)("GET", "users/self").json["id"] == user.user_id


def test_what_a_deleted_user_owned_is_for_admins_only(
    hub: Any, user: Any, new_task: Callable[..., Any]
) -> None:
    other, admin = hub.new_user(), hub.new_user(is_admin=True)
    project = user("POST", "projects", {"name": "p", "assignee_id": other.user_id}).json
    task = new_task(user, frames=1)
    [job] = user("GET", f"jobs?task_id={task['id']}").json["results"]
    assert user("DELETE", f"users/{user.user_id}").status == 204
    assert user("GET", "users/self").status == 401
    assert admin("GET", f"users/{user.user_id}").status == 404
    for path in (f"tasks/{task['id']}", f"jobs/{job['id']}"):
        assert other("GET", path).status == 404
        assert admin("GET", path).status == 200
    assert admin("GET", f"tasks/{task['id']}").json["owner"] is None
    found = other("GET", f"projects/{project['id']}").json
    assert (found["owner"], found["assignee"]["id"]) == (None, other.user_id)
    handed = {"owner_id": other.user_id}
    assert admin("PATCH", f"tasks/{task['id']}", handed).json["owner"]["id"] == other.user_id
    assert other("GET", f"tasks/{task['id']}").status == 200


def test_an_owner_of_organizations_is_not_deleted(hub: Any, user: Any) -> None:
    organization = hub.new_organization(user)
    answer = user("DELETE", f"users/{user.user_id}")
    assert (answer.status, organization["slug"] in answer.body.decode()) == (400, True)
    assert user("DELETE", f"organizations/{organization['id']}").status == 204
    assert user("DELETE", f"users/{user.user_id}").status == 204


def test_who_is_inactive_is_out_at_once(hub: Any, user: Any) -> None:
    admin, name = hub.new_user(is_admin=True), hub.name_of(user)
    token = user("POST", "auth/access_tokens", {"name": "x"}).json["value"]
    secret = base64.b64encode(f"{name}:correct horse".encode()).decode()
    login = {"username": name, "password": "correct horse"}
    session = hub.client()("POST", "auth/login", login).headers.getlist("Set-Cookie")
    cookies = "; ".join(cookie.partition(";")[0] for cookie in session)
    ways = [
        user.headers,
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"Basic {secret}"},
        {"Cookie": cookies},
    ]

    def told() -> list[int]:
        return [hub.client(way)("GET", "users/self").status for way in ways]

    assert told() == [200] * 4
    assert admin("PATCH", f"users/{user.user_id}", {"is_active": False}).status == 200
    assert told() == [401] * 4
    assert hub.client()("POST", "auth/login", login).status == 400
    assert admin("PATCH", f"users/{user.user_id}", {"is_active": True}).status == 200
    assert hub.client()("POST", "auth/login", login).status == 200


def test_the_last_admin_stays(settings: Any, start: Any) -> None:
    with start(settings) as hub:
        key = {"username": "admin", "password": settings.admin_password}
        token = hub.client()("POST", "auth/login", key).json["key"]
        admin = hub.client({"Authorization": f"Token {token}"})
        url = f"users/{admin('GET', 'users/self').json['id']}"
        for sent in ({"is_active": False}, {"is_staff": False}, {"is_superuser": False}):
            assert admin("PATCH", url, sent).status == 400
        assert admin("DELETE", url).status == 400
        other = hub.new_user()
        assert admin("PATCH", f"users/{other.user_id}", {"is_staff": True}).status == 200
        assert admin("PATCH", f"users/{other.user_id}", {"is_active": False}).status == 200
        assert admin("DELETE", url).status == 400
        assert admin("PATCH", f"users/{other.user_id}", {"is_active": True}).status == 200
        assert admin("DELETE", url).status == 204
        assert hub.log_in(other.user_id)("GET", "users").json["count"] == 1
