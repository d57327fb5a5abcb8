"""What breaks a rule is refused with a reason, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

INT32 = 2**31


@pytest.fixture(scope="module")
def foreign(hub: Any, new_task: Callable[..., Any], paint: Callable[..., Any]) -> Any:
    """A task of somebody else, with a tag."""
    painted = paint(hub.new_user())
    painted.create(tags=[_car(painted)], shapes=[painted.shape()])
    return painted


# What is wrong, an item of which kind shows it, and a part of the reason that is given.
Case = tuple[str, str, Callable[[Any], Any], str]


def _shapes(*cases: tuple[str, dict[str, Any], str]) -> list[Case]:
    """Return the cases in which a single shape has these fields."""
    return [
        (name, "shapes", lambda p, changes=changes: p.shape(**changes), reason)
        for name, changes, reason in cases
    ]


def _points(kind: str, *cases: tuple[str, list[Any], str]) -> list[Case]:
    return _shapes(
        *((f"{kind}: {name}", {"type": kind, "points": p}, reason) for name, p, reason in cases)
    )


LENGTH = "invalid length for shape type"
CASES: list[Case] = [
    # Labels
    *_shapes(
        ("a label that nobody has", {"label_id": 999999}, "label_id `999999` is invalid"),
        ("a negative label", {"label_id": -1}, "label_id `-1` is invalid"),
        ("a label that is text", {"label_id": "1"}, "Expected `int`, got `str`"),
        ("a label that is null", {"label_id": None}, "label_id"),
        ("a label out of bounds", {"label_id": INT32}, "label_id"),
        ("a label that is true", {"label_id": True}, "label_id"),
    ),
    ("no label", "shapes", lambda p: _without(p.shape(), "label_id"), "This field is required."),
    ("no label of a tag", "tags", lambda p: {"frame": 0}, '"label_id":["This field is required."]'),
    (
        "a sublabel as a label",
        "shapes",
        lambda p: p.shape(label_id=p.labels["person"]["sublabels"][0]["id"]),
        "is invalid (at shapes[1])",
    ),
    # Frames
    *_shapes(
        ("a frame beyond the end", {"frame": 4}, "4 is out of range: expected 0 to 3"),
        ("a frame before the start", {"frame": -1}, "Expected `int` >= 0"),
        ("a frame that is text", {"frame": "0"}, "Expected `int`, got `str`"),
        ("a frame between frames", {"frame": 0.5}, "Expected `int`, got `float`"),
        ("a frame that is null", {"frame": None}, "Expected `int`, got `null`"),
        ("a frame out of all bounds", {"frame": 10**30}, "frame"),
    ),
    ("no frame", "shapes", lambda p: _without(p.shape(), "frame"), "This field is required."),
    ("a tag beyond the end", "tags", lambda p: _car(p, frame=4), "expected 0 to 3"),
    ("a track beyond the end", "tracks", lambda p: p.track(frame=4), "expected 0 to 3"),
    # Types and points
    *_shapes(
        ("an unknown type", {"type": "rectangle "}, "rectangle "),
        ("a type of other letters", {"type": "Mask"}, "Mask"),
        ("a type that is a number", {"type": 1, "points": []}, "type"),
        ("points that are null", {"points": None}, "Expected `array`, got `null`"),
        ("points that are an object", {"points": {}}, "Expected `array`, got `object`"),
        ("points that are text", {"points": "1,2,3,4"}, "Expected `array`, got `str`"),
    ),
    ("no type", "shapes", lambda p: _without(p.shape(), "type"), "This field is required."),
    ("no points", "shapes", lambda p: _without(p.shape(), "points"), LENGTH),
    *_points(
        "rectangle",
        ("no numbers", [], LENGTH),
        ("three numbers", [1, 2, 3], LENGTH),
        ("five numbers", [1, 2, 3, 4, 5], LENGTH),
        ("three points", [1, 2, 3, 4, 5, 6], LENGTH),
        ("text as a number", ["1", 2, 3, 4], "Expected `float`, got `str`"),
        ("null as a number", [None, 2, 3, 4], "Expected `float`, got `null`"),
        ("true as a number", [True, 2, 3, 4], "Expected `float`, got `bool`"),
        ("points in lists", [[1, 2], [3, 4]], "Expected `float`, got `array`"),
    ),
    *_points("polygon", ("two points", [1, 2, 3, 4], LENGTH), ("an odd count", [1] * 7, LENGTH)),
    *_points("polyline", ("one point", [1, 2], LENGTH), ("an odd count", [1] * 5, LENGTH)),
    *_points("points", ("none", [], LENGTH), ("an odd count", [1], LENGTH)),
    *_points("ellipse", ("a circle", [1, 2, 3], LENGTH), ("three points", [1] * 6, LENGTH)),
    *_points("cuboid", ("15 numbers", [1] * 15, LENGTH), ("9 corners", [1] * 18, LENGTH)),
    *_points(
        "mask",
        ("no numbers", [], "too few elements"),
        ("a box and no runs", [0, 0, 1, 1], "too few elements"),
        ("too few pixels", [1, 2, 0, 0, 1, 1], "the runs have 3 pixels, the box has 4"),
        ("too many pixels", [1, 4, 0, 0, 1, 1], "the runs have 5 pixels, the box has 4"),
        ("a negative run", [-1, 5, 0, 0, 1, 1], "negative number"),
        ("a negative corner", [0, 4, -1, -1, 0, 0], "negative number"),
        ("half a pixel", [0.5, 3.5, 0, 0, 1, 1], "non-integer value"),
        ("left and right exchanged", [0, 4, 1, 0, 0, 1], "invalid encoded bounding box"),
        ("top and bottom exchanged", [0, 4, 0, 1, 1, 0], "invalid encoded bounding box"),
        ("a run as text", ["4", 0, 0, 1, 1], "Expected `float`, got `str`"),
        ("a run without end", [1e308, 1e308, 0, 0, 1, 1], "the box has 4"),
    ),
    # Other fields
    *_shapes(
        ("a score above 1", {"score": 1.01}, "Expected `float` <= 1"),
        ("a score below 0", {"score": -0.1}, "Expected `float` >= 0"),
        ("a score that is text", {"score": "1"}, "Expected `float`"),
        ("a rotation above 360", {"rotation": 360.5}, "Expected `float` <= 360"),
        ("a rotation below 0", {"rotation": -1}, "Expected `float` >= 0"),
        ("a group out of bounds", {"group": INT32}, "group"),
        ("a group that is text", {"group": "1"}, "group"),
        ("a layer out of bounds", {"z_order": -INT32 - 1}, "z_order"),
        ("a layer between layers", {"z_order": 0.5}, "z_order"),
        ("a source that is too long", {"source": "x" * 17}, "length <= 16"),
        ("a source that is a number", {"source": 1}, "Expected `str`, got `int`"),
        ("occluded by text", {"occluded": "false"}, "Expected `bool`, got `str`"),
        ("outside by number", {"outside": 1}, "Expected `bool`, got `int`"),
        ("an id out of bounds", {"id": 2**70}, '"id"'),
        ("a negative id", {"id": -1}, '"id"'),
        ("an id that is text", {"id": "1"}, '"id"'),
        ("revision 0", {"revision": 0}, '"revision"'),
        ("a revision that is text", {"revision": "1"}, '"revision"'),
        ("attributes that are an object", {"attributes": {}}, "Expected `array`, got `object`"),
        ("elements that are null", {"elements": None}, "Expected `array`, got `null`"),
    ),
    # Attributes
    *(
        (name, "tags", lambda p, make=make: _car(p, *make(p)), reason)
        for name, make, reason in (
            ("no value", lambda p: [{"spec_id": p.spec("model")}], "This field is required."),
            ("no attribute", lambda p: [{"value": "a"}], "This field is required."),
            ("no object", lambda p: ["a"], "Expected `object`, got `str`"),
            ("an attribute that nobody has", lambda p: [_value(999999, "x")], "is invalid"),
            ("a value that is no choice", lambda p: [_value(p.spec("model"), "c")], "'c' is not"),
            ("a choice in other letters", lambda p: [_value(p.spec("model"), "A")], "'A' is not"),
            ("a number above its range", lambda p: [_value(p.spec("speed"), "10")], "'10' is not"),
            ("a number off its steps", lambda p: [_value(p.spec("speed"), "0.5")], "'0.5' is not"),
            ("a number in words", lambda p: [_value(p.spec("speed"), "five")], "'five' is not"),
            ("NaN in text", lambda p: [_value(p.spec("speed"), "nan")], "'nan' is not"),
            ("a value that is a number", lambda p: [_value(p.spec("speed"), 5)], "Expected `str`"),
            ("a value that is null", lambda p: [_value(p.spec("speed"), None)], "Expected `str`"),
            ("a value too long", lambda p: [_value(p.spec("model"), "x" * 4097)], "length <= 4096"),
            ("a value twice", lambda p: [_value(p.spec("model"), "a")] * 2, "comes twice"),
        )
    ),
    (
        "the attribute of another label",
        "shapes",
        lambda p: p.shape(attributes=[_value(p.spec("model"), "a")]),
        "is invalid (at shapes[1].attributes[0])",
    ),
    # Skeletons
    (
        "a skeleton without its label",
        "shapes",
        lambda p: p.shape(type="skeleton"),
        "label 'plain' is not a skeleton",
    ),
    ("a skeleton with points", "shapes", lambda p: p.skeleton(points=[1, 2]), LENGTH),
    (
        "elements of a rectangle",
        "shapes",
        lambda p: p.shape(elements=p.skeleton()["elements"]),
        "only skeletons have elements",
    ),
    (
        "an element twice",
        "shapes",
        lambda p: p.skeleton(elements=p.skeleton()["elements"][:1] * 2),
        "comes twice",
    ),
    (
        "an element of another label",
        "shapes",
        lambda p: p.skeleton(elements=[p.shape(type="points")]),
        "is invalid (at shapes[1].elements[0])",
    ),
    (
        "an element on another frame",
        "shapes",
        lambda p: p.skeleton(frame=1),
        "expected that of the skeleton, 1",
    ),
    (
        "an element with too few points",
        "shapes",
        lambda p: p.skeleton(elements=[p.skeleton()["elements"][0] | {"points": [1]}]),
        LENGTH,
    ),
    (
        "an element that is a skeleton",
        "shapes",
        lambda p: p.skeleton(
            elements=[p.skeleton()["elements"][0] | {"type": "skeleton", "points": []}]
        ),
        "an element is no skeleton",
    ),
    (
        "an element of a track that is a skeleton",
        "tracks",
        lambda p: p.track(
            label_id=p.labels["person"]["id"],
            shapes=[{"type": "skeleton", "frame": 0}],
            elements=[
                {
                    "label_id": p.labels["person"]["sublabels"][0]["id"],
                    "frame": 0,
                    "shapes": [{"type": "skeleton", "frame": 0}],
                }
            ],
        ),
        "an element is no skeleton",
    ),
    # Tracks
    ("no shapes", "tracks", lambda p: _without(p.track(), "shapes"), "This field is required."),
    ("an empty track", "tracks", lambda p: p.track(shapes=[]), "at least one shape"),
    ("a track of null", "tracks", lambda p: p.track(shapes=None), "Expected `array`, got `null`"),
    *(
        (name, "tracks", lambda p, shapes=shapes: p.track(shapes=shapes(p)), reason)
        for name, shapes, reason in (
            (
                "a shape beyond the end",
                lambda p: [_key_frame(0), _key_frame(9)],
                "9 is beyond the last frame, 3",
            ),
            ("a shape before the start", lambda p: [_key_frame(-1)], "Expected `int` >= 0"),
            ("two shapes on a frame", lambda p: [_key_frame(1), _key_frame(1)], "already"),
            (
                "a track that changes its type",
                lambda p: [_key_frame(0), _key_frame(1, type="points", points=[1, 2])],
                "expected 'rectangle' as on the first frame",
            ),
            ("three numbers in a track", lambda p: [_key_frame(0, points=[1, 2, 3])], LENGTH),
            (
                "what doesn't change, on a shape",
                lambda p: [_key_frame(0, attributes=[_value(p.spec("model"), "a")])],
                "belongs to the track itself",
            ),
            ("a shape without a frame", lambda p: [_without(_key_frame(0), "frame")], "required"),
            ("a rotated key frame", lambda p: [_key_frame(0, rotation=361)], "<= 360"),
        )
    ),
    (
        "what changes, on the track",
        "tracks",
        lambda p: p.track(attributes=[_value(p.spec("speed"), "1")]),
        "belongs to each shape of a track",
    ),
    (
        "elements of a track of rectangles",
        "tracks",
        lambda p: p.track(elements=[{"label_id": 1, "frame": 0, "shapes": [_key_frame(0)]}]),
        "only skeletons have elements",
    ),
    # Forms
    ("a number for a shape", "shapes", lambda p: 1, "Expected `object`, got `int`"),
    ("null for a tag", "tags", lambda p: None, "Expected `object`, got `null`"),
    ("a list for a track", "tracks", lambda p: [], "Expected `object`, got `array`"),
]


@pytest.mark.parametrize(
    ("kind", "make", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_one_bad_item_refuses_the_whole_write(
    shared: Any, kind: str, make: Callable[[Any], Any], reason: str
) -> None:
    good, before = shared.good, shared.state()
    moved = {"tags": [], "shapes": [good | {"points": [0, 0, 1, 1]}], "tracks": []}
    body = moved | {kind: [*moved[kind], make(shared)]}
    for method, query in WRITES:
        answer = shared.client(method, shared.path + query, body)
        assert answer.status == 400, (method, query)
        assert reason in answer.body.decode().replace('\\"', '"')
    assert shared.state() == before


WRITES = [("PUT", ""), ("PATCH", "?action=create"), ("PATCH", "?action=update")]
DELETE = ("PATCH", "?action=delete")

# Bodies that are refused as a whole: by which writes, and with what reason.
DEEP = b"[" * 100_000
BODIES: list[tuple[str, bytes, str]] = [
    ("half an object", b"{", "JSON parse error"),
    ("a list", b"[]", "Expected `object`, got `array`"),
    ("a number", b"1", "Expected `object`, got `int`"),
    ("null", b"null", "Expected `object`, got `null`"),
    ("no text", b"\xff\xfe", "JSON parse error"),
    ("text in UTF-16", '{"shapes": []}'.encode("utf-16"), "JSON parse error"),
    ("two values", b"{}{}", "JSON parse error"),
    ("a comma too many", b'{"shapes": [],}', "JSON parse error"),
    ("a comment", b'{"shapes": []} // none', "JSON parse error"),
    ("deep nesting", DEEP, "Expected `object`, got `array`"),
    ("deep nesting in a list", b'{"shapes": [' + DEEP, "JSON parse error"),
    ("deep nesting in a shape", b'{"shapes": [{"x": ' + DEEP, "JSON parse error"),
    ("deep nesting of another field", b'{"x": ' + DEEP, "JSON parse error"),
    ("an object for a list", b'{"shapes": {}}', "Expected `array`, got `object`"),
    ("null for a list", b'{"tags": null}', "Expected `array`, got `null`"),
    ("a version in words", b'{"version": "1"}', "Expected `int`, got `str`"),
]


@pytest.mark.parametrize(
    ("body", "reason"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES]
)
def test_a_body_of_another_form_is_refused(shared: Any, body: bytes, reason: str) -> None:
    before = shared.state()
    for method, query in [*WRITES, DELETE]:
        answer = shared.client(method, shared.path + query, body=body)
        assert answer.status == 400, (method, query)
        assert reason in answer.body.decode()
    assert shared.state() == before


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "0x10"])
@pytest.mark.parametrize("field", ["points", "rotation", "score", "z_order", "frame"])
def test_numbers_that_are_not_finite_are_refused(shared: Any, field: str, number: str) -> None:
    before = shared.state()
    marked = [1, 2, 3, "here"] if field == "points" else "here"
    text = json.dumps({"shapes": [shared.shape(**{field: marked})]}).replace('"here"', number)
    for method, query in WRITES:
        answer = shared.client(method, shared.path + query, body=text.encode())
        assert answer.status == 400, (method, query)
        assert answer.json
    assert shared.state() == before


NAMES: list[tuple[str, Any, str]] = [
    ("no id", {"label_id": 1}, "This field is required."),
    ("an id of null", {"id": None}, "Expected `int`, got `null`"),
    ("an id that is text", {"id": "1"}, "Expected `int`, got `str`"),
    ("a negative id", {"id": -1}, "Expected `int` >= 0"),
    ("an id out of bounds", {"id": 2**60}, '"id"'),
    ("a revision that is text", {"id": 1, "revision": "1"}, "Expected `int"),
    ("no object", 1, "Expected `object`, got `int`"),
]


@pytest.mark.parametrize(
    ("item", "reason"), [case[1:] for case in NAMES], ids=[case[0] for case in NAMES]
)
def test_a_delete_that_names_something_badly_is_refused(
    shared: Any, item: Any, reason: str
) -> None:
    before = shared.state()
    answer = shared.delete(shapes=[shared.good, item])
    assert answer.status == 400
    assert reason in answer.body.decode()
    assert shared.state() == before


def test_an_update_of_what_is_not_here_is_refused(shared: Any, foreign: Any) -> None:
    before, elsewhere = shared.state(), foreign.state()
    good = shared.good
    moved = good | {"points": [5, 5, 6, 6]}
    tag = {"id": good["id"], "label_id": shared.labels["car"]["id"], "frame": 0}
    for body, reason in (
        ({"shapes": [moved, good | {"id": good["id"] + 10**6}]}, "there is no annotation of id"),
        ({"shapes": [moved, good | {"id": foreign.good["id"]}]}, "there is no annotation of id"),
        ({"shapes": [moved, good | {"id": 0}]}, "there is no annotation of id 0"),
        ({"shapes": [moved, shared.shape()]}, "This field is required."),
        ({"shapes": [moved, shared.shape(id=None)]}, "This field is required."),
        ({"shapes": [moved, moved]}, "comes twice"),
        ({"tags": [tag]}, "there is no annotation of id"),
    ):
        answer = shared.update(**body)
        assert (answer.status, reason in answer.body.decode()) == (400, True), answer.body
    assert (shared.state(), foreign.state()) == (before, elsewhere)


def test_what_belongs_to_another_task_is_refused(shared: Any, foreign: Any) -> None:
    before = shared.state()
    for item, reason in (
        (shared.shape(label_id=foreign.labels["plain"]["id"]), "label_id"),
        (_car(shared, _value(foreign.spec("model"), "a")), "spec_id"),
    ):
        kind = "shapes" if "type" in item else "tags"
        answer = shared.create(**{kind: [item]})
        assert (answer.status, reason in answer.body.decode()) == (400, True)
    assert shared.delete(shapes=[foreign.good]).status == 200  # there is nothing to be done
    assert shared.read() == before[0]
    assert foreign.good in foreign.read()["shapes"]


def test_a_job_takes_only_what_belongs_to_its_frames(shared: Any) -> None:
    before = shared.state()
    second = shared.jobs()[1]
    for method, query in WRITES:
        path = f"jobs/{second}/annotations{query}"
        for body in ({"shapes": [shared.shape(frame=0)]}, {"tracks": [shared.track()]}):
            answer = shared.client(method, path, body)
            assert answer.status == 400
            assert "expected 2 to 3" in answer.body.decode()
    # The shape is on a frame of the first job, and stays there.
    moved = {"shapes": [shared.good | {"frame": 2}]}
    assert shared.client("PATCH", f"jobs/{second}/annotations?action=update", moved).status == 400
    assert shared.state() == before


def test_what_others_may_not_see_does_not_exist(shared: Any, foreign: Any) -> None:
    before = foreign.state()
    for path in (foreign.path, f"jobs/{foreign.jobs()[0]}/annotations", "tasks/999999/annotations"):
        for method, query in [("GET", ""), ("DELETE", ""), *WRITES, DELETE]:
            body = None if method in ("GET", "DELETE") else {"shapes": []}
            assert shared.client(method, path + query, body).status == 404, (method, path + query)
    assert foreign.state() == before


@pytest.mark.parametrize("query", ["", "?action=", "?action=bogus", "?action=CREATE", "?x=create"])
def test_an_unknown_action_is_refused(shared: Any, query: str) -> None:
    before = shared.state()
    answer = shared.client("PATCH", shared.path + query, {"shapes": [shared.shape()]})
    assert answer.status == 400
    assert answer.json == ["Please specify a correct 'action' for the request"]
    assert shared.state() == before


@pytest.mark.parametrize("method", ["POST", "TRACE", "COPY"])
def test_a_wrong_method_is_refused(shared: Any, method: str) -> None:
    before = shared.state()
    answer = shared.client(method, shared.path, {"shapes": [shared.shape()]})
    assert answer.status == 405
    assert answer.json == {"detail": f'Method "{method}" not allowed.'}
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
    assert shared.state() == before


def test_an_empty_body_changes_nothing(shared: Any) -> None:
    before = shared.read()
    for action in ("create", "update", "delete"):
        answer = shared.client("PATCH", f"{shared.path}?action={action}")
        assert answer.status == 200
    assert shared.read() == before


def test_what_real_servers_take_is_taken(painted: Any) -> None:
    """A label's type is for the annotation UI, deleted frames may come back, elements may lack."""
    painted.client("PATCH", f"tasks/{painted.task['id']}/data/meta", {"deleted_frames": [1]})
    person = painted.labels["person"]["id"]
    for shape in (
        painted.shape(label_id=person),
        painted.shape(frame=1),
        painted.shape(points=[-10, -20, 3000, 4000]),
        painted.skeleton(elements=painted.skeleton()["elements"][:1]),
        painted.shape(group=None, unknown="field"),
    ):
        assert painted.create(shapes=[shape]).status == 200


def _value(spec_id: int, value: Any) -> dict[str, Any]:
    return {"spec_id": spec_id, "value": value}


def _car(painted: Any, *attributes: Any, frame: int = 0) -> dict[str, Any]:
    label_id = painted.labels["car"]["id"]
    return {"label_id": label_id, "frame": frame, "attributes": list(attributes)}


def _key_frame(frame: int, **changes: Any) -> dict[str, Any]:
    return {"type": "rectangle", "points": [1, 2, 3, 4], "frame": frame} | changes


def _without(item: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != name}
