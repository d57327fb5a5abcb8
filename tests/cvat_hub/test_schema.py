"""The description of the hub's interface, at /api/schema."""

from __future__ import annotations

from typing import Any

import pytest

from cvat_hub.app import ROUTES
from cvat_hub.call import Call, Handler
from cvat_hub.replies import Reply, empty
from cvat_hub.schema import describe, header, media
from cvat_sdk import models


def example(call: Call, asked: models.TaskWriteRequest) -> Reply:
    """Do something.

    And more.
    """
    return empty()


HANDLER = Handler(example, gives=models.TaskRead, status=201, query={"page": {"type": "integer"}})


@pytest.fixture
def operation() -> Any:
    return describe({"tasks/{task_id:id}/{name}": {"POST": HANDLER}})["paths"][
        "/api/tasks/{task_id}/{name}"
    ]["post"]


def test_a_handler_tells_its_body_reply_and_summary(operation: Any) -> None:
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    reply = operation["responses"]["201"]["content"]["application/vnd.cvat+json"]["schema"]
    assert body == {"$ref": "#/components/schemas/TaskWriteRequest"}
    assert reply == {"$ref": "#/components/schemas/TaskRead"}
    assert operation["summary"] == "Do something."
    assert operation["operationId"] == "post_tasks_task_id_name"


def test_parameters_are_those_of_the_path_the_query_and_the_space(operation: Any) -> None:
    found = [(parameter["in"], parameter["name"]) for parameter in operation["parameters"]]
    assert found == [
        ("path", "task_id"),
        ("path", "name"),
        ("query", "page"),
        ("header", "X-Organization"),
        ("query", "org"),
        ("query", "org_id"),
    ]


def test_what_is_public_needs_no_login() -> None:
    public = Handler(lambda call: empty(), public=True)
    path = describe({"x": {"GET": public}})["paths"]["/api/x"]
    assert path["get"]["security"] == []
    assert path["get"]["parameters"] == []


def test_a_handler_tells_more_in_terms_of_openapi() -> None:
    told = {
        "parameters": [header("Upload-Offset", {"type": "integer"}, "Where it belongs.")],
        "requestBody": {"content": {"image/*": {}}},
        **media("image/png"),
    }
    upload = Handler(lambda call: empty(), streams=True, told=told)
    described = describe({"x": {"POST": upload}})["paths"]["/api/x"]["post"]
    assert described["parameters"][-1]["name"] == "Upload-Offset"
    assert described["requestBody"]["content"] == {"image/*": {}}
    assert described["responses"]["200"]["content"] == {"image/png": {}}
    assert "default" in described["responses"]


def test_what_can_be_read_answers_to_head_and_all_to_options() -> None:
    paths = describe({"a": {"GET": HANDLER}, "b": {"POST": HANDLER}})["paths"]
    assert set(paths["/api/a"]) == {"get", "head", "options"}
    assert set(paths["/api/b"]) == {"post", "options"}
    assert "content" not in paths["/api/a"]["head"]["responses"]["200"]
    allowed = paths["/api/a"]["options"]["responses"]["200"]["headers"]["Allow"]["schema"]
    assert allowed == {"const": "GET, HEAD, OPTIONS"}


def test_an_upload_is_described_with_its_headers_bodies_and_replies(hub: Any) -> None:
    paths = hub.client()("GET", "schema").json["paths"]
    data = paths["/api/tasks/{task_id}/data"]["post"]
    headers = {each["name"] for each in data["parameters"] if each["in"] == "header"}
    assert headers >= {"Upload-Start", "Upload-Multiple", "Upload-Length", "Upload-Finish"}
    assert set(data["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    assert set(data["responses"]) == {"200", "201", "202", "default"}
    piece = paths["/api/tasks/{task_id}/data/{file_id}"]["patch"]
    assert set(piece["requestBody"]["content"]) == {"application/offset+octet-stream"}
    frame = paths["/api/tasks/{task_id}/data"]["get"]["responses"]["200"]
    assert set(frame["content"]) == {"image/*", "application/zip", "video/mp4"}


def test_every_route_is_described(hub: Any) -> None:
    described = hub.client()("GET", "schema/").json
    operations = {
        (path.removeprefix("/api/"), method.upper())
        for path, methods in described["paths"].items()
        for method in methods
    }
    routes = {
        (path.replace(":id}", "}"), method)
        for path, handlers in ROUTES.items()
        for method in (*handlers, "OPTIONS", *(["HEAD"] if "GET" in handlers else []))
    }
    assert routes - operations == {("schema", "GET"), ("schema", "HEAD"), ("schema", "OPTIONS")}
    assert operations <= routes
