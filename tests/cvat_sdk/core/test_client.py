from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import urllib3

from cvat_sdk import exceptions
from cvat_sdk.api_client.api_client import ApiClient
from cvat_sdk.core import client as client_module
from cvat_sdk.core.client import CVAT_API_V2, Client, Config, make_client
from cvat_sdk.core.credentials import AccessTokenCredentials, PasswordCredentials
from cvat_sdk.core.transport import Transport

HOST = "http://cvat.test:8080"


@pytest.fixture
def everywhere(monkeypatch: pytest.MonkeyPatch, transport: Transport) -> None:
    """Have all clients talk to the server in memory."""
    monkeypatch.setattr(client_module, "Transport", lambda **_: transport)


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("http://a", None, "http://a"),
        ("http://a/", None, "http://a"),
        ("http://a", 80, "http://a:80"),
        ("http://a/sub/", 8080, "http://a:8080/sub"),
        ("a:8443", None, "https://a:8443"),
        ("a", 8443, "https://a:8443"),
        ("http://[::1]", 8080, "http://[::1]:8080"),
    ],
)
@pytest.mark.usefixtures("everywhere")
def test_addresses_are_completed(server: Any, host: str, port: int | None, url: str) -> None:
    with make_client(host, port=port) as client:
        assert client.api_map.host == client.api_client.configuration.host == url


@pytest.mark.parametrize(
    "host",
    ["ftp://a", "http://", "http://a:b@c", "http://a:99999", "http://a?b", "http://[::1", ""],
)
def test_senseless_addresses_are_refused_without_telling_passwords(host: str) -> None:
    with pytest.raises(exceptions.InvalidHostException) as caught:
        make_client(host)
    assert "a:b@" not in str(caught.value)


def test_contradictory_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="tells a port already"):
        make_client("http://a:1", port=2)
    with pytest.raises(ValueError, match="not both"):
        make_client("http://a", credentials=("u", "p"), access_token="t")


def _login(server: Any, *cookies: str) -> None:
    headers = urllib3.HTTPHeaderDict([("Set-Cookie", cookie) for cookie in cookies])
    server.answer("POST", "/api/auth/login", 200, {"key": "k3y"}, headers=headers)
    server.answer("GET", "/api/users/self", 200, {"id": 1, "username": "ann"})


def test_a_session_is_used_where_the_server_gives_one(client: Client, server: Any) -> None:
    _login(server, "sessionid=s1; Path=/", "csrftoken=c1; Path=/")
    client.login(("ann", "pass"))
    client.users.retrieve_current_user()
    login, later = server.sent
    assert login.json == {"username": "ann", "password": "pass"}
    assert later.headers["X-CSRFToken"] == "c1"
    assert later.headers["Cookie"] == "sessionid=s1; csrftoken=c1"
    assert later.headers["Origin"] == HOST
    assert "Authorization" not in later.headers
    assert client.has_credentials()


def test_the_token_is_used_where_the_server_gives_only_that(client: Client, server: Any) -> None:
    _login(server)
    client.login(PasswordCredentials("ann", "pass"))
    assert client.users.retrieve_current_user().username == "ann"
    assert server.sent[-1].headers["Authorization"] == "Token k3y"


def test_a_refused_login_leaves_no_credentials(client: Client, server: Any) -> None:
    client.login(AccessTokenCredentials("t"))
    server.answer("POST", "/api/auth/login", 400, {"non_field_errors": ["Unable to log in"]})
    with pytest.raises(exceptions.ApiException, match="Unable to log in"):
        client.login(("ann", "wrong"))
    assert not client.has_credentials()


def test_logging_out_ends_the_session_and_forgets_it(client: Client, server: Any) -> None:
    _login(server)
    server.answer("POST", "/api/auth/logout", 200, {"detail": "ok"})
    client.login(("ann", "pass"))
    client.logout()
    assert not client.has_credentials()
    assert server.of("POST", "/api/auth/logout")


def test_logging_out_leaves_an_access_token_valid(client: Client, server: Any) -> None:
    client.login(AccessTokenCredentials("t"))
    client.logout()
    assert not client.has_credentials()
    assert server.sent == []


@pytest.mark.usefixtures("everywhere")
def test_an_access_token_is_a_bearer(server: Any) -> None:
    server.answer("GET", "/api/users/self", 200, {"username": "ann"})
    with make_client(HOST, access_token="a.b") as client:
        client.users.retrieve_current_user()
    assert server.sent[-1].headers["Authorization"] == "Bearer a.b"


@pytest.mark.parametrize(
    "secretive", [PasswordCredentials("ann", "s3cret"), AccessTokenCredentials("s3cret")]
)
def test_secrets_are_not_shown(secretive: object) -> None:
    assert "s3cret" not in repr(secretive) + str(secretive)


def test_calls_are_made_in_the_organization_that_was_chosen(client: Client, server: Any) -> None:
    server.answer("GET", "/api/users/self", 200, {"username": "ann"})
    assert client.organization_slug is None
    client.organization_slug = "lab"
    with client.organization_context(""):
        client.users.retrieve_current_user()
    client.users.retrieve_current_user()
    client.organization_slug = None
    client.users.retrieve_current_user()
    seen = [sent.headers.get("X-Organization") for sent in server.sent]
    assert seen == ["", "lab", None]


@pytest.mark.parametrize(
    ("version", "warning"),
    [
        ("2.80.0", None),
        ("2.80.3", None),
        ("2.54.1", None),
        ("2.15.0", None),
        ("2.14.9", "made for 2.15 and later"),
        ("2.81.0", "newer than 2.80.0"),
        ("3.0", "newer than 2.80.0"),
        ("strange", "does not tell its version"),
    ],
)
def test_a_version_that_does_not_fit_only_warns(
    client: Client,
    server: Any,
    caplog: pytest.LogCaptureFixture,
    version: str,
    warning: str | None,
) -> None:
    about = {"name": "CVAT", "description": "", "version": version}
    server.answer("GET", "/api/server/about", 200, about)
    client.check_server_version()
    assert (warning is None) == (not caplog.records)
    assert (warning or "") in caplog.text
    if warning:
        with pytest.raises(exceptions.IncompatibleVersionException, match=warning):
            client.check_server_version(fail_if_unsupported=True)


@pytest.mark.usefixtures("everywhere")
def test_the_version_is_looked_at_first(server: Any) -> None:
    server.answer("GET", "/api/server/about", 200, {"version": "1.0"})
    config = Config(allow_unsupported_server=False)
    with pytest.raises(exceptions.IncompatibleVersionException):
        Client(HOST, config=config)


def _request(status: str, message: str = "") -> dict[str, Any]:
    operation = {"type": "create:task", "target": "task", "task_id": 5}
    date = "2026-11-23T00:13:26.868171Z"
    return {
        "id": "r", "status": status, "message": message, "operation": operation,
        "created_date": date,
    }  # fmt: skip


def test_a_background_request_is_waited_for_and_each_change_logged(
    client: Client, server: Any, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    for status in ("queued", "started", "started", "finished"):
        server.answer("GET", "/api/requests/r", 200, _request(status))
    with caplog.at_level(logging.INFO):
        request, _ = client.wait_for_completion("r", status_check_period=0.04)
    assert request.status.value == "finished"
    assert waits == pytest.approx([0.02, 0.03, 0.04])
    assert [record.getMessage().strip() for record in caplog.records] == [
        f"request r: {status}" for status in ("queued", "started", "finished")
    ]


def test_a_background_request_that_failed_tells_the_last_line_of_its_message(
    client: Client, server: Any
) -> None:
    traceback = "Traceback (most recent call last):\n  File ...\nValueError: no frames\n"
    server.answer("GET", "/api/requests/r", 200, _request("failed", traceback))
    with pytest.raises(exceptions.BackgroundRequestException) as caught:
        client.wait_for_completion("r", log_prefix="importing")
    assert str(caught.value) == "importing failed: ValueError: no frames"


def test_endpoint_addresses_are_put_together() -> None:
    url = CVAT_API_V2("http://a").make_endpoint_url(
        "/api/{}/{id}", psub=["x"], kwsub={"id": 3}, query_params={"q": "a b"}
    )
    assert url == "http://a/api/x/3?q=a+b"


def test_logins_do_not_reach_the_log(
    client: Client, server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    _login(server)
    with caplog.at_level(logging.DEBUG):
        client.login(("ann", "s3cret"))
    assert "s3cret" not in caplog.text
    assert "k3y" not in caplog.text


def test_the_clients_of_a_config_share_its_folder(tmp_path: Path) -> None:
    assert Config(cache_dir=tmp_path).cache_dir == tmp_path
    assert Config().cache_dir.name == "cvat-sdk"
    assert isinstance(ApiClient().cookies, dict)
