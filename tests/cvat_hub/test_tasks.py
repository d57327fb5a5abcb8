"""Tasks, their labels, and who may do what with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

ATTRIBUTE = {"name": "a", "mutable": False, "input_type": "text", "values": []}


def test_a_new_task_has_no_mode_and_no_size(user: Any) -> None:
    answer = user("POST", "tasks", {"name": "cats", "segment_size": 10, "bug_tracker": "https://x"})
    assert answer.status == 201
    task = answer.json
    assert answer.headers["Location"] == task["url"]
    assert task["url"] == f"{user.address}/api/tasks/{task['id']}"
    assert (task["name"], task["mode"], task["segment_size"]) == ("cats", "", 10)
    assert "size" not in task
    assert task["owner"]["id"] == user.user_id
    assert user("GET", f"tasks/{task['id']}/").json == task


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, {"name": ["This field is required."]}),
        (
            {"name": "x", "labels": [{"name": "a"}, {"name": "a"}]},
            ["All label names must be unique"],
        ),
        ({"name": "x", "labels": [{}]}, {"labels": [{"name": ["This field is required."]}]}),
        (
            {"name": "x", "labels": [{"name": "a"}, {"name": "b", "type": "blob"}]},
            {"labels": [{}, {"type": ['"blob" is not a valid choice.']}]},
        ),
    ],
)
def test_a_wrong_task_is_refused_in_the_form_of_cvat(user: Any, body: Any, reason: Any) -> None:
    answer = user("POST", "tasks", body)
    assert (answer.status, answer.json) == (400, reason)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 257},
        {"name": 1},
        {"segment_size": -1},
        {"segment_size": 2**40},
        {"overlap": "1"},
        {"assignee_id": 999999},
        {"assignee_id": 2**40},
        {"project_id": 1},
        {"labels": {}},
        {"labels": [{"name": "a", "color": "red"}]},
        {"labels": [{"name": "a", "sublabels": [{"name": "b"}]}]},
        {"labels": [{"name": "a", "type": "skeleton", "sublabels": [{"name": "b"}] * 2}]},
        {"labels": [{"name": "a", "attributes": [ATTRIBUTE, ATTRIBUTE]}]},
        {"labels": [{"name": "a", "attributes": [ATTRIBUTE | {"input_type": "dice"}]}]},
        {"labels": [{"name": "a", "attributes": [ATTRIBUTE | {"input_type": "select"}]}]},
        {
            "labels": [
                {
                    "name": "a",
                    "attributes": [ATTRIBUTE | {"input_type": "number", "values": ["1"]}],
                }
            ]
        },
    ],
)
def test_a_wrong_field_of_a_task_is_refused(user: Any, changes: Any) -> None:
    assert user("POST", "tasks", {"name": "x"} | changes).status == 400
    assert user("GET", "tasks").json["count"] == 0


def test_labels_come_back_with_ids(user: Any, new_task: Callable[..., Any]) -> None:
    task = new_task(user, frames=0)
    labels = user("GET", f"labels?task_id={task['id']}&org=").json["results"]
    car, plain, person = labels
    assert [label["name"] for label in labels] == ["car", "plain", "person"]
    assert [spec["default_value"] for spec in car["attributes"]] == ["a", "0"]
    assert (plain["type"], plain["attributes"], "svg" in plain) == ("any", [], False)
    assert plain["color"].startswith("#")
    assert [part["has_parent"] for part in person["sublabels"]] == [True, True]
    for part in person["sublabels"]:
        assert f'data-label-id="{part["id"]}"' in person["svg"]
        assert user("GET", f"labels/{part['id']}").json["parent_id"] == person["id"]
    assert user("GET", f"labels/{car['id']}").json == car


def test_a_text_without_choices_comes_back_with_an_empty_one(user: Any) -> None:
    spec = {"name": "x", "labels": [{"name": "a", "attributes": [ATTRIBUTE]}]}
    task = user("POST", "tasks", spec).json
    [label] = user("GET", f"labels?task_id={task['id']}").json["results"]
    assert label["attributes"][0]["values"] == [""]


def test_a_task_can_be_renamed_and_get_labels(user: Any, new_task: Callable[..., Any]) -> None:
    task = new_task(user, frames=0, labels=[{"name": "old"}])
    url = f"tasks/{task['id']}"
    answer = user("PATCH", url, {"name": "new", "labels": [{"name": "more", "type": "polygon"}]})
    assert answer.status == 200
    assert answer.json["name"] == "new"
    assert answer.json["updated_date"] > task["updated_date"]
    names = [label["name"] for label in user("GET", f"labels?task_id={task['id']}").json["results"]]
    assert names == ["old", "more"]
    assert user("PATCH", url, {"labels": [{"name": "old"}], "name": "no"}).status == 400
    assert user("GET", url).json["name"] == "new"


def test_a_deleted_task_is_gone_with_its_pixels(
    hub: Any, user: Any, new_task: Callable[..., Any]
) -> None:
    task = new_task(user)
    pixels = hub.settings.data_dir / "data" / str(task["data"])
    assert pixels.is_dir()
    assert user("DELETE", f"tasks/{task['id']}").status == 204
    assert not pixels.exists()
    for path in (f"tasks/{task['id']}", f"tasks/{task['id']}/annotations", "jobs/999999"):
        assert user("GET", path).status == 404
    assert user("DELETE", f"tasks/{task['id']}").json == {
        "detail": "No Task matches the given query."
    }
    assert user("GET", "jobs").json["count"] == 0


def test_jobs_share_the_frames_of_a_task(user: Any, new_task: Callable[..., Any]) -> None:
    task = new_task(user, frames=7, segment_size=3, overlap=1)
    assert task["jobs"]["count"] == 3
    jobs = user("GET", f"jobs?task_id={task['id']}&org=&page=1").json["results"]
    assert [(job["start_frame"], job["stop_frame"]) for job in jobs] == [(4, 6), (2, 4), (0, 2)]
    assert user("GET", f"jobs/{jobs[0]['id']}").json == jobs[0]
    done = {"stage": "acceptance", "state": "completed"}
    for job in jobs:
        assert user("PATCH", f"jobs/{job['id']}", done).json["state"] == "completed"
    assert user("GET", f"tasks/{task['id']}").json["status"] == "completed"
    assert user("PATCH", f"jobs/{jobs[0]['id']}", {"state": "odd"}).status == 400
    assert user("PATCH", f"jobs/{jobs[0]['id']}", {"assignee": 10**12}).status == 400


@pytest.fixture
def listed(user: Any) -> Any:
    """Somebody with twelve tasks."""
    for number in range(12):
        spec = {"name": f"task {number:02}", "subset": "even" if number % 2 == 0 else "odd"}
        assert user("POST", "tasks", spec).status == 201
    return user


def test_a_list_comes_in_pages_newest_first(listed: Any) -> None:
    first = listed("GET", "tasks?page=1").json
    assert (first["count"], len(first["results"]), first["previous"]) == (12, 10, None)
    assert first["results"][0]["name"] == "task 11"
    second = listed("GET", first["next"]).json
    assert [task["name"] for task in second["results"]] == ["task 01", "task 00"]
    assert second["next"] is None
    assert second["previous"] == f"{listed.address}/api/tasks"


@pytest.mark.parametrize("page", ["0", "-1", "3", "x", "99999999999999999999"])
def test_a_page_that_is_not_there_is_not_found(listed: Any, page: str) -> None:
    answer = listed("GET", f"tasks?page={page}")
    assert (answer.status, answer.json) == (404, {"detail": "Invalid page."})


def test_numbers_that_no_database_holds_are_just_not_found(user: Any) -> None:
    huge = 2**80
    assert user("GET", f"tasks/{huge}").status == 404
    assert user("GET", f"jobs/{huge}/annotations").status == 404
    assert user("GET", f"labels?task_id={huge}").status == 404
    assert user("GET", f"labels/{huge}").status == 404
    assert user("GET", "tasks/" + "9" * 5000).status == 404
    assert user("GET", "tasks?page=" + "9" * 5000).status == 404
    assert user("GET", f"jobs?task_id={huge}").json["count"] == 0


@pytest.mark.parametrize("header", ["", "nobody"])
def test_an_organization_is_empty_or_unknown(user: Any, header: str) -> None:
    answer = user("GET", "tasks", headers={"X-Organization": header})
    assert answer.status == (404 if header else 200)
    assert user("GET", f"tasks?org={header}").status == (404 if header else 200)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "é" * 256, "😀", "'; DROP TABLE tasks; --"])
def test_odd_text_is_kept_or_refused(user: Any, text: str) -> None:
    """What a database cannot keep is refused; everything else comes back as it was."""
    label = {"name": "a", "attributes": [ATTRIBUTE | {"default_value": text[:8]}]}
    created = user("POST", "tasks", {"name": text, "labels": [label]})
    assert created.status in (201, 400)
    if created.status == 201:
        assert created.json["name"] == text
    for path in (
        f"tasks?search={quote(text.encode(errors='replace'))}",
        f"labels/{created.status}",
    ):
        assert user("GET", path).status in (200, 400, 404)
    login = {"username": text, "password": text}
    assert user("POST", "auth/login", login).status == 400
