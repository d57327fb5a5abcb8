"""Our replies have at least the fields that a real server 2.54 was recorded to send."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

RECORDINGS = Path(__file__).parents[3] / "shared" / "wire" / "sdk280-server254"
pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings of real servers")

# Recorded requests, by method and path, and where we have the same.
SAME = [
    ("login.jsonl", "GET", "/api/server/about", "server/about"),
    ("login.jsonl", "GET", "/api/users/self", "users/self"),
    ("get-task.jsonl", "GET", r"/api/tasks/\d+", "tasks/{task}"),
    ("get-task.jsonl", "GET", "/api/tasks", "tasks?page=1"),
    ("get-task.jsonl", "GET", r"/api/jobs/\d+", "jobs/{job}"),
    ("get-task.jsonl", "GET", "/api/jobs", "jobs?task_id={task}"),
    ("labels.jsonl", "GET", "/api/labels", "labels?task_id={task}"),
    ("labels.jsonl", "GET", r"/api/labels/\d+", "labels/{label}"),
    ("data-meta.jsonl", "GET", r"/api/tasks/\d+/data/meta", "tasks/{task}/data/meta"),
    ("data-meta.jsonl", "GET", r"/api/jobs/\d+/data/meta", "jobs/{job}/data/meta"),
    ("get-annotations.jsonl", "GET", r"/api/tasks/\d+/annotations/", "tasks/{task}/annotations/"),
    ("task-create-from-local-images.jsonl", "GET", r"/api/requests/.*", "requests/{request}"),
    ("server-misc.jsonl", "GET", r"/api/tasks/\d+/status", "tasks/{task}/status"),
    ("server-misc.jsonl", "GET", "/api/requests", "requests"),
    ("pat-write.jsonl", "GET", "/api/auth/access_tokens", "auth/access_tokens"),
]


@pytest.fixture(scope="module")
def ours(hub: Any, new_task: Callable[..., Any]) -> Callable[[str], Any]:
    """Asks our hub about a task like the recorded one."""
    user = hub.new_user()
    task = new_task(user, segment_size=2)
    job = user("GET", f"jobs?task_id={task['id']}").json["results"][0]
    label, *_, person = user("GET", f"labels?task_id={task['id']}").json["results"]
    parts = [part["id"] for part in person["sublabels"]]
    points = {"type": "points", "frame": 0, "points": [1, 2]}
    rectangle = {"type": "rectangle", "frame": 0, "points": [1, 2, 3, 4]}
    labelled = {"label_id": label["id"], "frame": 0}
    elements = [points | {"label_id": part} for part in parts]
    skeleton = {"label_id": person["id"], "type": "skeleton", "frame": 0, "elements": elements}
    annotations = {
        "tags": [labelled],
        "shapes": [rectangle | labelled, skeleton],
        "tracks": [labelled | {"shapes": [rectangle]}],
    }
    assert user("PUT", f"tasks/{task['id']}/annotations", annotations).status == 200
    names = {"task": task["id"], "job": job["id"], "label": label["id"]}
    names["request"] = f"action%3Dcreate%26target%3Dtask%26target_id%3D{task['id']}"
    return lambda path: user("GET", path.format(**names))


@pytest.mark.parametrize(("file", "method", "pattern", "path"), SAME)
def test_our_reply_has_the_recorded_fields(
    ours: Callable[[str], Any], file: str, method: str, pattern: str, path: str
) -> None:
    recorded = [
        exchange["response"]["body"]["json"]
        for exchange in _recorded(file)
        if exchange["request"]["method"] == method
        and re.fullmatch(pattern, exchange["request"]["path"])
        and exchange["response"]["status"] == 200
    ]
    assert recorded
    answer = ours(path)
    assert answer.headers["Content-Type"] == "application/vnd.cvat+json"
    for theirs in recorded:
        assert list(_missing(theirs, answer.json, "$")) == []


def _recorded(file: str) -> Iterator[Any]:
    with (RECORDINGS / file).open() as lines:
        yield from map(json.loads, lines)


def _missing(theirs: Any, own: Any, place: str) -> Iterator[str]:
    if isinstance(theirs, dict) and isinstance(own, dict):
        for name, value in theirs.items():
            if name not in own:
                # Only skeletons have a drawing.
                if name != "svg":
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
