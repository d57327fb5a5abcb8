"""Annotations: what goes in comes out, and what breaks a rule changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_a_new_task_has_no_annotations(painted: Any) -> None:
    assert painted.read() == {"version": 0, "tags": [], "shapes": [], "tracks": []}


@pytest.mark.parametrize(
    "kind", ["rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "mask"]
)
def test_a_shape_comes_back_as_it_was_sent(painted: Any, kind: str) -> None:
    sent = painted.shape(type=kind, source="auto", score=0.25, group=3)
    answer = painted.create(shapes=[sent])
    assert answer.status == 200
    [shape] = painted.read()["shapes"]
    assert answer.json["shapes"] == [shape]
    assert sent.items() <= shape.items()
    assert (shape["occluded"], shape["outside"], shape["z_order"]) == (False, False, 0)


def test_what_was_left_out_has_its_default(painted: Any) -> None:
    painted.create(
        shapes=[painted.shape()], tags=[{"label_id": painted.labels["car"]["id"], "frame": 1}]
    )
    found = painted.read()
    [shape], [tag] = found["shapes"], found["tags"]
    for annotation in (shape, tag):
        assert (annotation["group"], annotation["source"]) == (None, "manual")
    assert (shape["attributes"], shape["elements"], shape["rotation"]) == ([], [], 0)
    assert "score" not in shape
    assert tag["attributes"] == [
        {"spec_id": painted.spec("model"), "value": "a"},
        {"spec_id": painted.spec("speed"), "value": "0"},
    ]


def test_a_skeleton_keeps_its_elements(painted: Any) -> None:
    assert painted.create(shapes=[painted.skeleton()]).status == 200
    [skeleton] = painted.read()["shapes"]
    assert skeleton["points"] == []
    assert [element["points"] for element in skeleton["elements"]] == [[1, 2], [1, 2]]
    ids = [skeleton["id"], *(element["id"] for element in skeleton["elements"])]
    assert len(set(ids)) == 3


def test_a_track_carries_its_values_from_frame_to_frame(painted: Any) -> None:
    speed, model = painted.spec("speed"), painted.spec("model")
    track = painted.track(attributes=[{"spec_id": model, "value": "b"}])
    track["shapes"][0]["attributes"] = [{"spec_id": speed, "value": "7"}]
    assert painted.create(tracks=[track]).status == 200
    [found] = painted.read()["tracks"]
    assert found["attributes"] == [{"spec_id": model, "value": "b"}]
    assert [shape["attributes"] for shape in found["shapes"]] == [
        [{"spec_id": speed, "value": "7"}]
    ] * 2
    assert [shape["outside"] for shape in found["shapes"]] == [False, True]


def test_a_track_of_a_skeleton_has_tracks_as_elements(painted: Any) -> None:
    person = painted.labels["person"]
    elements = [
        {
            "label_id": part["id"],
            "frame": 0,
            "shapes": [{"type": "points", "frame": 0, "points": [1, 2]}],
        }
        for part in person["sublabels"]
    ]
    track = {
        "label_id": person["id"],
        "frame": 0,
        "shapes": [{"type": "skeleton", "frame": 0}],
        "elements": elements,
    }
    assert painted.create(tracks=[track]).status == 200
    [found] = painted.read()["tracks"]
    assert [len(element["shapes"]) for element in found["elements"]] == [1, 1]


def test_put_replaces_everything(painted: Any) -> None:
    painted.create(shapes=[painted.shape()], tracks=[painted.track()])
    answer = painted.client("PUT", painted.path, {"shapes": [painted.shape(frame=3)]})
    assert answer.status == 200
    found = painted.read()
    assert [shape["frame"] for shape in found["shapes"]] == [3]
    assert found["tracks"] == []


def test_an_update_keeps_the_ids(painted: Any) -> None:
    painted.create(shapes=[painted.shape(), painted.skeleton()], tracks=[painted.track()])
    before = painted.read()
    changed = {kind: before[kind] for kind in ("shapes", "tracks")}
    changed["shapes"][0] |= {"points": [0, 0, 9, 9], "frame": 2}
    answer = painted.update(**changed)
    assert answer.status == 200
    for annotation in [*changed["shapes"], *changed["tracks"]]:
        annotation["revision"] = 2
    assert answer.json == before
    before["shapes"].reverse()  # by frames
    assert painted.read() == before


def test_an_update_of_something_unknown_changes_nothing(painted: Any) -> None:
    painted.create(shapes=[painted.shape()])
    before = painted.read()
    known = before["shapes"][0]
    moved = known | {"points": [5, 5, 6, 6]}
    for wrong in (
        [moved, known | {"id": known["id"] + 1000}],
        [moved, painted.shape()],
        [moved, moved],
    ):
        answer = painted.client("PATCH", f"{painted.path}?action=update", {"shapes": wrong})
        assert answer.status == 400
    tag = {"tags": [{"id": known["id"], "label_id": painted.labels["car"]["id"], "frame": 0}]}
    assert painted.client("PATCH", f"{painted.path}?action=update", tag).status == 400
    assert painted.read() == before


def test_delete_removes_what_it_names_and_no_more(painted: Any) -> None:
    painted.create(shapes=[painted.shape(), painted.shape(frame=1)], tracks=[painted.track()])
    before = painted.read()
    gone = {"shapes": [before["shapes"][0]], "tracks": [], "tags": []}
    for _ in range(2):
        answer = painted.client("PATCH", f"{painted.path}?action=delete", gone)
        assert (answer.status, answer.json["shapes"]) == (200, gone["shapes"])
    after = painted.read()
    assert after == before | {"shapes": before["shapes"][1:]}
    assert painted.client("DELETE", painted.path).status == 204
    assert painted.read()["tracks"] == []


def test_ids_are_never_given_again(painted: Any) -> None:
    first = painted.create(shapes=[painted.shape()]).json["shapes"][0]["id"]
    painted.client("DELETE", painted.path)
    assert painted.create(shapes=[painted.shape()]).json["shapes"][0]["id"] > first


def test_a_job_has_the_annotations_of_its_frames(painted: Any) -> None:
    url = f"jobs?task_id={painted.task['id']}&sort=id"
    first, second = (job["id"] for job in painted.client("GET", url).json["results"])
    painted.create(shapes=[painted.shape(frame=frame) for frame in range(4)])
    shapes = painted.client("GET", f"jobs/{second}/annotations/").json["shapes"]
    assert [shape["frame"] for shape in shapes] == [2, 3]
    beyond = {"shapes": [painted.shape(frame=0)]}
    assert painted.client("PUT", f"jobs/{second}/annotations", beyond).status == 400
    own = {"shapes": [painted.shape(frame=3)]}
    assert painted.client("PUT", f"jobs/{second}/annotations", own).status == 200
    assert [shape["frame"] for shape in painted.read()["shapes"]] == [0, 1, 3]
    assert painted.client("DELETE", f"jobs/{first}/annotations").status == 204
    assert [shape["frame"] for shape in painted.read()["shapes"]] == [3]


def test_every_change_moves_the_date_of_the_task(painted: Any) -> None:
    def date() -> str:
        return str(painted.client("GET", f"tasks/{painted.task['id']}").json["updated_date"])

    before = date()
    painted.create(shapes=[painted.shape()])
    after = date()
    assert after > before
    painted.client("DELETE", painted.path)
    assert date() > after


def test_a_task_without_data_takes_no_annotations(user: Any, new_task: Callable[..., Any]) -> None:
    task = new_task(user, frames=0)
    label = user("GET", f"labels?task_id={task['id']}").json["results"][0]
    tag = {"tags": [{"label_id": label["id"], "frame": 0}]}
    answer = user("PUT", f"tasks/{task['id']}/annotations", tag)
    assert "no frames yet" in answer.body.decode()
