"""Records: what they take, what they refuse, and what they say of fields that were not given."""

from __future__ import annotations

import copy
import math
import pickle
from array import array
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from cvat_sdk import models
from cvat_sdk.exceptions import ApiAttributeError, ApiTypeError, ApiValueError
from cvat_sdk.models import (
    AttributeRequest,
    AttributeVal,
    LabeledShape,
    LabeledShapeRequest,
    PatchedLabelRequest,
    ShapeType,
    SubLabeledShapeRequest,
    TaskWriteRequest,
)

BOX = [1.0, 2.0, 3.0, 4.0]


def rectangle(**fields: object) -> LabeledShapeRequest:
    return LabeledShapeRequest("rectangle", 1, 0, **fields)


def test_required_fields_go_by_position_or_by_name() -> None:
    by_name = LabeledShapeRequest(type="rectangle", label_id=1, frame=0, points=BOX)
    assert by_name == rectangle(points=BOX)


def test_a_type_is_given_as_a_word_or_as_a_member_and_read_as_a_member() -> None:
    for given in ("mask", ShapeType("mask"), ShapeType.MASK):
        shape = LabeledShapeRequest(given, 1, 0)
        assert shape.type is ShapeType.MASK
        assert shape.type.value == "mask"
        assert str(shape.type) == "mask"


def test_a_field_that_was_not_given_does_not_exist() -> None:
    shape = rectangle()
    assert not hasattr(shape, "id")
    assert getattr(shape, "id", None) is None
    assert "id" not in shape
    assert shape.get("id") is None
    with pytest.raises(ApiAttributeError, match="'id': it was not given"):
        _ = shape.id
    with pytest.raises(ApiAttributeError, match="'colour': there is no such field"):
        _ = shape["colour"]


def test_a_field_that_was_not_given_is_not_sent() -> None:
    assert rectangle(points=BOX).to_dict() == {
        "type": "rectangle",
        "label_id": 1,
        "frame": 0,
        "points": BOX,
    }


def test_a_field_can_be_set_and_forgotten_again() -> None:
    shape = rectangle()
    shape.id = 7
    shape["z_order"] = 2
    assert (shape.id, shape["z_order"], "id" in shape) == (7, 2, True)
    del shape.id
    assert not hasattr(shape, "id")
    assert b"id" not in msgspec.json.encode(shape).replace(b"label_id", b"")


@pytest.mark.parametrize(
    "points",
    [
        [1, 2, 3, 4],
        (1, 2.0, 3, 4),
        range(1, 5),
        array("f", BOX),
        np.array([1, 2, 3, 4]),
        np.array(BOX, dtype=np.float32),
        [np.float32(1), np.int64(2), 3, np.float64(4)],
        (np.float64(1), 2, 3, 4),
    ],
)
def test_points_are_any_sequence_of_numbers(points: object) -> None:
    shape = rectangle(points=points)
    assert shape.points == BOX
    assert {type(number) for number in shape.points} == {float}
    shape.points = points
    assert shape.points == BOX


def test_points_are_copied() -> None:
    given = [1.0, 2.0, 3.0, 4.0]
    shape = rectangle(points=given)
    given[0] = 9.0
    assert shape.points == BOX


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        ({"points": [1, math.nan]}, ApiValueError, "points: element 1 is nan"),
        ({"points": [math.inf]}, ApiValueError, "points: element 0 is inf"),
        ({"points": [math.inf, -math.inf]}, ApiValueError, "points: element 0 is inf"),
        ({"points": np.array([np.nan])}, ApiValueError, "points: element 0 is nan"),
        ({"points": "1234"}, ApiTypeError, "points: expected a sequence of numbers, got str"),
        ({"points": ["1"]}, ApiTypeError, "points: must be real number, not str"),
        ({"points": np.zeros((2, 2))}, ApiTypeError, "points: must be real number, not list"),
        ({"points": None}, ApiTypeError, "points: expected a sequence of numbers, got NoneType"),
        ({"rotation": math.nan}, ApiValueError, "rotation"),
        ({"rotation": 361}, ApiValueError, "rotation: Expected `float` <= 360"),
        ({"score": 1.5}, ApiValueError, "score: Expected `float` <= 1"),
        ({"score": math.nan}, ApiValueError, "score"),
        ({"score": "high"}, ApiTypeError, "score: Expected `float`, got `str`"),
        ({"occluded": 1}, ApiTypeError, "occluded: Expected `bool`, got `int`"),
        ({"z_order": True}, ApiTypeError, "z_order: Expected `int`, got `bool`"),
        ({"source": 3}, ApiTypeError, "source: Expected `str`, got `int`"),
        ({"attributes": None}, ApiTypeError, "attributes: Expected `array`, got `null`"),
        ({"attributes": [1]}, ApiTypeError, r"attributes: .* - at `\$\[0\]`"),
        ({"colour": "red"}, TypeError, "colour"),
    ],
)
def test_a_wrong_value_is_refused_and_named(
    fields: dict[str, object], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        rectangle(**fields)


@pytest.mark.parametrize("field", ["points", "score", "z_order"])
def test_a_wrong_value_is_refused_when_set_later(field: str) -> None:
    shape = rectangle(points=BOX)
    with pytest.raises(ApiTypeError, match=f"LabeledShapeRequest.{field}: "):
        setattr(shape, field, "wrong")
    assert shape == rectangle(points=BOX)


def test_an_unknown_word_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ApiValueError, match=r"type: .*'box' is not one of 'rectangle', 'polygon'"):
        LabeledShapeRequest("box", 1, 0)


def test_ids_are_whole_numbers() -> None:
    assert LabeledShapeRequest("mask", np.int64(3), 0).label_id == 3
    with pytest.raises(ApiTypeError, match="label_id: Expected `int`, got `str`"):
        LabeledShapeRequest("mask", "3", 0)
    with pytest.raises(TypeError, match="Missing required argument 'frame'"):
        LabeledShapeRequest("mask", 3)


def test_records_inside_records_may_be_given_as_dicts() -> None:
    task = TaskWriteRequest("roads", labels=[{"name": "car", "attributes": []}])
    assert task.labels[0] == PatchedLabelRequest(name="car", attributes=[])
    shape = rectangle(attributes=[{"spec_id": 1, "value": "red"}])
    assert shape.attributes == [AttributeVal(1, "red")]


def test_a_received_record_can_be_sent() -> None:
    received = models.SubLabeledShape("points", 1, 0, points=[1, 2])
    shape = LabeledShapeRequest("skeleton", 1, 0, elements=[received])
    assert shape.elements == [SubLabeledShapeRequest("points", 1, 0, points=[1, 2])]


def test_a_reply_with_fields_of_a_newer_server_is_read() -> None:
    data = b'{"type":"rectangle","label_id":1,"frame":2,"points":[1,2,3,4],"brand_new":1}'
    shape = msgspec.json.decode(data, type=LabeledShape)
    assert (shape.type, shape.frame, shape.points) == (ShapeType.RECTANGLE, 2, BOX)
    assert not hasattr(shape, "score")


def test_a_received_record_made_by_hand_is_checked_too() -> None:
    assert LabeledShape("mask", 1, 0).type is ShapeType.MASK
    with pytest.raises(ApiTypeError, match="LabeledShape\\.points"):
        LabeledShape("mask", 1, 0, points=5)


def test_records_are_copied_pickled_and_compared() -> None:
    shape = rectangle(points=BOX, attributes=[AttributeVal(1, "x")])
    for twin in (copy.copy(shape), copy.deepcopy(shape), pickle.loads(pickle.dumps(shape))):
        assert twin == shape
        assert not hasattr(twin, "id")
    assert shape != rectangle(points=BOX)


def test_a_record_shows_what_was_given() -> None:
    assert repr(rectangle(score=0.5)) == (
        "LabeledShapeRequest(type='rectangle', label_id=1, frame=0, score=0.5)"
    )


def test_secrets_are_not_shown() -> None:
    login = models.LoginSerializerExRequest(username="ann", password="hunter2")
    token = models.AccessTokenRead(id=1, name="laptop", value="abc.def")
    assert "hunter2" not in repr(login) + str(login)
    assert "abc.def" not in repr(token) + str(token)
    assert "key" not in repr(models.Token(key="key"))


def test_words_can_be_looked_up_as_scripts_do() -> None:
    words = models.RequestStatus.allowed_values[("value",)]
    assert words["FINISHED"] == "finished"
    assert models.RequestStatus("failed") == "failed"
    assert {models.RequestStatus.FAILED: 1}["failed"] == 1


def test_interface_names_are_the_records() -> None:
    assert models.ILabel is models.Label
    assert models.ITaskWriteRequest is TaskWriteRequest
    with pytest.raises(AttributeError, match="Imaginary"):
        _ = models.Imaginary


def test_every_name_at_the_front_door_is_there() -> None:
    assert [name for name in models.__all__ if not hasattr(models, name)] == []


@pytest.mark.parametrize("value", [Decimal(1), object(), {"a": 1}, b"12345678"])
def test_no_other_objects_are_taken_for_numbers(value: object) -> None:
    with pytest.raises(ApiTypeError, match="points"):
        rectangle(points=value)


def test_choices_of_an_attribute_may_be_a_tuple() -> None:
    attribute = AttributeRequest("colour", False, "select", ("red", "blue"))
    assert attribute.values == ["red", "blue"]
