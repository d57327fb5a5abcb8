"""Projects: tasks that share their labels."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import PIL.Image
import pytest

LABELS = [{"name": "cat"}, {"name": "dog", "color": "#ff0000"}]


def _project(client: Any, **fields: Any) -> dict[str, Any]:
    answer = client("POST", "projects", {"name": "pets", "labels": LABELS} | fields)
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json
    return made


def _names(client: Any, query: str) -> list[str]:
    return [label["name"] for label in client("GET", f"labels?{query}").json["results"]]


def test_a_new_project_has_labels_and_no_tasks(user: Any) -> None:
    answer = user(
        "POST", "projects", {"name": "pets", "labels": LABELS, "bug_tracker": "https://x"}
    )
    assert answer.status == 201
    project = answer.json
    assert answer.headers["Location"] == project["url"]
    assert project["owner"]["id"] == user.user_id
    assert (project["bug_tracker"], project["task_subsets"]) == ("https://x", [])
    assert (project["tasks"]["count"], project["dimension"]) == (0, None)
    assert user("GET", f"projects/{project['id']}/").json == project
    assert _names(user, f"project_id={project['id']}") == ["cat", "dog"]
    assert user("GET", f"projects/{project['id']}/preview").status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": None},
        {"assignee_id": 10**8},
        {"owner_id": 1},
        {"labels": [{"name": "a"}, {"name": "a"}]},
        {"labels": [{}]},
        {"bug_tracker": "x" * 2001},
    ],
)
def test_a_wrong_project_is_refused(user: Any, wrong: dict[str, Any]) -> None:
    expected = 403 if "owner_id" in wrong else 400
    assert user("POST", "projects", {"name": "x"} | wrong).status == expected
    assert user("GET", "projects").json["count"] == 0
    project = _project(user)
    if "owner_id" not in wrong:
        assert user("PATCH", f"projects/{project['id']}", wrong).status == 400
    assert user("GET", f"projects/{project['id']}").json == project


def test_tasks_have_the_labels_of_their_project(user: Any, new_task: Callable[..., Any]) -> None:
    project = _project(user)
    one, two = (
        new_task(user, labels=[], project_id=project["id"], subset=subset)
        for subset in ("train", "test")
    )
    assert (one["project_id"], one["project_name"], one["subset"]) == (
        *(project["id"], "pets", "train"),
    )
    shown = user("GET", f"projects/{project['id']}").json
    assert (shown["tasks"]["count"], shown["task_subsets"]) == (2, ["test", "train"])
    assert shown["dimension"] == "2d"
    [job] = user("GET", f"jobs?project_id={project['id']}&task_id={one['id']}").json["results"]
    for query in (f"task_id={one['id']}", f"task_id={two['id']}", f"job_id={job['id']}"):
        assert _names(user, query) == ["cat", "dog"]
    for query in (f"project_id={project['id']}", "project_name=pets"):
        listed = user("GET", f"tasks?{query}").json["results"]
        assert [task["id"] for task in listed] == [two["id"], one["id"]]
    assert user("GET", f"jobs?project_id={project['id']}").json["count"] == 2


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({"labels": [{"name": "own"}]}, "labels"),
        ({"project_id": 10**8}, "project_id"),
        ({"project_id": 2**70}, "project_id"),
        ({"project_id": "{foreign}"}, "project_id"),
    ],
)
def test_a_task_that_doesnt_fit_its_project_is_refused(
    hub: Any, user: Any, sent: dict[str, Any], place: str
) -> None:
    foreign = _project(hub.new_user())["id"]
    sent = {name: foreign if value == "{foreign}" else value for name, value in sent.items()}
    spec = {"name": "x", "project_id": _project(user)["id"]} | sent
    answer = user("POST", "tasks", spec)
    assert (answer.status, list(answer.json)) == (400, [place])


def test_a_task_is_made_where_its_project_is(hub: Any, user: Any) -> None:
    here, there = (hub.new_organization(user) for _ in range(2))
    project = user("POST", f"projects?org={here['slug']}", {"name": "p"}).json
    spec = {"name": "t", "project_id": project["id"]}
    for query in (f"?org={here['slug']}", ""):
        made = user("POST", f"tasks{query}", spec).json
        assert made["organization_id"] == here["id"]
    for query in (f"?org={there['slug']}", "?org="):
        assert list(user("POST", f"tasks{query}", spec).json) == ["project_id"]


def test_an_admin_creates_for_members_only(hub: Any, user: Any) -> None:
    organization = hub.new_organization(user)
    admin, stranger, query = hub.new_user(is_admin=True), hub.new_user(), organization["slug"]
    project = user("POST", f"projects?org={query}", {"name": "p"}).json
    for kind, spec in (
        (f"projects?org={query}", {"name": "x"}),
        (f"tasks?org={query}", {"name": "x"}),
        ("tasks", {"name": "x", "project_id": project["id"]}),
    ):
        answer = admin("POST", kind, spec | {"owner_id": stranger.user_id})
        assert list(answer.json) == ["owner_id"], answer.body
        made = admin("POST", kind, spec | {"owner_id": user.user_id})
        assert made.json["owner"]["id"] == user.user_id
    assert user("POST", "tasks", {"name": "x", "owner_id": stranger.user_id}).status == 403


def test_a_task_stays_in_its_project(user: Any) -> None:
    one, two = _project(user), _project(user)
    task = user("POST", "tasks", {"name": "x", "project_id": one["id"]}).json
    url = f"tasks/{task['id']}"
    for sent in (
        {"project_id": two["id"]},
        {"project_id": None},
        {"labels": [{"name": "own"}]},
        {"organization_id": 1},
    ):
        assert list(user("PATCH", url, sent).json) == list(sent)
    same = {"project_id": one["id"], "organization_id": None, "subset": "train", "labels": []}
    assert user("PATCH", url, same).json["subset"] == "train"


def test_a_deleted_project_takes_everything_along(
    hub: Any, user: Any, new_task: Callable[..., Any]
) -> None:
    project = _project(user)
    one, two = (new_task(user, labels=[], project_id=project["id"]) for _ in range(2))
    other = new_task(user)
    [label, _] = user("GET", f"labels?project_id={project['id']}").json["results"]
    shape = {"label_id": label["id"], "frame": 0, "type": "rectangle", "points": [0, 0, 1, 1]}
    assert user("PUT", f"tasks/{one['id']}/annotations", {"shapes": [shape]}).status == 200
    folders = [hub.settings.data_dir / "data" / str(task["data"]) for task in (one, two)]
    assert all(folder.is_dir() for folder in folders)
    assert user("DELETE", f"projects/{project['id']}").status == 204
    assert not any(folder.exists() for folder in folders)
    for path in (
        f"projects/{project['id']}",
        f"tasks/{one['id']}",
        f"tasks/{one['id']}/annotations",
        f"labels/{label['id']}",
    ):
        assert user("GET", path).status == 404
    assert [task["id"] for task in user("GET", "tasks").json["results"]] == [other["id"]]


def test_the_preview_is_of_the_first_task_that_one_may_see(
    hub: Any, user: Any, new_task: Callable[..., Any], photo: Callable[..., bytes]
) -> None:
    project = _project(user)
    user("POST", "tasks", {"name": "no pixels", "project_id": project["id"]})
    other = hub.new_user()
    for shade in (250, 10):
        task = user("POST", "tasks", {"name": "x", "project_id": project["id"]}).json
        user.upload(task["id"], {"a.jpg": photo(shade)})
    assert other("GET", f"projects/{project['id']}/preview").status == 404
    user("PATCH", f"tasks/{task['id']}", {"assignee_id": other.user_id})
    for person, shade in ((user, 250), (other, 10)):
        answer = person("GET", f"projects/{project['id']}/preview")
        red, *_ = PIL.Image.open(io.BytesIO(answer.body)).convert("RGB").getpixel((3, 3))
        assert abs(red - shade) < 9


def test_a_project_moves_with_its_tasks(hub: Any, user: Any) -> None:
    """The new owner is a member where the project goes; who merely works there doesn't move it."""
    organization, other = hub.new_organization(user), hub.new_user()
    hub.join(user, organization["slug"], other)
    project = _project(user)
    task = user("POST", "tasks", {"name": "x", "project_id": project["id"]}).json
    url = f"projects/{project['id']}"
    moved = {"organization_id": organization["id"], "owner_id": other.user_id}
    answer = user("PATCH", url, moved).json
    assert (answer["organization"], answer["owner"]["id"]) == tuple(moved.values())
    assert user("GET", f"tasks/{task['id']}").json["organization_id"] == organization["id"]
    assert other("PATCH", url, {"organization_id": organization["id"]}).status == 200
    foreign = hub.new_organization(hub.new_user())
    for sent, status in (
        ({"organization_id": foreign["id"]}, 404),
        ({"organization_id": 2**40}, 404),
        ({"owner_id": hub.new_user().user_id}, 400),
        ({"owner_id": None}, 400),
    ):
        assert other("PATCH", url, sent).status == status, sent
    assert other("PATCH", url, {"organization_id": None}).json["organization"] is None
    assert user("GET", url).status == 200  # at work: the task is still theirs
    assert user("PATCH", url, {"name": "x"}).status == 403


def test_an_assignee_is_a_member(hub: Any, user: Any) -> None:
    organization = hub.new_organization(user)
    member, invited, stranger = (hub.new_user() for _ in range(3))
    hub.join(user, organization["slug"], member)
    hub.invite(user, organization["slug"], invited)
    project = user("POST", f"projects?org={organization['slug']}", {"name": "x"}).json
    url = f"projects/{project['id']}"
    for person in (invited, stranger):
        answer = user("PATCH", url, {"assignee_id": person.user_id})
        assert list(answer.json) == ["assignee_id"]
        new = {"name": "x", "assignee_id": person.user_id}
        for kind in ("tasks", "projects"):
            assert user("POST", f"{kind}?org={organization['slug']}", new).status == 400
    assigned = user("PATCH", url, {"assignee_id": member.user_id}).json
    assert assigned["assignee"]["id"] == member.user_id
    assert assigned["assignee_updated_date"] is not None
    assert user("PATCH", url, {"assignee_id": None}).json["assignee"] is None
    personal = _project(user, assignee_id=stranger.user_id)
    assert stranger("PATCH", f"projects/{personal['id']}", {"name": "y"}).status == 200
    assert stranger("DELETE", f"projects/{personal['id']}").status == 403


def test_writers_of_a_project_and_its_tasks_never_wait_for_each_other_for_good(user: Any) -> None:
    """Changes, new tasks and deletions of the same project at once: each one is answered."""
    for _ in range(3):
        project = _project(user)
        spec = {"name": "x", "project_id": project["id"]}
        tasks = [user("POST", "tasks", spec).json["id"] for _ in range(3)]
        url, start = f"projects/{project['id']}", threading.Barrier(6)
        asked = [
            ("PATCH", url, {"labels": [{"name": "one more"}]}),
            ("PATCH", url, {"labels": [{"name": "another"}]}),
            ("DELETE", url, None),
            ("DELETE", f"tasks/{tasks[0]}", None),
            ("PATCH", f"tasks/{tasks[1]}", {"name": "y"}),
            ("POST", "tasks", spec),
        ]

        def ask(question: Any, start: threading.Barrier = start) -> Any:
            start.wait(30)
            return user(*question)

        with ThreadPoolExecutor(6) as threads:
            answers = list(threads.map(ask, asked))
        told = [answer.status for answer in answers]
        assert all(status in (200, 201, 204, 400, 404, 409) for status in told), told
        assert user("GET", url).status == 404
        assert user("GET", f"tasks?project_id={project['id']}").json["count"] == 0
