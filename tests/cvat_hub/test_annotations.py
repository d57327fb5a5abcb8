"""Annotations: what goes in comes out, and what breaks a rule changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

POINTS = {
    "rectangle": [1, 2, 30.5, 40],
    "polygon": [1, 1, 5, 1, 5, 5],
    "polyline": [1, 1, 5, 1],
    "points": [3, 4],
    "ellipse": [10, 10, 14, 8],
    "cuboid": [float(number) for number in range(16)],
    "mask": [1, 3, 2, 0, 0, 2, 1],
}


@dataclass
class Painted:
    """A task, its labels by name, and somebody who may annotate it."""

    client: Any
    task: dict[str, Any]
    labels: dict[str, Any]

    @property
    def path(self) -> str:
        return f"tasks/{self.task['id']}/annotations"

    def read(self) -> Any:
        return self.client("GET", self.path).json

    def create(self, **items: Any) -> Any:
        return self.client("PATCH", f"{self.path}?action=create", items)

    def shape(self, **changes: Any) -> dict[str, Any]:
        plain = {"label_id": self.labels["plain"]["id"], "frame": 0}
        return plain | {"type": "rectangle", "points": POINTS["rectangle"]} | changes

    def skeleton(self, **changes: Any) -> dict[str, Any]:
        person = self.labels["person"]
        elements = [
            {"type": "points", "label_id": part["id"], "frame": 0, "points": [1, 2]}
            for part in person["sublabels"]
        ]
        skeleton = {"type": "skeleton", "label_id": person["id"], "frame": 0, "elements": elements}
        return skeleton | changes

    def track(self, **changes: Any) -> dict[str, Any]:
        key_frame = {"type": "rectangle", "points": POINTS["rectangle"]}
        shapes = [key_frame | {"frame": 0}, key_frame | {"frame": 2, "outside": True}]
        return {"label_id": self.labels["car"]["id"], "frame": 0, "shapes": shapes} | changes

    def spec(self, name: str) -> int:
        attributes = self.labels["car"]["attributes"]
        return next(spec["id"] for spec in attributes if spec["name"] == name)


def _painted(user: Any, new_task: Callable[..., Any]) -> Painted:
    task = new_task(user, segment_size=2)
    labels = user("GET", f"labels?task_id={task['id']}").json["results"]
    return Painted(user, task, {label["name"]: label for label in labels})


@pytest.fixture
def painted(user: Any, new_task: Callable[..., Any]) -> Painted:
    """A task of one's own."""
    return _painted(user, new_task)


@pytest.fixture(scope="module")
def shared(hub: Any, new_task: Callable[..., Any]) -> Painted:
    """A task for tests that leave it as it was."""
    return _painted(hub.new_user(), new_task)


def test_a_new_task_has_no_annotations(painted: Painted) -> None:
    assert painted.read() == {"version": 0, "tags": [], "shapes": [], "tracks": []}


@pytest.mark.parametrize("kind", POINTS)
def test_a_shape_comes_back_as_it_was_sent(painted: Painted, kind: str) -> None:
    sent = painted.shape(type=kind, points=POINTS[kind], source="auto", score=0.25, group=3)
    answer = painted.create(shapes=[sent])
    assert answer.status == 200
    [shape] = painted.read()["shapes"]
    assert answer.json["shapes"] == [shape]
    assert sent.items() <= shape.items()
    assert (shape["occluded"], shape["outside"], shape["z_order"]) == (False, False, 0)


def test_what_was_left_out_has_its_default(painted: Painted) -> None:
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


def test_a_skeleton_keeps_its_elements(painted: Painted) -> None:
    assert painted.create(shapes=[painted.skeleton()]).status == 200
    [skeleton] = painted.read()["shapes"]
    assert skeleton["points"] == []
    assert [element["points"] for element in skeleton["elements"]] == [[1, 2], [1, 2]]
    ids = [skeleton["id"], *(element["id"] for element in skeleton["elements"])]
    assert len(set(ids)) == 3


def test_a_track_carries_its_values_from_frame_to_frame(painted: Painted) -> None:
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


def test_a_track_of_a_skeleton_has_tracks_as_elements(painted: Painted) -> None:
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


def test_put_replaces_everything(painted: Painted) -> None:
    painted.create(shapes=[painted.shape()], tracks=[painted.track()])
    answer = painted.client("PUT", painted.path, {"shapes": [painted.shape(frame=3)]})
    assert answer.status == 200
    found = painted.read()
    assert [shape["frame"] for shape in found["shapes"]] == [3]
    assert found["tracks"] == []


def test_an_update_keeps_the_ids(painted: Painted) -> None:
    painted.create(shapes=[painted.shape(), painted.skeleton()], tracks=[painted.track()])
    before = painted.read()
    changed = {kind: before[kind] for kind in ("shapes", "tracks")}
    changed["shapes"][0] |= {"points": [0, 0, 9, 9], "frame": 2}
    answer = painted.client("PATCH", f"{painted.path}?action=update", changed)
    assert answer.status == 200
    assert painted.read() == answer.json == before


def test_an_update_of_something_unknown_changes_nothing(painted: Painted) -> None:
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


def test_delete_removes_what_it_names_and_no_more(painted: Painted) -> None:
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


def test_ids_are_never_given_again(painted: Painted) -> None:
    first = painted.create(shapes=[painted.shape()]).json["shapes"][0]["id"]
    painted.client("DELETE", painted.path)
    assert painted.create(shapes=[painted.shape()]).json["shapes"][0]["id"] > first


def test_a_job_has_the_annotations_of_its_frames(painted: Painted) -> None:
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


def test_every_change_moves_the_date_of_the_task(painted: Painted) -> None:
    def date() -> str:
        return str(painted.client("GET", f"tasks/{painted.task['id']}").json["updated_date"])

    before = date()
    painted.create(shapes=[painted.shape()])
    after = date()
    assert after > before
    painted.client("DELETE", painted.path)
    assert date() > after


BAD: dict[str, tuple[Callable[[Painted], Any], str]] = {
    "a label that nobody has": (
        lambda p: {"shapes": [p.shape(label_id=999999)]},
        "label_id `999999` is invalid",
    ),
    "a sublabel as a label": (
        lambda p: {"shapes": [p.shape(label_id=p.labels["person"]["sublabels"][0]["id"])]},
        "is invalid",
    ),
    "an attribute that nobody has": (
        lambda p: {"shapes": [p.shape(attributes=[{"spec_id": 99999, "value": "x"}])]},
        "spec_id `99999` is invalid",
    ),
    "the attribute of another label": (
        lambda p: {"shapes": [p.shape(attributes=[{"spec_id": p.spec("model"), "value": "a"}])]},
        "is invalid",
    ),
    "a value that is no choice": (
        lambda p: {"tags": [_car(p, {"spec_id": p.spec("model"), "value": "c"})]},
        "'c' is not a value of attribute 'model'",
    ),
    "a number out of its range": (
        lambda p: {"tags": [_car(p, {"spec_id": p.spec("speed"), "value": "10"})]},
        "'10' is not a value",
    ),
    "a value twice": (
        lambda p: {"tags": [_car(p, *[{"spec_id": p.spec("model"), "value": "a"}] * 2)]},
        "comes twice",
    ),
    "a value that is no string": (
        lambda p: {"tags": [_car(p, {"spec_id": p.spec("model"), "value": 1})]},
        "Expected `str`",
    ),
    "a frame beyond the end": (lambda p: {"shapes": [p.shape(frame=4)]}, "expected 0 to 3"),
    "a frame before the start": (lambda p: {"shapes": [p.shape(frame=-1)]}, "`int` >= 0"),
    "a frame that is no number": (lambda p: {"shapes": [p.shape(frame="0")]}, "`int`"),
    "a frame out of all bounds": (lambda p: {"shapes": [p.shape(frame=10**30)]}, "frame"),
    "no frame": (lambda p: {"shapes": [_without(p.shape(), "frame")]}, "required"),
    "no type": (lambda p: {"shapes": [_without(p.shape(), "type")]}, "required"),
    "no points": (lambda p: {"shapes": [_without(p.shape(), "points")]}, "invalid length"),
    "an unknown type": (lambda p: {"shapes": [p.shape(type="blob")]}, "blob"),
    "three numbers": (lambda p: {"shapes": [p.shape(points=[1, 2, 3])]}, "invalid length"),
    "two points for a polygon": (
        lambda p: {"shapes": [p.shape(type="polygon", points=[1, 2, 3, 4])]},
        "invalid length",
    ),
    "text as a number": (lambda p: {"shapes": [p.shape(points=["1", 2, 3, 4])]}, "`float`"),
    "null as a number": (lambda p: {"shapes": [p.shape(points=[None, 2, 3, 4])]}, "`float`"),
    "a mask that doesn't fill its box": (
        lambda p: {"shapes": [p.shape(type="mask", points=[1, 3, 0, 0, 2, 1])]},
        "mask",
    ),
    "a score above 1": (lambda p: {"shapes": [p.shape(score=1.5)]}, "<= 1"),
    "a rotation above 360": (lambda p: {"shapes": [p.shape(rotation=400)]}, "<= 360"),
    "a group out of bounds": (lambda p: {"shapes": [p.shape(group=2**40)]}, "group"),
    "an id out of bounds": (lambda p: {"shapes": [p.shape(id=2**70)]}, "id"),
    "a skeleton without its label": (
        lambda p: {"shapes": [p.shape(type="skeleton", points=[])]},
        "not a skeleton",
    ),
    "a skeleton with points": (
        lambda p: {"shapes": [p.skeleton(points=[1, 2])]},
        "skeleton needs elements",
    ),
    "elements of a rectangle": (
        lambda p: {"shapes": [p.shape(elements=p.skeleton()["elements"])]},
        "only skeletons",
    ),
    "an element twice": (
        lambda p: {"shapes": [p.skeleton(elements=p.skeleton()["elements"][:1] * 2)]},
        "comes twice",
    ),
    "an element of another label": (
        lambda p: {"shapes": [p.skeleton(elements=[p.shape(type="points", points=[1, 2])])]},
        "is invalid",
    ),
    "an element on another frame": (
        lambda p: {"shapes": [p.skeleton(frame=1)]},
        "expected that of the skeleton",
    ),
    "a track without shapes": (lambda p: {"tracks": [p.track(shapes=[])]}, "at least one shape"),
    "a track beyond the end": (
        lambda p: {"tracks": [p.track(shapes=[_key_frame(0), _key_frame(9)])]},
        "beyond the last frame",
    ),
    "two shapes of a track on a frame": (
        lambda p: {"tracks": [p.track(shapes=[_key_frame(1), _key_frame(1)])]},
        "already",
    ),
    "a track that changes its type": (
        lambda p: {
            "tracks": [p.track(shapes=[_key_frame(0), _key_frame(1, type="points", points=[1, 2])])]
        },
        "expected 'rectangle'",
    ),
    "a value of a track in the wrong place": (
        lambda p: {"tracks": [p.track(attributes=[{"spec_id": p.spec("speed"), "value": "1"}])]},
        "belongs to each shape",
    ),
    "a list of no objects": (lambda p: {"shapes": [1]}, "Expected `object`"),
    "no list": (lambda p: {"shapes": {}}, "`array`"),
    "no object": (lambda p: [1, 2], "`object`"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("action", ["create", "update", "PUT"])
def test_one_bad_item_refuses_the_whole_write(shared: Painted, case: str, action: str) -> None:
    make, reason = BAD[case]
    good = shared.create(shapes=[shared.shape()]).json["shapes"][0]
    body = make(shared)
    if isinstance(body, dict):
        moved = good | {"points": [0, 0, 1, 1]}
        body = {"tags": [], "tracks": []} | body
        body["shapes"] = [moved, *body.get("shapes", [])] if body.get("shapes") != {} else {}
    before = shared.read()
    if action == "PUT":
        answer = shared.client("PUT", shared.path, body)
    else:
        answer = shared.client("PATCH", f"{shared.path}?action={action}", body)
    assert answer.status == 400
    assert reason in answer.body.decode().replace('\\"', '"')
    assert shared.read() == before


@pytest.mark.parametrize("query", ["", "?action=", "?action=bogus"])
def test_an_unknown_action_is_refused(shared: Painted, query: str) -> None:
    answer = shared.client("PATCH", shared.path + query, {"shapes": []})
    assert answer.json == ["Please specify a correct 'action' for the request"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"shapes": [NaN]}', b"[" * 100_000])
def test_broken_json_is_refused(shared: Painted, body: bytes) -> None:
    for method in ("PUT", "PATCH"):
        path = f"{shared.path}?action=create"
        assert shared.client(method, path, body=body).status == 400


def test_an_infinite_number_is_refused(shared: Painted) -> None:
    shape = shared.shape(points=[1, 2, 3, 77])
    body = str({"shapes": [shape]}).replace("'", '"').replace("77", "1e999").encode()
    assert shared.client("PUT", shared.path, body=body).status == 400


def test_a_task_without_data_takes_no_annotations(user: Any, new_task: Callable[..., Any]) -> None:
    task = new_task(user, frames=0)
    label = user("GET", f"labels?task_id={task['id']}").json["results"][0]
    tag = {"tags": [{"label_id": label["id"], "frame": 0}]}
    answer = user("PUT", f"tasks/{task['id']}/annotations", tag)
    assert "no frames yet" in answer.body.decode()


def _car(painted: Painted, *attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        "label_id": painted.labels["car"]["id"],
        "frame": 0,
        "attributes": list(attributes),
    }


def _key_frame(frame: int, **changes: Any) -> dict[str, Any]:
    return {"type": "rectangle", "points": [1, 2, 3, 4], "frame": frame} | changes


def _without(item: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != name}
