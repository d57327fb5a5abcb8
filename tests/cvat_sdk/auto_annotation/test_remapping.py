"""What a function returns: checked, and made annotations of the task."""

from __future__ import annotations

import logging
import math
from typing import Any

import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.attributes import attribute_vals_from_dict
from cvat_sdk.auto_annotation import (
    BadFunctionError,
    keypoint,
    label_spec,
    rectangle,
    skeleton,
    tag,
)
from cvat_sdk.auto_annotation.mapping import LabelMapper
from cvat_sdk.auto_annotation.remapping import Remapper
from cvat_sdk.models import Attribute, Label, Sublabel

BOX = [1.0, 2.0, 3.0, 4.0]
CAR, PERSON, WEATHER, ANYTHING, UNMATCHED, BLOB = range(6)
COLOUR, DOORS, LOST = range(3)
HEAD, HAND, LOST_POINT = range(3)


def attributes(**values: Any) -> Any:
    ids = {"colour": COLOUR, "doors": DOORS, "lost": LOST}
    return attribute_vals_from_dict({ids[name]: value for name, value in values.items()})


OURS = [
    label_spec(
        "car",
        CAR,
        type="rectangle",
        attributes=[
            cvataa.select_attribute_spec("colour", COLOUR, ["red", "blue"]),
            cvataa.number_attribute_spec("doors", DOORS, ["2", "6", "1"]),
            cvataa.text_attribute_spec("lost", LOST),
        ],
    ),
    cvataa.skeleton_label_spec(
        "person",
        PERSON,
        [
            cvataa.keypoint_spec("head", HEAD),
            cvataa.keypoint_spec("hand", HAND),
            cvataa.keypoint_spec("lost", LOST_POINT),
        ],
    ),
    label_spec("weather", WEATHER, type="tag"),
    label_spec("anything", ANYTHING),
    label_spec("unmatched", UNMATCHED),
    label_spec("blob", BLOB),
]
THEIRS = [
    Label(
        "car",
        id=100,
        type="rectangle",
        attributes=[
            Attribute("colour", False, "select", ["red", "blue"], id=200),
            Attribute("doors", False, "number", ["2", "6", "1"], id=201),
        ],
    ),
    Label(
        "person",
        id=101,
        type="skeleton",
        sublabels=[Sublabel("head", id=300), Sublabel("hand", id=301)],
    ),
    Label("weather", id=102, type="tag"),
    Label("anything", id=103, type="any"),
    Label("blob", id=104, type="polygon"),
]


def remap(*annotations: object, conv_mask_to_poly: bool = False) -> tuple[list[Any], list[Any]]:
    mapper = LabelMapper(logger=logging.getLogger("test"), allow_unmatched_labels=True)
    remapper = Remapper(mapper.map(OURS, THEIRS), conv_mask_to_poly=conv_mask_to_poly)
    return remapper.remap(annotations, 7, "a.jpg")


def test_ids_become_those_of_the_task_and_the_source_auto() -> None:
    tags, shapes = remap(
        rectangle(CAR, BOX, score=0.5, attributes=attributes(doors=4, colour="red")), tag(WEATHER)
    )
    assert [item.to_dict() for item in tags + shapes] == [
        {"label_id": 102, "frame": 7, "source": "auto"},
        {
            "type": "rectangle",
            "label_id": 100,
            "frame": 7,
            "source": "auto",
            "points": BOX,
            "score": 0.5,
            "attributes": [{"spec_id": 201, "value": "4"}, {"spec_id": 200, "value": "red"}],
        },
    ]


def test_elements_of_a_skeleton_become_those_of_the_task() -> None:
    _, [shape] = remap(
        skeleton(PERSON, [keypoint(HAND, [1, 2], occluded=True), keypoint(HEAD, [3, 4])])
    )
    assert [element.to_dict() for element in shape.elements] == [
        {
            "type": "points",
            "label_id": 301,
            "frame": 7,
            "source": "auto",
            "points": [1, 2],
            "occluded": True,
        },
        {"type": "points", "label_id": 300, "frame": 7, "source": "auto", "points": [3, 4]},
    ]


def test_what_is_left_out_of_the_mapping_is_dropped() -> None:
    tags, shapes = remap(
        rectangle(UNMATCHED, BOX),
        tag(UNMATCHED),
        rectangle(CAR, BOX, attributes=attributes(lost="x")),
        skeleton(PERSON, [keypoint(i, [1, 2]) for i in (HEAD, HAND, LOST_POINT)]),
    )
    assert tags == []
    assert [shape.label_id for shape in shapes] == [100, 101]
    assert shapes[0].attributes == []
    assert [element.label_id for element in shapes[1].elements] == [300, 301]


@pytest.mark.parametrize(
    "shape",
    [
        cvataa.mask(ANYTHING, [0, 1, 0, 0, 0, 0]),
        cvataa.polygon(ANYTHING, [0, 0, 1, 1, 2, 0]),
        cvataa.shape(ANYTHING, type="ellipse", points=BOX),
        cvataa.shape(ANYTHING, type="cuboid", points=[1.0] * 16),
    ],
)
def test_a_label_of_type_any_takes_every_shape(shape: Any) -> None:
    _, [remapped] = remap(shape)
    assert remapped.label_id == 103


HEAD_AND_HAND = [keypoint(HEAD, [1, 2]), keypoint(HAND, [1, 2])]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: "a string", "function output an object of type 'str' (expected"),
        (lambda: rectangle(CAR, BOX, id=1), "function output shape with preset id"),
        (lambda: rectangle(CAR, BOX, id=None), "function output shape with preset id"),
        (lambda: rectangle(CAR, BOX, source="x"), "function output shape with preset source"),
        (lambda: tag(WEATHER, id=1), "function output tag with preset id"),
        (lambda: tag(WEATHER, source="auto"), "function output tag with preset source"),
        (lambda: _framed(rectangle(CAR, BOX), 3), "shape with unexpected frame number (3)"),
        (lambda: _framed(tag(WEATHER), 1), "tag with unexpected frame number (1)"),
        (lambda: rectangle(99, BOX), "shape with unknown label ID (99)"),
        (lambda: tag(99), "tag with unknown label ID (99)"),
        (
            lambda: cvataa.shape(CAR, type="ellipse", points=BOX),
            "shape of type 'ellipse' (expected 'rectangle', label 'car')",
        ),
        (lambda: rectangle(WEATHER, BOX), "shape of type 'rectangle' (expected 'tag'"),
        (lambda: tag(CAR), "function output tag (expected shape of type 'rectangle'"),
        (
            lambda: rectangle(CAR, BOX, elements=[keypoint(HEAD, [1, 2])]),
            "non-skeleton shape with elements (label 'car')",
        ),
        (
            lambda: rectangle(CAR, BOX, attributes=attribute_vals_from_dict({9: "x"})),
            "attribute with unknown ID (9, label 'car')",
        ),
        (
            lambda: rectangle(CAR, BOX, attributes=attributes(colour="red") * 2),
            "multiple attributes with same ID (0: 'colour' of label 'car')",
        ),
        (
            lambda: rectangle(CAR, BOX, attributes=attributes(colour="mauve")),
            "attribute value ('mauve') that is unsuitable for its attribute (0: 'colour' of label",
        ),
        (lambda: rectangle(CAR, [1, 2, 3]), "bad points (label 'car'): a rectangle needs exactly"),
        (lambda: cvataa.shape(CAR, type="rectangle"), "got 0 numbers"),
        (lambda: _poked(rectangle(CAR, BOX)), "number 1 is nan, which is not finite"),
        (
            lambda: cvataa.mask(ANYTHING, [3, 0, 0, 1, 1]),
            "the runs have 3 pixels, the box has 4",
        ),
        (lambda: skeleton(PERSON, []), "fewer elements than expected (0 vs 2, label 'person')"),
        (
            lambda: cvataa.shape(PERSON, type="skeleton"),
            "fewer elements than expected (0 vs 2, label 'person')",
        ),
        (
            lambda: skeleton(PERSON, [keypoint(HEAD, [1, 2])]),
            "fewer elements than expected (1 vs 2, label 'person')",
        ),
        (
            lambda: skeleton(PERSON, [*HEAD_AND_HAND, keypoint(HEAD, [1, 2])]),
            "multiple elements with same sublabel ('head' of label 'person')",
        ),
        (
            lambda: skeleton(PERSON, [keypoint(9, [1, 2])]),
            "unknown sublabel ID (9, label 'person')",
        ),
        (
            lambda: skeleton(PERSON, [keypoint(HEAD, [1, 2], id=1)]),
            "shape element with preset id",
        ),
        (
            lambda: skeleton(PERSON, [keypoint(HEAD, [1, 2], source="x")]),
            "shape element with preset source",
        ),
        (
            lambda: skeleton(PERSON, [_framed(keypoint(HEAD, [1, 2]), 2)]),
            "shape element with unexpected frame number (2)",
        ),
        (
            lambda: skeleton(PERSON, [_typed(keypoint(HEAD, [1, 2]), "mask")]),
            "element type other than 'points' (mask)",
        ),
        (lambda: skeleton(PERSON, [keypoint(HEAD, [1])]), "an element needs exactly 1 point"),
        (lambda: skeleton(PERSON, [keypoint(HEAD, [1, 2, 3, 4])]), "exactly 1 point"),
        (
            lambda: skeleton(PERSON, HEAD_AND_HAND, points=[1, 2]),
            "a skeleton needs elements and no points",
        ),
    ],
)
def test_a_broken_rule_is_told_with_frame_annotation_and_label(make: Any, message: str) -> None:
    with pytest.raises(BadFunctionError) as caught:
        remap(rectangle(CAR, BOX), make())
    assert str(caught.value).startswith("frame 7 ('a.jpg'), annotation 1: ")
    assert message in str(caught.value)


def test_a_mask_is_refused_when_polygons_were_asked_for() -> None:
    mask = cvataa.mask(ANYTHING, [0, 1, 0, 0, 0, 0])
    with pytest.raises(BadFunctionError, match="mask shape despite conv_mask_to_poly=True"):
        remap(mask, conv_mask_to_poly=True)


def _framed(annotation: Any, frame: int) -> Any:
    annotation.frame = frame
    return annotation


def _typed(annotation: Any, kind: str) -> Any:
    annotation.type = kind
    return annotation


def _poked(annotation: Any) -> Any:
    annotation.points[1] = math.nan
    return annotation
