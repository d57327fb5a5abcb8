"""`track_task` against a server in memory: what the function is asked, and what is written."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import PIL.Image
import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.core.client import Client
from cvat_sdk.exceptions import ApiException, BadFunctionError, SelectionError

ANNOTATIONS = "/api/tasks/5/annotations/"
LABELS = [
    {
        "id": 2,
        "name": "thing",
        "attributes": [
            {"id": 21, "name": "colour", "mutable": False, "input_type": "text", "values": []},
            {"id": 22, "name": "state", "mutable": True, "input_type": "text", "values": []},
        ],
    }
]


class Walker:
    """Says that shapes move to the right, by a pixel for each frame, and loses them on some."""

    spec = cvataa.TrackingFunctionSpec(supported_shape_types=["rectangle", "points"])

    def __init__(self, gray: Callable[[Any], int], lost: tuple[int, ...] = ()) -> None:
        self.gray = gray
        self.lost = lost
        self.calls: list[tuple[str, int, str]] = []

    def init_tracking_state(self, context: Any, image: Any, shape: Any) -> Any:
        frame = self.gray(image)
        self.calls.append(("init", frame, context.original_shape_type))
        return frame, shape

    def track(self, context: Any, image: Any, state: Any) -> Any:
        frame = self.gray(image)
        self.calls.append(("track", frame, context.original_shape_type))
        if frame in self.lost:
            return None
        begun, shape = state
        moved = [
            number + (frame - begun) * (index % 2 == 0) for index, number in enumerate(shape.points)
        ]
        return cvataa.TrackableShape(type=shape.type, points=moved)


class Preparing(Walker):
    """Has `preprocess_image`, and is given what that returns."""

    def preprocess_image(self, context: Any, image: Any) -> Any:
        self.calls.append(("prepare", self.gray(image), ""))
        return {"prepared": image}

    def init_tracking_state(self, context: Any, image: Any, shape: Any) -> Any:
        return super().init_tracking_state(context, image["prepared"], shape)

    def track(self, context: Any, image: Any, state: Any) -> Any:
        return super().track(context, image["prepared"], state)


def rectangle(id: int, frame: int, left: float = 1, **more: Any) -> dict[str, Any]:
    points = [left, 2, left + 10, 12]
    return {"id": id, "frame": frame, "label_id": 2, "type": "rectangle", "points": points, **more}


def key(frame: int, left: float, *, outside: bool = False, **more: Any) -> dict[str, Any]:
    points = [left, 2, left + 10, 12]
    return {"type": "rectangle", "frame": frame, "points": points, "outside": outside, **more}


def track(id: int, *shapes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": id, "label_id": 2, "frame": shapes[0]["frame"], "shapes": [*shapes], **more}


@pytest.fixture
def task(server: Any, gray_task: Any) -> Callable[..., Any]:
    """Put a task of eight frames on the server, with annotations, and have it take more."""

    def make(*shapes: Any, tracks: list[Any] | None = None, **options: Any) -> Any:
        made = gray_task(**options)
        there = {"version": 1, "tags": [], "shapes": [*shapes], "tracks": tracks or []}
        labels = {"count": 1, "results": LABELS}
        server.handle("GET", ANNOTATIONS, lambda _: (200, there, {}))
        server.handle("GET", "/api/labels", lambda _: (200, labels, {}))
        server.handle("PATCH", ANNOTATIONS, lambda _: (200, {"version": 2}, {}))
        return made

    return make


def written(server: Any) -> list[dict[str, Any]]:
    """Return the tracks of the only request that writes."""
    assert {sent.method for sent in server.sent} == {"GET", "PATCH"}
    [sent] = server.of("PATCH", ANNOTATIONS)
    assert set(sent.json) == {"tracks"}
    return list(sent.json["tracks"])


def keys(track: dict[str, Any]) -> list[tuple[int, float]]:
    """Return frame and left edge of each key frame; a negative frame if it is outside."""
    return [
        (-shape["frame"] if shape["outside"] else shape["frame"], shape["points"][0])
        for shape in track["shapes"]
    ]


def test_shapes_of_the_first_frame_become_tracks(
    client: Client, server: Any, task: Any, gray: Any
) -> None:
    values = [{"spec_id": 21, "value": "red"}, {"spec_id": 22, "value": "new"}]
    task(
        rectangle(1, 0, group=4, attributes=values, z_order=3, rotation=15, occluded=True),
        rectangle(2, 1),
        {"id": 3, "frame": 0, "label_id": 2, "type": "points", "points": [5, 5]},
        {"id": 4, "frame": 0, "label_id": 2, "type": "polygon", "points": [0, 0, 5, 0, 5, 5]},
    )
    report = cvataa.track_task(client, 5, Walker(gray))
    box, point = written(server)
    assert server.of("PATCH", ANNOTATIONS)[0].query["action"] == ["create"]
    assert (keys(box), keys(point)) == ([(0, 1), (7, 8)], [(0, 5), (7, 12)])
    assert {name: box[name] for name in ("label_id", "frame", "group", "source")} == {
        "label_id": 2,
        "frame": 0,
        "group": 4,
        "source": "auto",
    }
    assert box["attributes"] == values[:1]
    for shape in box["shapes"]:
        assert shape["attributes"] == values[1:]
        assert (shape["z_order"], shape["rotation"], shape["occluded"]) == (3, 15, True)
    assert (report.tracks, report.key_frames, report.lost, report.frames) == (2, 4, 0, 8)


def test_a_track_is_outside_where_the_shape_is_lost_and_after_the_last_frame(
    client: Client, server: Any, task: Any, gray: Any
) -> None:
    task(rectangle(1, 1))
    report = cvataa.track_task(client, 5, Walker(gray, lost=(3, 4)), from_frame=1, to_frame=6)
    [box] = written(server)
    assert keys(box) == [(1, 1), (2, 2), (-3, 2), (5, 5), (6, 6), (-7, 6)]
    assert report.lost == 0


def test_a_shape_that_is_lost_for_good_is_told(
    client: Client, server: Any, task: Any, gray: Any
) -> None:
    task(rectangle(1, 0), rectangle(2, 0))
    report = cvataa.track_task(client, 5, Walker(gray, lost=(6, 7)))
    assert [keys(one) for one in written(server)] == [[(0, 1), (5, 6), (-6, 6)]] * 2
    assert (report.lost, report.tracks) == (2, 2)


@pytest.mark.parametrize("kind", [Walker, Preparing])
def test_each_frame_is_seen_once_for_all_shapes(
    client: Client, server: Any, task: Any, gray: Any, kind: type[Walker]
) -> None:
    task(rectangle(1, 2), rectangle(2, 2), deleted=[3])
    function = kind(gray)
    cvataa.track_task(client, 5, function, from_frame=2, to_frame=4)
    asked = [call for call in function.calls if call[0] != "prepare"]
    of_both = [(name, frame, "rectangle") for name, frame in (("init", 2), ("track", 4))]
    assert asked == [call for call in of_both for _ in range(2)]
    if kind is Preparing:
        prepared = [frame for name, frame, _ in function.calls if name == "prepare"]
        assert prepared == [2, 4]


def test_chosen_shapes_are_followed_from_their_frame_on(
    client: Client, server: Any, task: Any, gray: Any
) -> None:
    task(rectangle(1, 3), rectangle(2, 3, left=7), rectangle(3, 0))
    cvataa.track_task(client, 5, Walker(gray), shape_ids=[2])
    assert [keys(one) for one in written(server)] == [[(3, 7), (7, 11)]]


def test_a_track_goes_on(client: Client, server: Any, task: Any, gray: Any) -> None:
    values = {22: "old", 23: "more"}
    told = [{"spec_id": spec_id, "value": value} for spec_id, value in values.items()]
    begun = [key(0, 0, attributes=told), key(2, 4, attributes=[{"spec_id": 22, "value": "new"}])]
    task(tracks=[track(9, *begun, key(5, 90), source="manual", group=3, revision=6)])
    cvataa.track_task(client, 5, Walker(gray), from_frame=2, track_ids=[9])
    [sent] = server.of("PATCH", ANNOTATIONS)
    assert sent.query["action"] == ["update"]
    [box] = written(server)
    assert keys(box) == [(0, 0), (2, 4), (7, 9)]
    assert {name: box[name] for name in ("id", "revision", "source", "group", "frame")} == {
        "id": 9,
        "revision": 6,
        "source": "manual",
        "group": 3,
        "frame": 0,
    }
    now = [{"spec_id": 22, "value": "new"}, {"spec_id": 23, "value": "more"}]
    assert [shape["attributes"] for shape in box["shapes"]] == [told, now, now]


@pytest.mark.parametrize(
    ("first", "last", "lost", "expected"),
    [
        # Between two key frames it begins where the track was; those after the last one stay.
        (1, 3, (), [(0, 0), (1, 2), (3, 4), (6, 60), (-7, 60)]),
        (2, 5, (4,), [(0, 0), (2, 4), (3, 5), (-4, 5), (5, 7), (6, 60), (-7, 60)]),
        (4, 5, (5,), [(0, 0), (2, 4), (4, 32), (-5, 32), (6, 60), (-7, 60)]),
        (6, 6, (), [(0, 0), (2, 4), (6, 60), (-7, 60)]),
    ],
)
def test_key_frames_of_a_track_outside_the_range_stay(
    client: Client,
    server: Any,
    task: Any,
    gray: Any,
    first: int,
    last: int,
    lost: tuple[int, ...],
    expected: list[tuple[int, float]],
) -> None:
    shapes = [key(0, 0), key(2, 4), key(6, 60), key(7, 60, outside=True)]
    task(tracks=[track(9, *shapes)])
    options = {"from_frame": first, "to_frame": last, "track_ids": [9]}
    cvataa.track_task(client, 5, Walker(gray, lost=lost), **options)
    assert [keys(one) for one in written(server)] == [expected]


class Standing(Walker):
    def track(self, context: Any, image: Any, state: Any) -> Any:
        return state[1]


def test_a_shape_that_stays_does_so_until_the_last_frame_and_then_goes_on(
    client: Client, server: Any, task: Any, gray: Any
) -> None:
    task(tracks=[track(9, key(0, 0), key(6, 60))])
    cvataa.track_task(client, 5, Standing(gray), to_frame=4, track_ids=[9])
    assert [keys(one) for one in written(server)] == [[(0, 0), (4, 0), (6, 60)]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"from_frame": 8}, "from_frame: frame 8 is not in the task, or is deleted"),
        ({"from_frame": 4}, "from_frame: frame 4 is not in the task, or is deleted"),
        ({"to_frame": 8}, "to_frame: expected a frame from 0 to 7, got 8"),
        ({"from_frame": 3, "to_frame": 2}, "to_frame: expected a frame from 3 to 7, got 2"),
        ({"from_frame": 1}, "frame 1 has no shape that the function follows .points, rectangle."),
        ({"shape_ids": [1, 99]}, "shape_ids: the task has no shape 99"),
        ({"shape_ids": [1], "from_frame": 2}, "shape 1 is on frame 0, not on 2"),
        ({"shape_ids": [1, 2]}, "shape_ids: they are on several frames, 0, 2"),
        ({"shape_ids": [3]}, "shape 3 is a polygon; the function follows points, rectangle"),
        ({"shape_ids": []}, "shape_ids: there is none"),
        ({"shape_ids": [1], "track_ids": [9]}, "give track_ids or shape_ids, not both"),
        ({"track_ids": [1]}, "track_ids: the task has no track 1"),
        ({"track_ids": [9]}, "track 9 is not there on frame 0; it has key frames on 2, 5"),
        ({"track_ids": [9], "from_frame": 6}, "track 9 is not there on frame 6"),
        ({"track_ids": [8]}, "track 8 is a polygon; the function follows points, rectangle"),
    ],
)
def test_what_cannot_be_followed_is_refused_before_a_pixel_is_fetched(
    client: Client, server: Any, task: Any, gray: Any, options: dict[str, Any], message: str
) -> None:
    polygon = {"type": "polygon", "points": [0, 0, 5, 0, 5, 5]}
    tracks = [
        track(9, key(2, 0), key(5, 0, outside=True)),
        track(8, {**key(0, 0), **polygon}),
    ]
    shapes = rectangle(1, 0), rectangle(2, 2), rectangle(3, 0) | polygon
    made = task(*shapes, tracks=tracks, deleted=[4])
    with pytest.raises(SelectionError, match=message):
        cvataa.track_task(client, 5, Walker(gray), **options)
    assert made.fetched == []
    assert server.of("PATCH", ANNOTATIONS) == []


def test_a_polygon_between_its_key_frames_is_not_guessed(
    client: Client, server: Any, task: Any, gray: Any
) -> None:
    polygon = {"type": "polygon", "points": [0, 0, 5, 0, 5, 5]}
    task(tracks=[track(8, {**key(0, 0), **polygon}, {**key(4, 0), **polygon})])
    function = Walker(gray)
    function.spec = cvataa.TrackingFunctionSpec(supported_shape_types=["polygon"])
    with pytest.raises(SelectionError, match=r"track 8: frame 2 is between .* at a key frame"):
        cvataa.track_task(client, 5, function, track_ids=[8], from_frame=2)


@pytest.mark.parametrize(("first", "is_refused"), [(0, False), (2, True), (4, False), (6, False)])
def test_a_track_that_turns_goes_on_from_its_key_frames(
    client: Client, server: Any, task: Any, gray: Any, first: int, is_refused: bool
) -> None:
    task(tracks=[track(9, key(0, 0, rotation=10), key(4, 0, rotation=20))])
    options = {"track_ids": [9], "from_frame": first}
    if is_refused:
        with pytest.raises(SelectionError, match="0 and 4, between which the shape turns; begin"):
            cvataa.track_task(client, 5, Walker(gray), **options)
    else:
        cvataa.track_task(client, 5, Walker(gray), **options)
        [box] = written(server)
        assert [shape["rotation"] for shape in box["shapes"] if shape["frame"] >= first] == [
            10 if first == 0 else 20
        ] * 2


class Reusing(Walker):
    """Returns the same shape each time, changed."""

    def track(self, context: Any, image: Any, state: Any) -> Any:
        _, shape = state
        shape.points[1] += 2 ** self.gray(image)
        return shape


def test_a_function_may_change_the_shape_that_it_returned(
    client: Client, server: Any, task: Any, gray: Any
) -> None:
    task(rectangle(1, 0), count=4)
    cvataa.track_task(client, 5, Reusing(gray))
    [box] = written(server)
    assert [shape["points"][1] for shape in box["shapes"]] == [2, 4, 8, 16]


class Liar(Walker):
    """Returns what it was made with instead of a shape, on frame 2."""

    def __init__(self, gray: Callable[[Any], int], answer: Any) -> None:
        super().__init__(gray)
        self.answer = answer

    def track(self, context: Any, image: Any, state: Any) -> Any:
        return self.answer if self.gray(image) == 2 else super().track(context, image, state)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (7, "expected TrackableShape, got 'int'"),
        (cvataa.TrackableShape(type="points", points=[1, 1]), "'points' for one of type 'rect"),
        (cvataa.TrackableShape(type="rectangle", points=[1, 1]), "a shape has bad points: a rect"),
        (cvataa.TrackableShape(type="rectangle", points=[1, 1, 2, float("nan")]), "not finite"),
        (cvataa.TrackableShape(type="blob", points=[1, 1]), "a shape has bad points: 'blob'"),
    ],
)
def test_a_function_that_breaks_a_rule_leaves_the_task_as_it_was(
    client: Client, server: Any, task: Any, gray: Any, caplog: Any, answer: Any, message: str
) -> None:
    task(rectangle(1, 0))
    with pytest.raises(BadFunctionError, match=message) as raised:
        cvataa.track_task(client, 5, Liar(gray, answer))
    assert raised.value.__notes__ == ["frame 2 ('p2.png'), shape 1"]
    assert server.of("PATCH", ANNOTATIONS) == []
    assert "ended early, at frame 2 of 0 to 7; the task is as it was" in caplog.text


class Detector:
    spec = cvataa.DetectionFunctionSpec(labels=[])


class Unfinished:
    spec = Walker.spec

    def track(self, context: Any, image: Any, state: Any) -> Any: ...


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (object(), "object has no spec; only tracking functions"),
        (Detector(), "a spec of type 'DetectionFunctionSpec'; only tracking functions"),
        (Unfinished(), "Unfinished has no method init_tracking_state()"),
    ],
)
def test_what_is_no_tracking_function_is_refused_at_once(
    client: Client, server: Any, function: Any, message: str
) -> None:
    with pytest.raises(BadFunctionError) as raised:
        cvataa.track_task(client, 5, function)
    assert message in str(raised.value)
    assert server.sent == []


def test_nothing_is_followed_to_images_of_another_size(
    client: Client, server: Any, task: Any, gray: Any
) -> None:
    task(rectangle(1, 0), count=3)
    meta = server.handler("GET", "/api/tasks/5/data/meta")

    def other(sent: Any) -> Any:
        status, body, headers = meta(sent)
        sizes = [(64, 48), (32, 48), (64, 48)]
        frames = [
            frame | {"width": width, "height": height}
            for frame, (width, height) in zip(body["frames"], sizes, strict=True)
        ]
        return status, body | {"frames": frames}, headers

    server.handle("GET", "/api/tasks/5/data/meta", other)
    function = Walker(gray)
    cvataa.track_task(client, 5, function)
    assert [keys(one) for one in written(server)] == [[(0, 1), (-1, 1), (2, 3)]]
    assert ("track", 1, "rectangle") not in function.calls


class Interrupted(Walker):
    def track(self, context: Any, image: Any, state: Any) -> Any:
        if self.gray(image) == 3:
            raise KeyboardInterrupt
        return super().track(context, image, state)


def test_an_interruption_says_what_happened(
    client: Client, server: Any, task: Any, gray: Any, caplog: Any
) -> None:
    task(rectangle(1, 0))
    with pytest.raises(KeyboardInterrupt):
        cvataa.track_task(client, 5, Interrupted(gray))
    assert server.of("PATCH", ANNOTATIONS) == []
    assert "task 5 has ended early, at frame 3 of 0 to 7; the task is as it was" in caplog.text


@pytest.mark.parametrize(
    ("status", "told"),
    [(409, "the task is as it was"), (500, "were being written: look whether they are there")],
)
def test_a_refusal_is_told_from_a_failure(
    client: Client, server: Any, task: Any, gray: Any, caplog: Any, status: int, told: str
) -> None:
    task(rectangle(1, 0))
    server.handle("PATCH", ANNOTATIONS, lambda _: (status, {"detail": "no"}, {}))
    with caplog.at_level(logging.WARNING), pytest.raises(ApiException):
        cvataa.track_task(client, 5, Walker(gray))
    assert told in caplog.text


def test_a_server_that_remembers_requests_is_sent_a_name_for_them(
    client: Client, server: Any, task: Any, gray: Any
) -> None:
    about = {"name": "x", "description": "x", "version": "2.54.1", "idempotency_days": 30}
    server.handle("GET", "/api/server/about", lambda _: (200, about, {}))
    names = []
    for _ in range(2):
        task(rectangle(1, 0))
        cvataa.track_task(client, 5, Walker(gray))
        names.append(server.sent[-1].headers["X-Idempotency-Key"])
    assert len(set(names)) == 2


def test_images_are_the_functions_without_preprocessing(
    client: Client, server: Any, task: Any, gray: Any
) -> None:
    task(rectangle(1, 0), count=2)
    kinds = []

    class Looking(Walker):
        def track(self, context: Any, image: Any, state: Any) -> Any:
            kinds.append(isinstance(image, PIL.Image.Image))
            return super().track(context, image, state)

    cvataa.track_task(client, 5, Looking(gray))
    assert kinds == [True]
