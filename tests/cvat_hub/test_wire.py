"""Our replies have at least the fields that a real server 2.54 was recorded to send."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cvat_hub.app import ROUTES

RECORDINGS = Path(__file__).parents[3] / "shared" / "wire" / "sdk280-server254"
pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings of real servers")

POINTS = {"type": "points", "frame": 0, "points": [1, 2]}
RECTANGLE = {"type": "rectangle", "frame": 0, "points": [1, 2, 3, 4]}
ATTRIBUTE = {"name": "a", "mutable": True, "input_type": "text", "values": []}
ADDED = {"name": "added", "attributes": [ATTRIBUTE]}
LABELS = [ADDED, {"name": "person", "type": "skeleton", "sublabels": [{"name": "head"}]}]

# What we ask of the hub, to compare the reply with the recorded ones of the same route.
ASKED: dict[tuple[str, str], tuple[str, Any]] = {
    ("GET", "server/about"): ("server/about", None),
    ("GET", "users/self"): ("users/self", None),
    ("GET", "organizations"): ("organizations", None),
    ("GET", "auth/access_tokens"): ("auth/access_tokens", None),
    ("POST", "auth/access_tokens"): ("auth/access_tokens", {"name": "x"}),
    ("POST", "auth/login"): ("auth/login", {"username": "{name}", "password": "{password}"}),
    ("GET", "projects"): ("projects", None),
    ("GET", "projects/{project_id:id}"): ("projects/{project}", None),
    ("PATCH", "projects/{project_id:id}"): ("projects/{project}", {"name": "renamed"}),
    ("POST", "projects"): ("projects", {"name": "another"}),
    ("GET", "tasks"): ("tasks", None),
    ("GET", "tasks/{task_id:id}"): ("tasks/{task}", None),
    ("PATCH", "tasks/{task_id:id}"): ("tasks/{task}", {"labels": [ADDED]}),
    ("POST", "tasks"): ("tasks", {"name": "another", "labels": [{"name": "a"}]}),
    ("GET", "tasks/{task_id:id}/status"): ("tasks/{task}/status", None),
    ("GET", "tasks/{task_id:id}/data/meta"): ("tasks/{task}/data/meta", None),
    ("PATCH", "tasks/{task_id:id}/data/meta"): ("tasks/{task}/data/meta", {"deleted_frames": [3]}),
    ("GET", "tasks/{task_id:id}/annotations"): ("tasks/{task}/annotations", None),
    ("PUT", "tasks/{task_id:id}/annotations"): ("tasks/{task}/annotations", "{annotations}"),
    ("PATCH", "tasks/{task_id:id}/annotations"): (
        "tasks/{task}/annotations?action=create",
        "{annotations}",
    ),
    ("GET", "jobs"): ("jobs?task_id={task}", None),
    ("GET", "jobs/{job_id:id}"): ("jobs/{job}", None),
    ("PATCH", "jobs/{job_id:id}"): ("jobs/{job}", {"stage": "validation"}),
    ("GET", "jobs/{job_id:id}/data/meta"): ("jobs/{job}/data/meta", None),
    ("GET", "jobs/{job_id:id}/annotations"): ("jobs/{job}/annotations", None),
    ("PATCH", "jobs/{job_id:id}/annotations"): (
        "jobs/{job}/annotations?action=create",
        "{annotations}",
    ),
    ("GET", "labels"): ("labels?{of}_id={id}", None),
    ("GET", "labels/{label_id:id}"): ("labels/{label}", None),
    ("GET", "requests"): ("requests", None),
    ("GET", "requests/{request_id}"): ("requests/{request}", None),
}
# Routes whose JSON is compared elsewhere: the end of an upload, and a sentence.
NOT_COMPARED = {("POST", "tasks/{task_id:id}/data"), ("POST", "auth/logout")}
# Fields that only some objects have: a skeleton's drawing, the secret of a new token.
SOMETIMES = {"svg", "value"}


def _recorded(path: Path) -> Iterator[Any]:
    with path.open() as lines:
        yield from map(json.loads, lines)


def route_of(request: Any) -> tuple[str, str] | None:
    """Return method and template of the route of ours that serves a recorded request."""
    for template, handlers in ROUTES.items():
        pattern = re.sub(r"\{\w+(:id)?\}", lambda m: r"\d+" if m[1] else "[^/]+", template)
        if re.fullmatch(f"/api/{pattern}/?", request["path"]) and request["method"] in handlers:
            return request["method"], template
    return None


def recorded_replies() -> dict[tuple[str, str], list[Any]]:
    """Return the recorded exchanges that ended well, with a JSON object as reply, by route."""
    found: dict[tuple[str, str], list[Any]] = {}
    for path in sorted(RECORDINGS.glob("*.jsonl")):
        for exchange in _recorded(path):
            route = route_of(exchange["request"])
            body = (exchange.get("response") or {}).get("body")
            good = exchange["response"]["status"] < 300
            if route and good and isinstance(body, dict) and isinstance(body.get("json"), dict):
                found.setdefault(route, []).append(exchange)
    return found


REPLIES = recorded_replies() if RECORDINGS.is_dir() else {}


def test_every_recorded_route_is_compared() -> None:
    assert REPLIES.keys() - NOT_COMPARED == ASKED.keys()


@pytest.fixture(scope="module")
def ours(hub: Any, new_task: Callable[..., Any]) -> Callable[..., Any]:
    """Asks our hub about a task like the recorded one."""
    user = hub.new_user()
    task = new_task(user, segment_size=2)
    project = user("POST", "projects", {"name": "x", "labels": LABELS}).json
    job = user("GET", f"jobs?task_id={task['id']}&sort=id").json["results"][0]
    label, *_, person = user("GET", f"labels?task_id={task['id']}").json["results"]
    labelled = {"label_id": label["id"], "frame": 0}
    elements = [POINTS | {"label_id": part["id"]} for part in person["sublabels"]]
    skeleton = {"label_id": person["id"], "type": "skeleton", "frame": 0, "elements": elements}
    annotations = {
        "tags": [labelled],
        "shapes": [RECTANGLE | labelled, skeleton],
        "tracks": [labelled | {"shapes": [RECTANGLE]}],
    }
    assert user("PUT", f"tasks/{task['id']}/annotations", annotations).status == 200
    names = {
        "task": task["id"],
        "job": job["id"],
        "label": label["id"],
        "project": project["id"],
        "request": f"action%3Dcreate%26target%3Dtask%26target_id%3D{task['id']}",
        "name": hub.name_of(user),
        "password": hub.settings.admin_password,
    }

    def ask(method: str, path: str, body: Any, of: str) -> Any:
        if body == "{annotations}":
            body = annotations
        elif isinstance(body, dict):
            body = {
                name: value.format(**names) if isinstance(value, str) else value
                for name, value in body.items()
            }
        return user(method, path.format(**names, of=of, id=names[of]), body)

    return ask


@pytest.mark.parametrize("route", ASKED, ids=" ".join)
def test_our_reply_has_the_recorded_fields(
    ours: Callable[..., Any], route: tuple[str, str]
) -> None:
    path, body = ASKED[route]
    for exchange in REPLIES[route]:
        # A task in a project has the labels of the project.
        of = "project" if '"project_id"' in json.dumps(exchange["response"]) else "task"
        answer = ours(route[0], path, body, of)
        body = body if route != ("PATCH", "tasks/{task_id:id}") else {"name": "renamed"}
        assert answer.status == exchange["response"]["status"], answer.body
        assert answer.headers["Content-Type"] == "application/vnd.cvat+json"
        theirs = exchange["response"]["body"]["json"]
        assert list(_missing(theirs, answer.json, "$")) == []


def _missing(theirs: Any, own: Any, place: str) -> Iterator[str]:
    if isinstance(theirs, dict) and isinstance(own, dict):
        for name, value in theirs.items():
            if name not in own:
                if name not in SOMETIMES:
                    yield f"{place}.{name}"
            else:
                yield from _missing(value, own[name], f"{place}.{name}")
    elif isinstance(theirs, list) and isinstance(own, list):
        if theirs and own:
            yield from _missing(theirs[0], own[0], f"{place}[0]")
    elif None not in (theirs, own) and _is_number(theirs) != _is_number(own):
        yield f"{place}: {type(own).__name__} instead of {type(theirs).__name__}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)
