"""A request in the background, from the asker to the agent and into the task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def function(user: Any, register: Callable[..., int]) -> int:
    return register(user)


def ask(user: Any, function: int, task: Any, **more: Any) -> Any:
    sent = {"function": function, "type": "annotate_task", "task": task["id"]} | more
    return user("POST", "functions/requests", sent)


def shape(task: Any, **changes: Any) -> dict[str, Any]:
    points = {"type": "rectangle", "points": [1, 2, 10, 12], "frame": 0}
    return points | {"label_id": task["labels"]["car"], "source": "auto"} | changes


def found(*shapes: Any) -> dict[str, Any]:
    return {"annotations": {"tags": [], "shapes": list(shapes)}}


def shapes_of(user: Any, task: Any) -> list[Any]:
    answer = user("GET", f"tasks/{task['id']}/annotations")
    return list(answer.json["shapes"])


def test_what_an_agent_finds_is_in_the_task_when_the_request_is_finished(
    user: Any, task: Any, function: int, agent: Any
) -> None:
    asked = ask(user, function, task, threshold=0.5)
    assert (asked.status, asked.json["status"], asked.json["progress"]) == (201, "queued", 0)
    worker = agent(user, function)
    given = worker.acquire("batch")
    assert given["function_id"] == function
    assert given["ar_params"] == {
        "type": "annotate_task",
        "task": task["id"],
        "mapping": {"car": {"name": "car"}, "person": {"name": "person"}},
        "threshold": 0.5,
        "conv_mask_to_poly": False,
        "cleanup": False,
    }
    key = given["ar_id"]
    assert key == asked.json["id"]
    assert worker.tell("update", key, progress=0.25) == 204
    seen = user("GET", f"functions/requests/{key}").json
    assert (seen["status"], seen["progress"]) == ("started", 25)
    assert shapes_of(user, task) == []
    assert worker.tell("complete", key, **found(shape(task), shape(task, frame=3))) == 204
    assert [one["frame"] for one in shapes_of(user, task)] == [0, 3]
    seen = user("GET", f"functions/requests/{key}").json
    assert (seen["status"], seen["progress"], seen["exc_info"]) == ("finished", 100, "")
    assert seen["function"] == {"id": function, "task": task["id"]}
    assert worker.acquire("batch") is None


def test_a_repeated_answer_is_acknowledged_and_changes_nothing(
    user: Any, task: Any, function: int, agent: Any
) -> None:
    ask(user, function, task)
    worker = agent(user, function)
    key = worker.acquire("batch")["ar_id"]
    for _ in range(2):
        assert worker.tell("complete", key, **found(shape(task))) == 204
    assert len(shapes_of(user, task)) == 1
    assert worker.tell("fail", key, exc_info="late") == 409
    assert agent(user, function).tell("complete", key, **found(shape(task))) == 409
    assert user("GET", f"functions/requests/{key}").json["status"] == "finished"


def test_an_agent_that_comes_again_gets_the_same_request(
    user: Any, task: Any, function: int, agent: Any
) -> None:
    ask(user, function, task)
    worker = agent(user, function)
    assert worker.acquire("batch") == worker.acquire("batch")
    assert worker.acquire("interactive") is None
    assert agent(user, function).acquire("batch") is None


def test_a_task_has_one_request_at_a_time(
    user: Any, task: Any, function: int, register: Any
) -> None:
    assert ask(user, function, task).status == 201
    again = ask(user, register(user), task)
    assert again.status == 409
    [request] = user("GET", "functions/requests").json
    assert user("DELETE", f"functions/requests/{request['id']}").status == 204
    assert ask(user, function, task).status == 201


@pytest.mark.parametrize("started", [False, True])
def test_a_canceled_request_stays_so_and_its_agent_notices(
    user: Any, task: Any, function: int, agent: Any, started: bool
) -> None:
    key = ask(user, function, task).json["id"]
    worker = agent(user, function)
    if started:
        assert worker.acquire("batch")["ar_id"] == key
    assert user("DELETE", f"functions/requests/{key}").status == 204
    assert user("GET", f"functions/requests/{key}").json["status"] == "canceled"
    assert worker.acquire("batch") is None
    for word, sent in (
        ("update", {"progress": 0.5}),
        ("complete", found(shape(task))),
        ("fail", {}),
        ("release", {}),
    ):
        assert worker.tell(word, key, **sent) == 409, word
    assert shapes_of(user, task) == []


def test_a_failure_is_told_with_its_reason(user: Any, task: Any, function: int, agent: Any) -> None:
    key = ask(user, function, task).json["id"]
    worker = agent(user, function)
    worker.acquire("batch")
    for _ in range(2):
        assert worker.tell("fail", key, exc_info="out of memory") == 204
    seen = user("GET", f"functions/requests/{key}").json
    assert (seen["status"], seen["exc_info"]) == ("failed", "out of memory")
    assert worker.tell("complete", key, **found(shape(task))) == 409
    assert shapes_of(user, task) == []


@pytest.mark.parametrize(
    "wrong", [{"label_id": 2**30}, {"frame": 4}, {"points": [1, 2, 3]}, {"type": "circle"}]
)
def test_a_wrong_answer_fails_the_request_and_writes_nothing(
    user: Any, task: Any, function: int, agent: Any, wrong: Any
) -> None:
    key = ask(user, function, task, cleanup=True).json["id"]
    user("PATCH", f"tasks/{task['id']}/annotations?action=create", {"shapes": [shape(task)]})
    worker = agent(user, function)
    worker.acquire("batch")
    sent = found(shape(task), shape(task, **wrong))
    assert worker.tell("complete", key, **sent) == 400
    seen = user("GET", f"functions/requests/{key}").json
    assert seen["status"] == "failed"
    assert seen["exc_info"].startswith("The result was refused: ")
    assert len(shapes_of(user, task)) == 1


@pytest.mark.parametrize(("cleanup", "frames"), [(False, [0, 1, 2]), (True, [2])])
def test_cleanup_replaces_what_is_there_when_the_result_comes(
    user: Any, task: Any, function: int, agent: Any, cleanup: bool, frames: list[int]
) -> None:
    there = {"shapes": [shape(task), shape(task, frame=1)]}
    user("PATCH", f"tasks/{task['id']}/annotations?action=create", there)
    key = ask(user, function, task, cleanup=cleanup).json["id"]
    worker = agent(user, function)
    worker.acquire("batch")
    worker.tell("complete", key, **found(shape(task, frame=2)))
    assert [one["frame"] for one in shapes_of(user, task)] == frames


def test_a_request_for_a_job_touches_its_frames_only(
    user: Any, task: Any, function: int, agent: Any
) -> None:
    [_, second] = user("GET", f"jobs?task_id={task['id']}&sort=id").json["results"]
    there = {"shapes": [shape(task, frame=number, z_order=1) for number in range(4)]}
    user("PATCH", f"tasks/{task['id']}/annotations?action=create", there)
    key = ask(user, function, task, job=second["id"], cleanup=True).json["id"]
    worker = agent(user, function)
    assert worker.acquire("batch")["ar_params"]["job"] == second["id"]
    worker.tell("complete", key, **found(*(shape(task, frame=number) for number in range(4))))
    seen = [(one["frame"], one["z_order"]) for one in shapes_of(user, task)]
    assert seen == [(0, 1), (1, 1), (2, 0), (3, 0)]


def test_what_is_found_in_a_part_of_the_images_is_moved_to_its_place(
    user: Any, task: Any, function: int, agent: Any
) -> None:
    assert ask(user, function, task, roi=[0, 0, 33, 10]).status == 400
    key = ask(user, function, task, roi=[10, 5, 30, 20]).json["id"]
    worker = agent(user, function)
    assert worker.acquire("batch")["ar_params"]["roi"] == [10, 5, 30, 20]
    mask = shape(task, type="mask", points=[0, 4, 1, 1, 2, 2])
    worker.tell("complete", key, **found(shape(task, points=[0, 0, 5, 6]), mask))
    points = [one["points"] for one in shapes_of(user, task)]
    assert points == [[10, 5, 15, 11], [0, 4, 11, 6, 12, 7]]


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({"function": 2**31 - 1}, 404, "detail"),
        ({"function": "no"}, 404, "detail"),
        ({"task": 2**31 - 1}, 404, "detail"),
        ({"task": None}, 400, "task"),
        ({"type": "annotate_frame"}, 400, "type"),
        ({"threshold": 2}, 400, "threshold"),
        ({"mapping": {"cat": {"name": "car"}}}, 400, "mapping"),
        ({"mapping": {"car": {"name": "cat"}}}, 400, "mapping"),
        ({"roi": [5, 5, 5, 9]}, 400, "roi"),
    ],
)
def test_what_makes_no_sense_is_not_queued(
    user: Any, task: Any, function: int, changes: Any, status: int, word: str
) -> None:
    sent = {"function": function, "task": task["id"], "type": "annotate_task"} | changes
    answer = user("POST", "functions/requests", {k: v for k, v in sent.items() if v is not None})
    assert (answer.status, list(answer.json)) == (status, [word])
    assert user("GET", "functions/requests").json == []


def test_who_may_only_read_a_task_gets_nothing_written(
    hub: Any, user: Any, task: Any, register: Any
) -> None:
    reader = hub.new_user()
    [job, _] = user("GET", f"jobs?task_id={task['id']}&sort=id").json["results"]
    function = register(reader)
    assert ask(reader, function, task).status == 404
    user("PATCH", f"jobs/{job['id']}", {"assignee": reader.user_id})
    assert ask(reader, function, task).status == 403
    assert ask(reader, function, task, job=job["id"]).status == 201


def test_an_agent_sees_a_task_while_it_works_on_it_only(
    hub: Any, user: Any, task: Any, register: Any, agent: Any
) -> None:
    owner, stranger = hub.new_user(is_admin=True), hub.new_user()
    function = register(owner, visibility="public")
    key = ask(user, function, task).json["id"]
    assert (
        stranger(
            "POST",
            f"functions/queues/function:{function}/requests/acquire",
            {"agent_id": "a", "request_category": "batch"},
        ).status
        == 403
    )
    slug = hub.new_organization(hub.new_user(), maintainer=(served := hub.new_user()))["slug"]
    function = register(served, query=f"?org={slug}")
    user("DELETE", f"functions/requests/{key}")
    hub.join(hub.log_in(served.user_id), slug, user)
    key = ask(user, function, task).json["id"]
    paths = [
        f"tasks/{task['id']}",
        f"labels?task_id={task['id']}&org=",
        f"tasks/{task['id']}/data/meta",
        f"tasks/{task['id']}/annotations",
        f"tasks/{task['id']}/data?type=frame&number=0",
    ]
    worker = agent(served, function)
    assert [served("GET", path).status for path in paths] == [404] * 5
    assert worker.acquire("batch")["ar_id"] == key
    assert [served("GET", path).status for path in paths] == [200] * 5
    assert served("DELETE", f"tasks/{task['id']}/annotations").status == 403
    assert worker.tell("complete", key, **found(shape(task))) == 204
    assert [served("GET", path).status for path in paths] == [404] * 5
    assert len(shapes_of(user, task)) == 1


def test_a_released_request_is_given_out_at_once_and_does_not_count(
    user: Any, task: Any, function: int, agent: Any
) -> None:
    key = ask(user, function, task).json["id"]
    for _ in range(5):
        worker = agent(user, function)
        assert worker.acquire("batch")["ar_id"] == key
        assert worker.tell("release", key) == 204
        assert worker.tell("update", key, progress=0.1) == 409
    assert user("GET", f"functions/requests/{key}").json["status"] == "queued"


def test_a_removed_function_takes_its_requests_along(
    user: Any, task: Any, function: int, agent: Any, register: Any
) -> None:
    key = ask(user, function, task).json["id"]
    worker = agent(user, function)
    with worker.watch() as stream:
        assert stream.event() == {"request_category": "batch"}
        assert user("DELETE", f"functions/{function}").status == 204
        with pytest.raises(StopIteration):
            stream.event()
    assert user("GET", f"functions/requests/{key}").status == 404
    sent = {"agent_id": "a", "request_category": "batch"}
    assert user("POST", f"{worker.queue}/requests/acquire", sent).status == 404
    assert ask(user, register(user), task).status == 201


def test_results_of_many_shapes_are_written_at_once(
    user: Any, task: Any, function: int, agent: Any
) -> None:
    key = ask(user, function, task).json["id"]
    worker = agent(user, function)
    worker.acquire("batch")
    many = [shape(task, frame=number % 4) for number in range(3000)]
    assert worker.tell("complete", key, **found(*many)) == 204
    assert len(shapes_of(user, task)) == 3000
