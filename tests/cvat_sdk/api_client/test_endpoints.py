from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from cvat_sdk import models
from cvat_sdk.api_client.endpoints import ENDPOINTS, Endpoint
from cvat_sdk.core.client import Client
from cvat_sdk.exceptions import ApiTypeError

EVERY = [(group, name) for group, rows in ENDPOINTS.items() for name in rows]


@pytest.mark.parametrize(("group", "name"), EVERY)
def test_every_row_can_be_called(client: Client, server: Any, group: str, name: str) -> None:
    endpoint = ENDPOINTS[group][name]
    path = re.sub(r"{\w+}", "7", endpoint.path)
    server.answer(endpoint.method, path, 200)
    api = getattr(client.api_client, f"{group}_api")
    values = {"id": 7, "key": 7, "action": "create", "type": "frame", endpoint.body: {"a": 1}}
    getattr(api, name)(*(values[argument] for argument in endpoint.required))
    assert len(server.of(endpoint.method, path)) == 1


def test_arguments_go_into_path_query_headers_and_body(client: Client, server: Any) -> None:
    server.answer("PATCH", "/api/tasks/7/annotations/", 200, {"version": 0})
    data, response = client.api_client.tasks_api.partial_update_annotations(
        "create", 7, patched_labeled_data_request={"tags": []}, x_organization="lab"
    )
    (sent,) = server.sent
    assert sent.query == {"action": ["create"]}
    assert sent.json == {"tags": []}
    assert sent.headers["X-Organization"] == "lab"
    assert sent.headers["Content-Type"] == "application/json"
    assert isinstance(data, models.LabeledData)
    assert response.status == 200


@pytest.mark.parametrize(
    ("args", "kwargs", "problem"),
    [
        ((), {}, "lacks 'id'"),
        ((1, 2), {}, "takes 1 arguments without names, 2 were given"),
        ((1,), {"id": 1}, "given 'id' twice"),
        ((1,), {"x_organisation": "a"}, "did you mean 'x_organization'"),
        ((1,), {"quality": "a"}, "no argument 'quality'"),
    ],
)
def test_wrong_arguments_are_named(
    client: Client, server: Any, args: tuple[int, ...], kwargs: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ApiTypeError, match=problem):
        client.api_client.tasks_api.retrieve(*args, **kwargs)
    assert server.sent == []


def test_an_unknown_operation_points_to_the_way_around(client: Client) -> None:
    with pytest.raises(AttributeError, match="call_api"):
        client.api_client.tasks_api.frobnicate  # noqa: B018
    with pytest.raises(AttributeError, match="frobs_api"):
        client.api_client.frobs_api  # noqa: B018


def test_an_operation_has_its_endpoint_under_the_official_name(client: Client) -> None:
    operation = client.api_client.tasks_api.list_endpoint
    assert repr(operation) == "<list: GET /api/tasks>"
    assert "list_endpoint" in dir(client.api_client.tasks_api)
    assert "tasks_api" in dir(client.api_client)


def test_ids_are_escaped(client: Client, server: Any) -> None:
    server.answer("GET", "/api/requests/action%3Dcreate%26target%3Dtask", 200)
    client.api_client.requests_api.retrieve("action=create&target=task")
    assert server.of("GET", "/api/requests/action%3Dcreate%26target%3Dtask")


def _answered(exchange: dict[str, Any]) -> bool:
    body = exchange["response"]["body"]
    return 200 <= exchange["response"]["status"] < 300 and bool(body) and "json" in body


def _matches(endpoint: Endpoint, request: dict[str, Any]) -> bool:
    pattern = re.sub(r"\{\w+\}", r"[^/]*[\\d%][^/]*", endpoint.path)
    return endpoint.method == request["method"] and bool(re.fullmatch(pattern, request["path"]))


@pytest.mark.parametrize("folder", ["sdk280-server254", "sdk215-server215", "cli280-server254"])
def test_the_recorded_replies_of_real_servers_are_understood(
    recorded: Any, recordings: Any, folder: str
) -> None:
    understood = 0
    for name in recordings(folder):
        for exchange in filter(_answered, recorded(f"{folder}/{name}")):
            for group, operation in EVERY:
                endpoint = ENDPOINTS[group][operation]
                if endpoint.reply is not None and _matches(endpoint, exchange["request"]):
                    body = msgspec.json.encode(exchange["response"]["body"]["json"])
                    msgspec.json.decode(body, type=endpoint.reply)
                    understood += 1
    assert understood
