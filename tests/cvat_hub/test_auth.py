"""Logins, cookies, tokens."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import argon2
import pytest

from cvat_hub.app import ROUTES
from cvat_hub.identity import SAFE_METHODS
from cvat_hub.store import users

PASSWORD = "correct horse"


def test_a_login_gives_a_key_and_cookies(hub: Any) -> None:
    answer = _login(hub, hub.client())
    assert answer.status == 200
    assert set(answer.json) == {"key"}
    cookies = answer.headers.getlist("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["csrftoken", "sessionid"]
    assert "HttpOnly" in cookies[1]
    assert "HttpOnly" not in cookies[0]


@pytest.mark.parametrize(
    "sent",
    [
        {"username": "admin", "password": "wrong"},
        {"username": "nobody", "password": PASSWORD},
        {"email": "", "password": PASSWORD},
        {"password": PASSWORD},
    ],
)
def test_a_wrong_login_is_refused(hub: Any, sent: dict[str, str]) -> None:
    answer = hub.client()("POST", "auth/login", sent)
    assert answer.status == 400
    assert answer.json == {"non_field_errors": ["Unable to log in with provided credentials."]}


def test_a_login_without_a_password_names_the_field(hub: Any) -> None:
    answer = hub.client()("POST", "auth/login", {"username": "admin"})
    assert (answer.status, answer.json) == (400, {"password": ["This field is required."]})


def test_token_basic_and_session_all_say_who_it_is(hub: Any) -> None:
    answer = _login(hub, hub.client())
    basic = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
    for headers in (
        {"Authorization": f"Token {answer.json['key']}"},
        {"Authorization": f"Basic {basic}"},
        {"Cookie": _cookies(answer)},
    ):
        found = hub.client()("GET", "users/self", headers=headers)
        assert (found.status, found.json["username"]) == (200, "admin")
        assert found.json["is_superuser"] is True


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Token nonsense"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic nonsense"},
        {"Authorization": "Basic bm9jb2xvbg=="},
        {"Authorization": "Digest x"},
        {"Cookie": "sessionid=nonsense"},
    ],
)
def test_a_stranger_is_told_to_log_in(hub: Any, headers: dict[str, str]) -> None:
    answer = hub.client()("GET", "tasks", headers=headers)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Token"
    assert set(answer.json) == {"detail"}


@pytest.mark.parametrize(
    ("own", "status", "why"),
    [
        ({}, 403, "CSRF token missing"),
        ({"X-CSRFToken": "wrong"}, 403, "CSRF token incorrect"),
        ({"X-CSRFToken": "RIGHT"}, 201, ""),
        ({"X-CSRFToken": "RIGHT", "Origin": "http://evil.example"}, 403, "Origin"),
        ({"X-CSRFToken": "RIGHT", "Origin": "OWN"}, 201, ""),
    ],
)
def test_a_session_writes_only_with_its_csrf_token(
    hub: Any, own: dict[str, str], status: int, why: str
) -> None:
    login = _login(hub, hub.client())
    token = _cookies(login).partition("csrftoken=")[2].partition(";")[0]
    headers = {
        name: value.replace("RIGHT", token).replace("OWN", hub.address)
        for name, value in own.items()
    }
    headers["Cookie"] = _cookies(login)
    answer = hub.client()("POST", "tasks", {"name": "x"}, headers=headers)
    assert answer.status == status
    assert why in answer.json.get("detail", "")


def test_a_logout_ends_session_and_key(hub: Any) -> None:
    login = _login(hub, hub.client())
    client = hub.client({"Authorization": f"Token {login.json['key']}"})
    assert client("POST", "auth/logout").json == {"detail": "Successfully logged out."}
    assert client("GET", "users/self").status == 401
    session = {"Cookie": _cookies(login)}
    assert hub.client()("GET", "users/self", headers=session).status == 401


def test_an_access_token_shows_its_value_once_and_can_be_deleted(hub: Any, user: Any) -> None:
    created = user("POST", "auth/access_tokens", {"name": "mine", "read_only": False})
    assert created.status == 201
    bearer = hub.client({"Authorization": f"Bearer {created.json['value']}"})
    assert bearer("GET", "users/self").json["id"] == user.user_id
    assert bearer("POST", "tasks", {"name": "x"}).status == 201
    own = bearer("GET", "auth/access_tokens/self").json
    assert (own["name"], "value" in own) == ("mine", False)
    assert own["last_used_date"]
    assert [t["id"] for t in user("GET", "auth/access_tokens").json["results"]] == [own["id"]]
    assert user("DELETE", f"auth/access_tokens/{own['id']}").status == 204
    assert user("DELETE", f"auth/access_tokens/{own['id']}").status == 404
    assert bearer("GET", "users/self").status == 401


@pytest.mark.parametrize("extra", [{}, {"read_only": True}])
def test_a_token_for_reading_writes_nothing(hub: Any, user: Any, extra: dict[str, bool]) -> None:
    value = user("POST", "auth/access_tokens", {"name": "x"} | extra).json["value"]
    bearer = hub.client({"Authorization": f"Bearer {value}"})
    assert bearer("GET", "tasks").status == 200
    assert bearer("POST", "tasks", {"name": "x"}).status == 403


def _unsafe_routes() -> Iterator[tuple[str, str]]:
    for path, handlers in ROUTES.items():
        for method, handler in handlers.items():
            if method not in SAFE_METHODS and not handler.public:
                yield method, re.sub(r"{\w+(:\w+)?}", "1", path)


@pytest.mark.parametrize(("method", "path"), list(_unsafe_routes()))
def test_no_route_writes_with_a_token_for_reading(
    hub: Any, user: Any, method: str, path: str
) -> None:
    value = user("POST", "auth/access_tokens", {"name": "x"}).json["value"]
    answer = hub.client({"Authorization": f"Bearer {value}"})(method, path, {})
    assert (answer.status, answer.json) == (
        403,
        {"detail": "This access token is for reading only."},
    )


def test_a_token_can_be_changed(hub: Any, user: Any) -> None:
    created = user("POST", "auth/access_tokens", {"name": "x"}).json
    path = f"auth/access_tokens/{created['id']}"
    bearer = hub.client({"Authorization": f"Bearer {created['value']}"})
    changed = user("PATCH", path, {"name": "y", "read_only": False})
    assert (changed.status, changed.json["name"], changed.json["read_only"]) == (200, "y", False)
    assert "value" not in changed.json
    assert changed.json["updated_date"] > created["updated_date"]
    assert bearer("PATCH", path, {}).json["name"] == "y"
    assert user("PATCH", path, {"expiry_date": "2020-01-01T00:00:00"}).status == 200
    assert bearer("GET", "users/self").status == 401
    assert user("PATCH", path, {"expiry_date": None}).json["expiry_date"] is None
    assert bearer("GET", "users/self").status == 200
    for wrong in ({"name": ""}, {"name": "x" * 51}, {"read_only": 1}, {"expiry_date": "soon"}):
        assert user("PATCH", path, wrong).status == 400
    assert hub.new_user()("PATCH", path, {"name": "z"}).status == 404


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_token_of_an_impossible_id_is_not_found(user: Any, method: str) -> None:
    assert user(method, f"auth/access_tokens/{2**70}", {}).status == 404


def test_a_changed_password_ends_all_other_logins(hub: Any, user: Any) -> None:
    name, new = hub.name_of(user), "battery staple"
    login = {"username": name, "password": PASSWORD}
    other = hub.client()("POST", "auth/login", login)
    change = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    answer = user("POST", "auth/password/change", change)
    assert (answer.status, answer.json) == (200, {"detail": "New password has been saved."})
    assert user("GET", "users/self").status == 200
    for headers in (
        {"Authorization": f"Token {other.json['key']}"},
        {"Cookie": _cookies(other)},
        _basic(name, PASSWORD),
    ):
        assert hub.client()("GET", "users/self", headers=headers).status == 401
    assert hub.client()("GET", "users/self", headers=_basic(name, new)).status == 200
    assert hub.client()("POST", "auth/login", login | {"password": new}).status == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"old_password": "wrong one"}, "old_password"),
        ({"new_password2": "battery staples"}, "new_password2"),
        ({"new_password1": "short", "new_password2": "short"}, "new_password2"),
        ({"new_password1": ""}, "new_password1"),
        ({"old_password": "x" * 129}, "old_password"),
    ],
)
def test_a_password_is_not_changed_to_a_bad_one(
    hub: Any, user: Any, change: dict[str, str], field: str
) -> None:
    new = "battery staple"
    asked = {"old_password": PASSWORD, "new_password1": new, "new_password2": new} | change
    answer = user("POST", "auth/password/change", asked)
    assert (answer.status, list(answer.json)) == (400, [field])
    headers = _basic(hub.name_of(user), PASSWORD)
    assert hub.client()("GET", "users/self", headers=headers).status == 200


def test_an_access_token_does_not_change_the_password(hub: Any, user: Any) -> None:
    spec = {"name": "x", "read_only": False}
    value = user("POST", "auth/access_tokens", spec).json["value"]
    new = "battery staple"
    change = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    bearer = hub.client({"Authorization": f"Bearer {value}"})
    assert bearer("POST", "auth/password/change", change).status == 403


def test_a_hash_of_other_parameters_is_renewed_by_a_login(hub: Any, user: Any) -> None:
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with hub.store.write() as connection:
        users.set_password(connection, user.user_id, old, keep_login="")
        name = users.get(connection, user.user_id).username
    assert hub.client()("GET", "users/self", headers=_basic(name, PASSWORD)).status == 200
    with hub.store.read() as connection:
        kept = users.get(connection, user.user_id).password_hash
    assert kept != old
    assert hub.client()("GET", "users/self", headers=_basic(name, PASSWORD)).status == 200


@pytest.mark.parametrize(
    ("expiry", "status"),
    [("2020-01-01T00:00:00Z", 401), ("2999-01-01T00:00:00Z", 200), ("2999-01-01T00:00:00", 200)],
)
def test_a_token_lasts_until_its_date(hub: Any, user: Any, expiry: str, status: int) -> None:
    spec = {"name": "x", "expiry_date": expiry}
    value = user("POST", "auth/access_tokens", spec).json["value"]
    bearer = hub.client({"Authorization": f"Bearer {value}"})
    assert bearer("GET", "users/self").status == status


def test_nobody_reaches_the_tokens_of_others(hub: Any, user: Any) -> None:
    token = user("POST", "auth/access_tokens", {"name": "x"}).json
    other = hub.new_user()
    assert other("GET", "auth/access_tokens").json["count"] == 0
    assert other("GET", f"auth/access_tokens/{token['id']}").status == 404
    assert other("DELETE", f"auth/access_tokens/{token['id']}").status == 404


def test_others_see_little_of_a_user(hub: Any, user: Any) -> None:
    assert "email" in user("GET", f"users/{user.user_id}").json
    other = hub.new_user()
    assert "email" not in other("GET", f"users/{user.user_id}").json
    assert "email" in hub.new_user(is_admin=True)("GET", f"users/{user.user_id}").json
    assert other("GET", "users/999999").status == 404
    assert other("GET", f"users/{2**40}").status == 404


def _login(hub: Any, client: Any) -> Any:
    return client("POST", "auth/login", {"username": "admin", "password": PASSWORD})


def _basic(name: str, password: str) -> dict[str, str]:
    shown = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {shown}"}


def _cookies(answer: Any) -> str:
    return "; ".join(cookie.partition(";")[0] for cookie in answer.headers.getlist("Set-Cookie"))
