"""What an annotation UI calls: functions, and what they answer or why they don't."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from cvat_hub.settings import Settings

BOX = {"type": "rectangle", "points": [1.0, 2.0, 3.0, 4.0]}


@pytest.fixture
def function(user: Any, register: Callable[..., int]) -> int:
    return register(user)


def take(worker: Any, stream: Any, category: str = "interactive") -> Any:
    """Wait for a request."""
    while not (given := worker.acquire(category)):
        stream.event()
    return given


# Each kind of call: what the UI sends, what the agent is told and answers, what the UI reads.
CALLS = [
    (
        "detector",
        {"frame": 2, "threshold": 0.5, "mapping": {"car": {"name": "car"}}},
        {
            "type": "annotate_frame",
            "frame": 2,
            "mapping": {"car": {"name": "car"}},
            "threshold": 0.5,
            "conv_mask_to_poly": False,
        },
        {"annotations": {"tags": [], "shapes": []}},
        {"version": 0, "tags": [], "shapes": [], "tracks": []},
    ),
    (
        "interactor",
        {"frame": 1, "pos_points": [[12, 8]], "neg_points": [], "roi": [10, 5, 30, 20]},
        {
            "type": "interact",
            "frame": 1,
            "pos_points": [[2.0, 3.0]],
            "neg_points": [],
            "obj_bbox": [],
            "roi": [10, 5, 30, 20],
        },
        {"shapes": [{"type": "mask", "points": [0, 4, 1, 1, 2, 2], "attributes": []}]},
        {"shapes": [{"type": "mask", "points": [0, 4, 11, 6, 12, 7], "attributes": []}]},
    ),
]


@pytest.mark.parametrize("path", ["lambda/functions/{}", "functions/{}/run"])
@pytest.mark.parametrize(("kind", "sent", "told", "answer", "read"), CALLS)
def test_a_call_is_answered_by_an_agent(
    user: Any,
    task: Any,
    register: Any,
    agent: Any,
    at_once: Any,
    kind: str,
    sent: Any,
    told: Any,
    answer: Any,
    read: Any,
    path: str,
) -> None:
    function = register(user, kind)
    worker = agent(user, function)
    worker.acquire()
    call = at_once(user, "POST", path.format(function), {"task": task["id"]} | sent)
    assert worker.work(lambda params: answer) == told | {"task": task["id"]}
    got = call.result(30)
    assert (got.status, got.json) == (200, read)


def test_what_is_found_on_a_frame_is_complete_and_not_written(
    user: Any, task: Any, function: int, agent: Any, at_once: Any
) -> None:
    worker = agent(user, function)
    worker.acquire()
    call = at_once(user, "POST", f"lambda/functions/{function}", {"task": task["id"], "frame": 2})
    shape = BOX | {"frame": 2, "label_id": task["labels"]["car"], "source": "auto"}
    worker.work(lambda params: {"annotations": {"shapes": [shape]}})
    [found] = call.result(30).json["shapes"]
    defaults = {"occluded": False, "outside": False, "z_order": 0, "rotation": 0.0}
    assert (shape | defaults).items() <= found.items()
    assert not found.get("id")
    assert user("GET", f"tasks/{task['id']}/annotations").json["shapes"] == []


def test_shapes_are_followed(user: Any, task: Any, register: Any, agent: Any, at_once: Any) -> None:
    function = register(user, "tracker")
    worker = agent(user, function)
    worker.acquire()
    path = f"lambda/functions/{function}"
    call = at_once(user, "POST", path, {"task": task["id"], "frame": 0, "shapes": [BOX]})
    told = worker.work(lambda params: {"states": ["mine"]})
    assert told == {"type": "init_tracking", "task": task["id"], "frame": 0, "shapes": [BOX]}
    begun = call.result(30).json
    assert list(begun) == ["states"]
    asked = {"task": task["id"], "frame": 1} | begun
    call = at_once(user, "POST", path, asked)
    told = worker.work(lambda params: {"states": params["states"], "shapes": [BOX]})
    assert told == {"type": "track", "task": task["id"], "frame": 1, "states": ["mine"]}
    got = call.result(30).json
    assert got["states"] == begun["states"]
    assert BOX.items() <= got["shapes"][0].items()


def test_another_agent_takes_over_and_the_ui_notices_nothing(
    settings: Settings, start: Any, new_task: Any, register: Any, agent: Any, at_once: Any
) -> None:
    with start(replace(settings, rebuild_seconds=2)) as hub:
        user = hub.new_user()
        task, function = new_task(user), register(user, "tracker")
        one, two = agent(user, function), agent(user, function)
        path, asked = f"lambda/functions/{function}", {"task": task["id"], "frame": 0}
        one.acquire()
        call = at_once(user, "POST", path, asked | {"shapes": [BOX]})
        one.work(lambda params: {"states": ["mine"]})
        begun = call.result(30).json
        two.acquire()
        call = at_once(user, "POST", path, asked | {"frame": 1} | begun)
        assert two.work(lambda params: {"states": ["new"]})["type"] == "init_tracking"
        told = two.work(lambda params: {"states": params["states"], "shapes": [None]})
        assert (told["type"], told["states"]) == ("track", ["new"])
        assert call.result(30).json == begun | {"shapes": [None]}


def test_a_tracking_state_of_somebody_else_is_unknown(
    hub: Any, user: Any, register: Any, new_task: Any, agent: Any, at_once: Any, photo: Any
) -> None:
    other = hub.new_user()
    slug = hub.new_organization(user, maintainer=other)["slug"]
    task = user("POST", f"tasks?org={slug}", {"name": "t", "labels": [{"name": "car"}]}).json
    user.upload(task["id"], {"a.jpg": photo()})
    function = register(user, "tracker", query=f"?org={slug}")
    worker = agent(user, function)
    worker.acquire()
    path, asked = f"lambda/functions/{function}", {"task": task["id"], "frame": 0}
    call = at_once(user, "POST", path, asked | {"shapes": [BOX]})
    worker.work(lambda params: {"states": ["mine"]})
    states = call.result(30).json
    for sender, sent in [(other, states), (user, {"states": ["mine"]}), (user, {"states": ["x"]})]:
        answer = sender("POST", path, asked | sent)
        assert (answer.status, "Tracking state" in answer.json["detail"]) == (404, True)
    another = new_task(user)
    assert user("POST", path, {"task": another["id"], "frame": 0} | states).status == 404


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("lambda/functions/{}", {"frame": 0}),
        ("functions/{}/run", {"frame": 0}),
        ("lambda/requests", {}),
    ],
)
def test_without_an_agent_a_call_fails_at_once_and_says_so(
    user: Any, task: Any, function: int, path: str, sent: Any
) -> None:
    asked = sent | {"task": task["id"], "function": function}
    answer = user("POST", path.format(function), asked)
    assert (answer.status, "No agent serves" in answer.json["detail"]) == (503, True)
    assert user("GET", "lambda/requests").json == []


def test_a_function_that_fails_tells_the_reason(
    user: Any, task: Any, function: int, agent: Any, at_once: Any
) -> None:
    worker = agent(user, function)
    with worker.watch() as stream:
        sent = {"task": task["id"], "frame": 0}
        call = at_once(user, "POST", f"lambda/functions/{function}", sent)
        given = take(worker, stream)
        assert worker.tell("fail", given["ar_id"], exc_info="out of luck") == 204
    got = call.result(30)
    assert (got.status, "out of luck" in got.json["detail"]) == (500, True)


def test_nobody_is_waited_for_longer_than_the_deadline(
    settings: Settings, start: Any, new_task: Any, register: Any, agent: Any
) -> None:
    with start(replace(settings, interactive_seconds=1)) as hub:
        user = hub.new_user()
        task, function = new_task(user), register(user)
        worker = agent(user, function)
        worker.acquire()
        answer = user("POST", f"lambda/functions/{function}", {"task": task["id"], "frame": 0})
        assert (answer.status, "within 1 seconds" in answer.json["detail"]) == (504, True)
        assert worker.acquire() is None


def test_the_request_of_who_hangs_up_is_canceled(
    user: Any, task: Any, function: int, agent: Any
) -> None:
    worker = agent(user, function)
    with worker.watch() as stream:
        address = urlsplit(user.address)
        with socket.create_connection((address.hostname, address.port), 30) as caller:
            caller.sendall(call_of(user, function, task))
            given = take(worker, stream)
        # A running agent notices by its next update.
        told = (worker.tell("update", given["ar_id"], progress=0.5) for _ in range(2000))
        assert 409 in told
        assert worker.tell("complete", given["ar_id"], annotations={}) == 409


def call_of(user: Any, function: int, task: Any) -> bytes:
    """Return a call as it goes over the wire."""
    body = b'{"task":%d,"frame":0}' % task["id"]
    lines = [f"POST /api/lambda/functions/{function} HTTP/1.1", "Host: x"]
    lines += [f"{name}: {value}" for name, value in user.headers.items()]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def test_who_may_not_see_a_task_gets_nothing_out_of_it(
    hub: Any, user: Any, task: Any, register: Any, agent: Any
) -> None:
    stranger = hub.new_user()
    function = register(stranger)
    agent(stranger, function).acquire()
    path, asked = f"lambda/functions/{function}", {"task": task["id"], "frame": 0}
    assert stranger("POST", path, asked).status == 404
    assert user("POST", path, asked).status == 404
    [job, _] = user("GET", f"jobs?task_id={task['id']}&sort=id").json["results"]
    assert stranger("POST", path, {"job": job["id"], "frame": 0}).status == 404


@pytest.mark.parametrize(
    ("kind", "sent", "place"),
    [
        ("detector", {"frame": 4}, "frame"),
        ("detector", {}, "frame"),
        ("detector", {"frame": 0, "type": "annotate_task"}, "type"),
        ("interactor", {"frame": 0, "obj_bbox": [[1, 1]]}, "obj_bbox"),
        ("tracker", {"frame": 0}, "shapes"),
        (
            "tracker",
            {"frame": 0, "shapes": [{"type": "ellipse", "points": [1, 2, 3, 4]}]},
            "shapes",
        ),
        ("tracker", {"frame": 0, "states": []}, "states"),
        ("tracker", {"frame": 0, "states": ["a", "a"]}, "states"),
        ("tracker", {"frame": 0, "states": [str(number) for number in range(33)]}, "states"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(
    user: Any, task: Any, register: Any, kind: str, sent: Any, place: str
) -> None:
    function = register(user, kind)
    answer = user("POST", f"lambda/functions/{function}", {"task": task["id"]} | sent)
    assert (answer.status, list(answer.json)) == (400, [place])


def test_the_list_tells_what_a_ui_needs(hub: Any, register: Any) -> None:
    user = hub.new_user()
    ids = [register(user, kind) for kind in ("detector", "interactor", "tracker")]
    listed = user("GET", "lambda/functions").json
    detector, interactor, tracker = [one for one in listed if int(one["id"]) in ids]
    for one in (detector, interactor, tracker):
        assert one["provider"] == "native"
        assert one["owner"]["id"] == user.user_id
        assert user("GET", f"lambda/functions/{one['id']}").json == one
    assert [label["name"] for label in detector["labels_v2"]] == ["car", "person"]
    assert interactor["version"] >= 2
    assert (interactor["min_pos_points"], interactor["min_neg_points"]) == (1, -1)
    assert tracker["supported_shape_types"] == ["rectangle", "polygon"]
    assert user("HEAD", "lambda/functions").status == 200
    strangers = hub.new_user()("GET", "lambda/functions").json
    assert not {str(number) for number in ids} & {one["id"] for one in strangers}


@pytest.mark.parametrize("name", ["nope", "2147483647", "0", "99999999999"])
def test_a_function_that_is_not_there_is_not_found(user: Any, task: Any, name: str) -> None:
    assert user("GET", f"lambda/functions/{name}").status == 404
    assert user("POST", f"lambda/functions/{name}", {"task": task["id"]}).status == 404
    asked = {"task": task["id"], "function": name}
    assert user("POST", "lambda/requests", asked).status == 404


def test_the_list_tells_how_a_function_is_served(
    user: Any, task: Any, function: int, agent: Any, at_once: Any
) -> None:
    def figures() -> Any:
        told = user("GET", f"lambda/functions/{function}").json["figures"]
        assert user("GET", f"functions/{function}").json["figures"].keys() == told.keys()
        return told

    idle = {"agents": 0, "watching": 0, "last_seen": None, "seconds": {}}
    assert figures() == idle | {"queued": {"interactive": 0, "batch": 0}}
    worker = agent(user, function)
    with worker.watch() as stream:
        stream.line()
        assert (figures()["agents"], figures()["watching"]) == (1, 1)
        user("POST", "lambda/requests", {"function": str(function), "task": task["id"]})
        assert figures()["queued"] == {"interactive": 0, "batch": 1}
        sent = {"task": task["id"], "frame": 0}
        call = at_once(user, "POST", f"lambda/functions/{function}", sent)
        given = take(worker, stream)
        assert worker.tell("complete", given["ar_id"], annotations={}) == 204
        assert call.result(30).status == 200
    told = figures()
    assert told["last_seen"]
    assert list(told["seconds"]) == ["p50", "p90", "p99"]


def test_a_request_in_the_background_is_told_as_the_ui_knows_it(
    hub: Any, user: Any, task: Any, function: int, agent: Any
) -> None:
    worker = agent(user, function)
    worker.acquire("batch")
    asked = {"function": str(function), "task": task["id"], "threshold": 0.4, "cleanup": True}
    answer = user("POST", "lambda/requests", asked)
    assert answer.status == 200
    made = answer.json
    assert made["function"] == {"id": str(function), "task": task["id"], "threshold": 0.4}
    assert (made["status"], made["exc_info"], made["ended"]) == ("queued", None, None)
    path = f"lambda/requests/{made['id']}"
    assert user("GET", path).json == made
    assert user("GET", "lambda/requests").json == [made]
    again = user("POST", "lambda/requests", asked)
    assert (again.status, list(again.json)) == (409, ["detail"])
    given = worker.acquire("batch")
    worker.tell("update", given["ar_id"], progress=0.5)
    assert user("GET", path).json["progress"] == 50
    stranger = hub.new_user()
    assert stranger("GET", "lambda/requests").json == []
    assert [stranger(method, path).status for method in ("GET", "DELETE")] == [404, 404]
    assert hub.new_user(is_admin=True)("GET", path).status == 200
    assert user("DELETE", path).status == 204
    assert user("GET", path).json["status"] == "canceled"
    assert worker.tell("update", given["ar_id"], progress=0.6) == 409
    assert user("DELETE", path).status == 204
