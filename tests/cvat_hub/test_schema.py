"""The description of the hub's interface, at /api/schema."""

from __future__ import annotations

from typing import Any

import pytest

from cvat_hub.app import ROUTES
from cvat_hub.call import Call, Handler
from cvat_hub.replies import Reply, empty
from cvat_hub.schema import describe
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
        for method in handlers
    }
    assert routes - operations == {("schema", "GET")}
    assert operations <= routes
