"""Shapes are followed through a task of gray frames: what is sent, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation import BadFunctionError
from cvat_sdk.core.client import Client
from cvat_sdk.exceptions import SelectionError

ANNOTATIONS = "/api/tasks/5/annotations/"
LABELS = {
    "count": 1,
    "results": [
        {
            "id": 2,
            "name": "thing",
            "attributes": [
                {"id": 8, "name": "of all", "mutable": False, "input_type": "text", "values": []},
                {"id": 9, "name": "of one", "mutable": True, "input_type": "text", "values": []},
            ],
        }
    ],
}
VALUES = [{"spec_id": 8, "value": "a"}, {"spec_id": 9, "value": "b"}]
BOX = {"type": "rectangle", "label_id": 2, "points": [1.0, 2.0, 3.0, 4.0]}
SHAPES = [
    {**BOX, "id": 10, "frame": 1, "group": 3, "attributes": VALUES, "revision": 4},
    {**BOX, "id": 11, "frame": 1, "rotation": 30.0},
    {**BOX, "id": 12, "frame": 2},
    {"type": "points", "label_id": 2, "points": [1.0, 2.0], "id": 13, "frame": 1},
]
KEYS = [
    {"type": "rectangle", "frame": frame, "points": [frame, 0, 9, 9], "outside": outside}
    for frame, outside in ((0, False), (2, False), (4, False), (6, True))
]
TRACK = {"id": 20, "label_id": 2, "frame": 0, "shapes": KEYS, "attributes": VALUES[:1]}


class Follower:
    """Says that a shape's left edge is the index of the frame, and remembers what it is told."""

    spec = cvataa.TrackingFunctionSpec(supported_shape_types={"rectangle"})

    def __init__(self, gray: Callable[[Any], int], lost: frozenset[int] = frozenset()) -> None:
        self.gray = gray
        self.lost = lost
        self.looked_at: list[int] = []

    def init_tracking_state(self, context: Any, image: Any, shape: Any) -> list[float]:
        self.looked_at.append(self.gray(image))
        assert context.original_shape_type == shape.type
        return list(shape.points)

    def track(self, context: Any, image: Any, state: list[float]) -> Any:
        index = self.gray(image)
        self.looked_at.append(index)
        if index in self.lost:
            return None
        return cvataa.TrackableShape(type="rectangle", points=[index, *state[1:]])


class Stuck(Follower):
    def track(self, context: Any, image: Any, state: list[float]) -> Any:
        return cvataa.TrackableShape(type="points", points=[1, 2])


@pytest.fixture
def server(server: Any, gray_task: Any) -> Any:
    """A server with shapes and a track on task 5, which has eight frames; frame 3 is deleted."""
    gray_task(count=8, deleted=[3])
    there = {"version": 0, "tags": [], "shapes": SHAPES, "tracks": [TRACK]}
    server.handle("GET", ANNOTATIONS, lambda _: (200, there, {}))
    server.handle("PATCH", ANNOTATIONS, lambda _: (200, there, {}))
    server.handle("GET", "/api/labels", lambda _: (200, LABELS, {}))
    return server


def keys_of(track: dict[str, Any]) -> list[tuple[int, float, bool]]:
    return [(key["frame"], key["points"][0], key["outside"]) for key in track["shapes"]]


def test_shapes_become_tracks(client: Client, server: Any, gray: Any) -> None:
    function: Any = Follower(gray, lost=frozenset({5}))
    told = cvataa.track_task(client, 5, function, from_frame=1, to_frame=6)
    created, deleted = server.of("PATCH", ANNOTATIONS)
    assert (created.query["action"], deleted.query["action"]) == (["create"], ["delete"])
    [track] = created.json["tracks"]
    assert [track] == told
    assert keys_of(track) == [
        (1, 1, False),
        (2, 2, False),
        (4, 4, False),
        (5, 4, True),
        (6, 6, False),
        (7, 6, True),
    ]
    fields = {name: track[name] for name in ("label_id", "frame", "group", "source", "attributes")}
    assert fields == {
        "label_id": 2,
        "frame": 1,
        "group": 3,
        "source": "auto",
        "attributes": VALUES[:1],
    }
    assert track["shapes"][0]["attributes"] == VALUES[1:]
    assert [shape["id"] for shape in deleted.json["shapes"]] == [10]
    assert "revision" not in deleted.json["shapes"][0]


def test_only_the_frames_that_are_asked_for_are_looked_at(
    client: Client, server: Any, gray: Any
) -> None:
    function: Any = Follower(gray)
    cvataa.track_task(client, 5, function, from_frame=2, to_frame=5)
    assert function.looked_at == [2, 4, 5]
    cvataa.track_task(client, 5, function, from_frame=2)
    assert function.looked_at == [2, 4, 5, 2, 4, 5, 6, 7]


CHANGES: list[tuple[dict[str, Any], list[int], list[tuple[int, float, bool]]]] = [
    # It goes on from its last key frame, and what came after that one is replaced.
    (
        {},
        [4, 5, 6, 7],
        [(0, 0, False), (2, 2, False), (4, 4, False), (5, 5, False), (6, 6, False), (7, 7, False)],
    ),
    # Key frames that are not looked at stay.
    (
        {"from_frame": 1, "to_frame": 2},
        [0, 1, 2],
        [(0, 0, False), (1, 1, False), (2, 2, False), (4, 4, False), (6, 6, True)],
    ),
]


@pytest.mark.parametrize(("chosen", "looked_at", "keys"), CHANGES)
def test_a_track_is_gone_on_with(
    client: Client,
    server: Any,
    gray: Any,
    chosen: dict[str, Any],
    looked_at: list[int],
    keys: list[tuple[int, float, bool]],
) -> None:
    function: Any = Follower(gray)
    cvataa.track_task(client, 5, function, track_id=20, **chosen)
    [sent] = server.of("PATCH", ANNOTATIONS)
    [track] = sent.json["tracks"]
    assert sent.query["action"] == ["update"]
    assert function.looked_at == looked_at
    assert keys_of(track) == keys
    assert {name: track[name] for name in ("id", "label_id", "attributes")} == {
        "id": 20,
        "label_id": 2,
        "attributes": VALUES[:1],
    }


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "from_frame is needed"),
    ({"from_frame": 9}, "frame 9 has no shapes of types"),
    ({"from_frame": 1, "shapes": [12]}, r"frame 1 has no shapes \[12\]"),
    ({"from_frame": 1, "shapes": [11]}, "shape 11 is rotated"),
    ({"from_frame": 1, "shapes": [13]}, "shape 13 is a points; the function follows rectangle"),
    ({"from_frame": 1, "to_frame": 1}, "to_frame must be from 2 to 7, got 1"),
    ({"from_frame": 1, "to_frame": 8}, "to_frame must be from 2 to 7, got 8"),
    ({"track_id": 21}, "the task has no track 21"),
    ({"track_id": 20, "from_frame": 7}, "track 20 has no shape on frame 7"),
    ({"track_id": 20, "shapes": [10]}, "not both"),
]


@pytest.mark.parametrize(("chosen", "message"), BAD)
def test_what_is_not_there_cannot_be_followed(
    client: Client, server: Any, gray: Any, chosen: dict[str, Any], message: str
) -> None:
    function: Any = Follower(gray)
    with pytest.raises(SelectionError, match=message):
        cvataa.track_task(client, 5, function, **chosen)
    assert not server.of("PATCH", ANNOTATIONS)


def test_a_function_that_breaks_its_protocol_leaves_the_task_as_it_was(
    client: Client, server: Any, gray: Any
) -> None:
    function: Any = Stuck(gray)
    with pytest.raises(BadFunctionError, match="of type 'points' for one of type 'rectangle'"):
        cvataa.track_task(client, 5, function, from_frame=1)
    assert not server.of("PATCH", ANNOTATIONS)
