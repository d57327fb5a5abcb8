"""Jobs: how a task is cut, who works on it, and how far it is."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

STAGES = ("annotation", "validation", "acceptance")
STATES = ("new", "in progress", "completed", "rejected")


def _jobs(client: Any, task: dict[str, Any]) -> list[dict[str, Any]]:
    return list(client("GET", f"jobs?task_id={task['id']}&sort=id").json["results"])


@pytest.mark.parametrize(
    ("fields", "frames"),
    [
        ({}, [(0, 6)]),
        ({"segment_size": 0}, [(0, 6)]),
        ({"segment_size": 3}, [(0, 2), (3, 5), (6, 6)]),
        ({"segment_size": 3, "overlap": 1}, [(0, 2), (2, 4), (4, 6)]),
        ({"segment_size": 3, "overlap": 99}, [(0, 2), (2, 4), (4, 6)]),
        ({"segment_size": 7, "overlap": 2}, [(0, 6)]),
        ({"segment_size": 2**31 - 1}, [(0, 6)]),
        ({"segment_size": 1}, [(number, number) for number in range(7)]),
    ],
)
def test_a_task_is_cut_into_jobs(
    user: Any,
    new_task: Callable[..., Any],
    fields: dict[str, int],
    frames: list[tuple[int, int]],
) -> None:
    task = new_task(user, frames=7, **fields)
    found = _jobs(user, task)
    assert [(job["start_frame"], job["stop_frame"]) for job in found] == frames
    assert {job["frame_count"] for job in found} == {last - first + 1 for first, last in frames}
    assert task["jobs"]["count"] == len(frames)


def test_every_state_follows_every_other(user: Any, new_task: Callable[..., Any]) -> None:
    [job] = _jobs(user, new_task(user, frames=1))
    assert (job["stage"], job["state"], job["assignee"]) == ("annotation", "new", None)
    for stage, state in itertools.product(STAGES, STATES):
        before = user("GET", f"jobs/{job['id']}").json
        now = user("PATCH", f"jobs/{job['id']}", {"stage": stage, "state": state}).json
        assert (now["stage"], now["state"]) == (stage, state)
        assert now["updated_date"] > before["updated_date"]
    for wrong in ({"stage": "x"}, {"state": ""}, {"state": None}, {"assignee": "x"}):
        assert user("PATCH", f"jobs/{job['id']}", wrong).status == 400


# The stages and states of two jobs, and what the task says: how far it is, and how many are done.
@pytest.mark.parametrize(
    ("jobs", "status", "counts"),
    [
        ([("annotation", "new"), ("annotation", "new")], "annotation", (0, 0)),
        ([("annotation", "completed"), ("validation", "new")], "annotation", (0, 1)),
        ([("acceptance", "completed"), ("annotation", "new")], "annotation", (1, 0)),
        ([("acceptance", "new"), ("acceptance", "completed")], "annotation", (1, 0)),
        ([("validation", "completed"), ("validation", "new")], "validation", (0, 2)),
        ([("acceptance", "completed"), ("validation", "new")], "validation", (1, 1)),
        ([("acceptance", "completed"), ("acceptance", "completed")], "completed", (2, 0)),
    ],
)
def test_a_task_is_as_far_as_its_jobs(
    user: Any,
    new_task: Callable[..., Any],
    jobs: list[tuple[str, str]],
    status: str,
    counts: tuple[int, int],
) -> None:
    task = new_task(user, frames=2, segment_size=1)
    for job, (stage, state) in zip(_jobs(user, task), jobs, strict=True):
        user("PATCH", f"jobs/{job['id']}", {"stage": stage, "state": state})
    found = user("GET", f"tasks/{task['id']}").json
    assert found["status"] == status
    assert (found["jobs"]["completed"], found["jobs"]["validation"]) == counts
    assert found["updated_date"] > task["updated_date"]
    assert user("GET", f"tasks?status={status}&id={task['id']}").json["count"] == 1
    other = "completed" if status != "completed" else "annotation"
    assert user("GET", f"tasks?status={other}&id={task['id']}").json["count"] == 0


def test_who_is_assigned_sees_the_task_and_annotates_the_job(
    hub: Any, user: Any, new_task: Callable[..., Any]
) -> None:
    task, other = new_task(user, frames=2, segment_size=1), hub.new_user()
    mine, not_mine = _jobs(user, task)
    url = f"jobs/{mine['id']}"
    assigned = user("PATCH", url, {"assignee": other.user_id}).json
    assert assigned["assignee"]["id"] == other.user_id
    assert assigned["assignee_updated_date"] is not None
    assert other("GET", "jobs").json["count"] == 2
    assert other("PUT", f"{url}/annotations", {}).status == 200
    assert other("PUT", f"jobs/{not_mine['id']}/annotations", {}).status == 403
    assert other("PATCH", url, {"state": "completed"}).status == 200
    assert other("PATCH", url, {"assignee": None}).status == 403
    for person in (user.user_id, None):
        assert user("PATCH", url, {"assignee": person}).status == 200
    assert other("GET", url).status == 404


def test_jobs_of_an_organization_are_for_its_members(
    hub: Any, user: Any, new_task: Callable[..., Any]
) -> None:
    organization, member, stranger = hub.new_organization(user), hub.new_user(), hub.new_user()
    number = hub.join(user, organization["slug"], member)
    task = new_task(user, frames=1)
    [job] = _jobs(user, task)
    url = f"jobs/{job['id']}"
    assert user("PATCH", url, {"assignee": stranger.user_id}).status == 200
    moved = user("PATCH", f"tasks/{task['id']}", {"organization_id": organization["id"]})
    assert moved.json["organization"] == organization["id"]
    assert stranger("GET", url).status == 404
    answer = user("PATCH", url, {"assignee": stranger.user_id})
    assert (answer.status, list(answer.json)) == (400, ["assignee"])
    assert user("PATCH", url, {"assignee": member.user_id}).status == 200
    assert member("GET", url).json["organization"] == organization["id"]
    assert user("DELETE", f"memberships/{number}").status == 204
    assert member("GET", url).status == 404


def test_writers_of_a_job_never_wait_for_each_other_for_good(
    user: Any, new_task: Callable[..., Any]
) -> None:
    """A job and its annotations are written at once, many times; all of it is done."""
    [job] = _jobs(user, new_task(user, frames=1))
    url = f"jobs/{job['id']}"
    asked = [("PATCH", url, {"state": "new"}), ("PUT", f"{url}/annotations", {})] * 20
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda question: user(*question), asked))
    assert {answer.status for answer in answers} == {200}
