"""Logins, cookies, tokens."""

from __future__ import annotations

import base64
from typing import Any

import pytest

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


def _cookies(answer: Any) -> str:
    return "; ".join(cookie.partition(";")[0] for cookie in answer.headers.getlist("Set-Cookie"))
