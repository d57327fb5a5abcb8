from __future__ import annotations

import base64
from typing import Any

import pytest

from cvat_sdk import exceptions, models
from cvat_sdk.api_client import ApiClient, Configuration
from cvat_sdk.core.client import Client
from cvat_sdk.core.transport import Transport


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, exceptions.BadRequestException),
        (401, exceptions.UnauthorizedException),
        (403, exceptions.ForbiddenException),
        (404, exceptions.NotFoundException),
        (409, exceptions.ApiException),
        (500, exceptions.ServiceException),
        (304, exceptions.ApiException),
    ],
)
@pytest.mark.parametrize("parse", [True, False])
def test_errors_of_the_server_become_exceptions(
    client: Client, server: Any, status: int, kind: type[Exception], parse: bool
) -> None:
    server.answer("GET", "/api/x", status, {"detail": "because"}, headers={"X-Why": "so"})
    with pytest.raises(exceptions.ApiException) as caught:
        client.api_client.call_api("/api/x", "GET", _parse_response=parse)
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.body == '{"detail": "because"}'
    assert caught.value.headers["X-Why"] == "so"


def test_any_endpoint_can_be_called(client: Client, server: Any) -> None:
    server.answer("POST", "/api/hub/things/a%2Fb", 201, {"id": 3})
    reply, response = client.api_client.call_api(
        "/api/hub/things/{name}",
        "post",
        path_params={"name": "a/b"},
        query_params=[("x", True), ("y", None), ("z", [1, 2])],
        header_params={"X-One": "1"},
        body={"n": 1},
        response_schema=(dict[str, int],),
    )
    assert (reply, response.status) == ({"id": 3}, 201)
    (sent,) = server.sent
    assert sent.query == {"x": ["true"], "z": ["1", "2"]}
    assert (sent.json, sent.headers["X-One"]) == ({"n": 1}, "1")
    assert sent.headers["Accept"] == "application/vnd.cvat+json"


def test_without_a_schema_the_reply_is_left_to_the_caller(client: Client, server: Any) -> None:
    server.answer("GET", "/api/x", 200, {"id": 3})
    reply, response = client.api_client.call_api("/api/x", "GET")
    assert (reply, response.json()) == (None, {"id": 3})


def test_an_unread_answer_can_be_read_in_pieces(client: Client, server: Any) -> None:
    server.answer("GET", "/api/x", 200, b"abcdef")
    _, response = client.api_client.call_api("/api/x", "GET", _parse_response=False)
    assert (response.read(2), response.read(9)) == (b"ab", b"cdef")


def test_errors_can_be_looked_at_instead_of_raised(client: Client, server: Any) -> None:
    server.answer("GET", "/api/tasks/5", 404, {"detail": "no"})
    _, response = client.api_client.tasks_api.retrieve(
        5, _check_status=False, _parse_response=False
    )
    assert response.status == 404


@pytest.mark.parametrize(
    ("configuration", "sent"),
    [
        (Configuration("http://h", access_token="t0p"), "Bearer t0p"),
        (
            Configuration("http://h", username="u", password="p"),
            "Basic " + base64.b64encode(b"u:p").decode(),
        ),
    ],
)
def test_a_configuration_can_carry_the_login(
    configuration: Configuration, sent: str, server: Any, transport: Transport
) -> None:
    with ApiClient(configuration, transport=transport) as api_client:
        server.answer("GET", "/api/users/self", 200, {"username": "u"})
        user, _ = api_client.users_api.retrieve_self()
    assert server.sent[0].headers["Authorization"] == sent
    assert isinstance(user, models.User)
    assert "t0p" not in repr(configuration)
    assert "p'" not in repr(configuration)


def test_cookies_are_kept_changed_and_dropped(client: Client, server: Any) -> None:
    client.api_client.default_headers["X-CSRFToken"] = "old"
    server.answer("GET", "/api/x", headers={"Set-Cookie": "csrftoken=new; Path=/"})
    server.answer("GET", "/api/x", headers={"Set-Cookie": "csrftoken=; Max-Age=0; Path=/"})
    client.api_client.call_api("/api/x", "GET")
    client.api_client.call_api("/api/x", "GET")
    client.api_client.call_api("/api/x", "GET")
    first, second, third = (sent.headers for sent in server.sent)
    assert "Cookie" not in first
    assert second["Cookie"] == "csrftoken=new"
    assert second["X-CSRFToken"] == "new"
    assert second["Origin"] == "http://cvat.test:8080"
    assert "Cookie" not in third


def test_whole_addresses_can_be_requested(client: Client, server: Any) -> None:
    rest = client.api_client.rest_client
    server.answer("GET", "/file", 200, b"data")
    server.answer("POST", "/form", 200)
    assert rest.GET("http://other.test/file", query_params={"a": 1}).data == b"data"
    rest.POST("http://other.test/form", post_params=[("a", "b")], headers={"X": "y"})
    assert server.sent[0].query == {"a": ["1"]}
    assert b'name="a"' in server.sent[1].body
    assert "User-Agent" not in server.sent[0].headers
    with pytest.raises(exceptions.NotFoundException):
        rest.GET("http://other.test/nothing")
