"""Shapes are followed through a task in the background, and become tracks."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from cvat_hub.errors import BadRequest
from cvat_hub.functions.tracks import Asked

BOX = {"type": "rectangle", "points": [1, 2, 3, 4]}


@pytest.fixture
def function(user: Any, register: Callable[..., int]) -> int:
    return register(user, "tracker")


def ask(user: Any, function: int, task: Any, **more: Any) -> Any:
    shapes = [BOX | {"label_id": task["labels"]["car"]}]
    sent = {"function": function, "type": "track_task", "task": task["id"], "start_frame": 0}
    return user("POST", "functions/requests", sent | {"shapes": shapes} | more)


def key_frame(frame: int, **changes: Any) -> dict[str, Any]:
    rest = {"occluded": False, "outside": False, "attributes": []}
    return BOX | rest | {"frame": frame} | changes


def track(task: Any, *frames: Any, **changes: Any) -> dict[str, Any]:
    shapes = [key_frame(frame) if isinstance(frame, int) else frame for frame in frames]
    label = {"label_id": task["labels"]["car"], "frame": shapes[0]["frame"], "source": "auto"}
    return label | {"group": 0, "attributes": [], "elements": [], "shapes": shapes} | changes


def tracks_of(user: Any, task: Any) -> list[Any]:
    return list(user("GET", f"tasks/{task['id']}/annotations").json["tracks"])


def test_shapes_become_tracks(user: Any, task: Any, function: int, agent: Any) -> None:
    key = ask(user, function, task, stop_frame=2).json["id"]
    worker = agent(user, function)
    given = worker.acquire("batch", capabilities=["track_task"])
    assert given["ar_params"] == {
        "type": "track_task",
        "task": task["id"],
        "start_frame": 0,
        "stop_frame": 2,
        "shapes": [BOX | {"label_id": task["labels"]["car"]}],
    }
    assert worker.tell("update", key, progress=0.5) == 204
    found = track(task, 0, key_frame(1, points=[2, 2, 4, 4]), key_frame(2, outside=True))
    for _ in range(2):
        assert worker.tell("complete", key, tracks=[found]) == 204
    [made] = tracks_of(user, task)
    seen = [(shape["frame"], shape["points"], shape["outside"]) for shape in made["shapes"]]
    expected = [(0, [1, 2, 3, 4], False), (1, [2, 2, 4, 4], False), (2, [1, 2, 3, 4], True)]
    assert seen == expected
    assert (made["frame"], made["label_id"]) == (0, task["labels"]["car"])
    assert user("GET", f"functions/requests/{key}").json["status"] == "finished"


@pytest.mark.parametrize(
    ("capabilities", "gets"),
    [
        ({}, False),
        ({"capabilities": []}, False),
        ({"capabilities": ["other"]}, False),
        ({"capabilities": ["other", "track_task"]}, True),
    ],
)
def test_only_agents_that_know_this_type_get_it(
    user: Any, task: Any, function: int, agent: Any, capabilities: Any, gets: bool
) -> None:
    ask(user, function, task)
    given = agent(user, function).acquire("batch", **capabilities)
    assert (given is not None) == gets


def test_the_ui_asks_for_it_by_its_own_route(
    user: Any, task: Any, function: int, agent: Any
) -> None:
    worker = agent(user, function)
    worker.acquire("batch", capabilities=["track_task"])
    shapes = [BOX | {"label_id": task["labels"]["car"]}]
    # What else could a tracker do in the background?
    sent = {"function": str(function), "task": task["id"], "start_frame": 1, "shapes": shapes}
    assert user("POST", "lambda/requests", sent).status == 200
    given = worker.acquire("batch", capabilities=["track_task"])
    assert (given["ar_params"]["start_frame"], given["ar_params"]["stop_frame"]) == (1, 3)


def test_a_request_for_a_job_ends_with_the_job(
    user: Any, task: Any, function: int, agent: Any
) -> None:
    [first, second] = user("GET", f"jobs?task_id={task['id']}&sort=id").json["results"]
    worker = agent(user, function)
    key = ask(user, function, task, job=first["id"]).json["id"]
    given = worker.acquire("batch", capabilities=["track_task"])
    assert given["ar_params"]["stop_frame"] == 1
    # That the shape isn't followed any further is told on the frame after the last one.
    found = track(task, 0, 1, key_frame(2, outside=True))
    assert worker.tell("complete", key, tracks=[found]) == 204
    assert len(tracks_of(user, task)) == 1
    assert list(ask(user, function, task, job=second["id"]).json) == ["start_frame"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"start_frame": 4}, "start_frame"),
        ({"start_frame": None}, "start_frame"),
        ({"stop_frame": 4}, "stop_frame"),
        ({"start_frame": 2, "stop_frame": 1}, "stop_frame"),
        ({"shapes": []}, "shapes"),
        ({"shapes": [BOX]}, "shapes"),
        ({"shapes": [BOX | {"label_id": 2**31 - 1}]}, "shapes"),
        ({"shapes": [{"type": "ellipse", "points": [1, 2, 3, 4]}]}, "shapes"),
        ({"shapes": [{"type": "rectangle", "points": [1, 2, 3]}]}, "shapes"),
        ({"type": "track"}, "type"),
    ],
)
def test_what_makes_no_sense_is_not_queued(
    user: Any, task: Any, function: int, changes: Any, place: str
) -> None:
    shapes = [BOX | {"label_id": task["labels"]["car"]}]
    sent = {"function": function, "type": "track_task", "task": task["id"], "start_frame": 0}
    sent |= {"shapes": shapes} | changes
    answer = user("POST", "functions/requests", {k: v for k, v in sent.items() if v is not None})
    assert (answer.status, list(answer.json)) == (400, [place])


def test_tracks_that_break_a_rule_are_refused_and_nothing_is_written(
    user: Any, task: Any, function: int, agent: Any
) -> None:
    worker = agent(user, function)
    for sent in (
        {},
        {"tracks": [track(task, 0, 3)]},
        {"tracks": [track(task, 0), track(task, 0)]},
        {"tracks": [track(task, 0, shapes=[])]},
        {"tracks": [track(task, 0, key_frame(1, type="polygon", points=[1, 1, 2, 2, 3, 1]))]},
        {"tracks": [track(task, 0, label_id=task["labels"]["person"])]},
        {"tracks": 7},
        {"annotations": {"tracks": [track(task, 0)]}},
    ):
        key = ask(user, function, task, stop_frame=1).json["id"]
        assert worker.acquire("batch", capabilities=["track_task"])["ar_id"] == key
        assert worker.tell("complete", key, **sent) == 400, sent
        told = user("GET", f"functions/requests/{key}").json
        assert (told["status"], "refused" in told["exc_info"]) == ("failed", True)
    assert tracks_of(user, task) == []


def followed(kind: str, label: int, *frames: int, ends: int | None = None) -> Any:
    shapes = [SimpleNamespace(frame=frame, type=kind, outside=False) for frame in frames]
    if ends is not None:
        shapes.append(SimpleNamespace(frame=ends, type=kind, outside=True))
    return SimpleNamespace(label_id=label, shapes=shapes)


RECTANGLE, POINTS = ("rectangle", 1), ("points", 2)


@pytest.mark.parametrize(
    "tracks",
    [
        [],
        [followed(*RECTANGLE, 2, 5)],
        [followed(*RECTANGLE, 2, 5, ends=6)],
        [followed(*RECTANGLE, 2), followed(*RECTANGLE, 3), followed(*POINTS, 2)],
    ],
)
def test_each_shape_may_become_a_track_on_the_frames_that_were_asked_for(tracks: Any) -> None:
    assert all(map(asked(), tracks))


@pytest.mark.parametrize(
    "tracks",
    [
        [followed(*RECTANGLE, 2)] * 3,
        [followed("rectangle", 2, 2)],
        [followed("points", 1, 2)],
        [followed(*RECTANGLE, 1)],
        [followed(*RECTANGLE, 2, 6)],
        [followed(*RECTANGLE, 2, ends=7)],
    ],
)
def test_other_tracks_are_refused(tracks: Any) -> None:
    with pytest.raises(BadRequest) as refused:
        list(map(asked(), tracks))
    assert list(refused.value.body) == ["tracks"]


def asked() -> Asked:
    shapes = [{"type": "rectangle", "label_id": 1}] * 2 + [{"type": "points", "label_id": 2}]
    return Asked({"start_frame": 2, "stop_frame": 5, "shapes": shapes})
