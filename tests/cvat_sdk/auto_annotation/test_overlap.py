"""How much shapes have in common."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pycocotools.mask
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation.overlap import covered, iou
from cvat_sdk.masks import encode_mask
from cvat_sdk.models import LabeledShapeRequest

Box = tuple[float, float, float, float]


def drawn(text: str, label: int = 1) -> LabeledShapeRequest:
    """Return the mask of a text grid."""
    rows = [[mark == "#" for mark in line] for line in text.split()]
    return cvataa.mask(label, encode_mask(rows))


def rectangle(points: Sequence[float], label: int = 1, **fields: Any) -> LabeledShapeRequest:
    return cvataa.rectangle(label, points, **fields)


def polygon(*points: float) -> LabeledShapeRequest:
    return cvataa.polygon(1, points)


def ellipse(*points: float, **fields: Any) -> LabeledShapeRequest:
    return cvataa.shape(1, type="ellipse", points=points, **fields)


SQUARE = rectangle([0, 0, 10, 10])
L_MASK = drawn("#... #... #### ####")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (SQUARE, rectangle([0, 0, 10, 10]), 1),
        (SQUARE, rectangle([5, 0, 15, 10]), 1 / 3),
        (SQUARE, rectangle([15, 10, 5, 0]), 1 / 3),
        (SQUARE, rectangle([10, 0, 20, 10]), 0),
        (SQUARE, rectangle([2, 2, 4, 4]), 0.04),
        (SQUARE, rectangle([0, 0, 10, 10], rotation=90), 1),
        (rectangle([0, 0, 20, 10]), rectangle([5, -5, 15, 15], rotation=90), 1),
        # A square that is turned by 45 degrees leaves an octagon of it.
        (SQUARE, rectangle([0, 0, 10, 10], rotation=45), 0.7071),
        (rectangle([0, 0, 0, 0]), rectangle([0, 0, 0, 0]), 0),
        (SQUARE, polygon(0, 0, 10, 0, 10, 10, 0, 10), 1),
        (SQUARE, polygon(0, 0, 10, 0, 0, 10), 0.5),
        (polygon(0, 0, 10, 0, 10, 20), ellipse(100, 100, 110, 90), 0),
        # An outline that crosses itself: two triangles of 25 each.
        (SQUARE, polygon(0, 0, 10, 10, 10, 0, 0, 10), 0.5),
        # One that goes twice around a part of its area.
        (SQUARE, polygon(0, 0, 10, 0, 10, 10, 2, 10, 2, 4, 6, 4, 6, 6, 0, 6), 0.92),
        (polygon(0, 0, 5, 5, 10, 10), polygon(0, 0, 5, 5, 10, 10), 0),
        (ellipse(5, 5, 10, 0), ellipse(5, 5, 10, 0), 1),
        (SQUARE, ellipse(5, 5, 10, 0), np.pi / 4),
        (rectangle([0, 0, 20, 10]), ellipse(10, 5, 20, 0), np.pi / 4),
        (ellipse(10, 10, 20, 5, rotation=90), ellipse(10, 10, 15, 0), 1),
        (L_MASK, L_MASK, 1),
        (L_MASK, rectangle([0, 0, 4, 4]), 10 / 16),
        (L_MASK, polygon(0, 0, 1, 0, 1, 2, 4, 2, 4, 4, 0, 4), 1),
        (L_MASK, drawn("#### #### .... ...."), 2 / 16),
        (L_MASK, drawn(".... ...#"), 0),
        (drawn("#. .#"), rectangle([0, 0, 2, 2]), 0.5),
        (drawn("."), drawn("."), 0),
        (drawn("."), SQUARE, 0),
    ],
)
def test_the_common_area_over_the_whole_one(
    one: LabeledShapeRequest, other: LabeledShapeRequest, expected: float
) -> None:
    assert iou(one, other) == pytest.approx(expected, abs=1e-3)
    assert iou(other, one) == pytest.approx(expected, abs=1e-3)


def test_shapes_turn_as_the_hands_of_a_clock_do() -> None:
    # The right end goes down, where y is greater.
    x, y = np.cos(np.pi / 6), np.sin(np.pi / 6)
    corners = [(10, -2), (10, 2), (-10, 2), (-10, -2)]
    turned = polygon(*(n for u, v in corners for n in (10 + u * x - v * y, 10 + u * y + v * x)))
    assert iou(rectangle([0, 8, 20, 12], rotation=30), turned) == pytest.approx(1)
    assert iou(rectangle([0, 8, 20, 12], rotation=330), turned) < 0.2


numbers = st.integers(0, 30)
boxes = st.tuples(numbers, numbers, st.integers(1, 20), st.integers(1, 20)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)
masks = st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=5, max_size=5).map(
    np.array
)


def as_polygon(box: Box) -> LabeledShapeRequest:
    left, top, right, bottom = box
    return polygon(left, top, right, top, right, bottom, left, bottom)


def as_mask(box: Box) -> LabeledShapeRequest:
    bitmap = np.zeros((60, 60), dtype=bool)
    left, top, right, bottom = map(int, box)
    bitmap[top:bottom, left:right] = True
    return cvataa.mask(1, encode_mask(bitmap))


AS = [rectangle, as_polygon, as_mask]


@settings(deadline=None)
@given(boxes, boxes)
def test_the_same_areas_have_the_same_in_common_whatever_their_type(one: Box, other: Box) -> None:
    wide = [[left, top, right - left, bottom - top] for left, top, right, bottom in (one, other)]
    expected = pycocotools.mask.iou(np.array(wide[:1], float), np.array(wide[1:], float), [0])[0, 0]
    for make, remake in itertools.product(AS, AS):
        assert iou(make(one), remake(other)) == pytest.approx(expected)


@settings(deadline=None)
@given(masks, masks, st.integers(0, 3), st.integers(0, 3))
def test_masks_are_compared_pixel_by_pixel(
    one: np.ndarray[Any, Any], other: np.ndarray[Any, Any], dx: int, dy: int
) -> None:
    first, second = np.zeros((2, 9, 9), dtype=bool)
    first[:5, :6] = one
    second[dy : dy + 5, dx : dx + 6] = other
    first[0, 0] = second[8, 8] = True
    coded = [pycocotools.mask.encode(np.asfortranarray(mask, np.uint8)) for mask in (first, second)]
    expected = pycocotools.mask.iou(coded[:1], coded[1:], [0])[0, 0]
    shapes = [cvataa.mask(1, encode_mask(mask)) for mask in (first, second)]
    assert iou(shapes[0], shapes[1]) == pytest.approx(expected)


@st.composite
def shapes_of_all_kinds(draw: st.DrawFn) -> LabeledShapeRequest:
    made: LabeledShapeRequest = draw(st.sampled_from(AS))(draw(boxes))
    if made.type == "rectangle":
        made.rotation = draw(st.sampled_from([0, 0, 30, 90]))
    made.label_id = draw(st.integers(1, 2))
    return made


@settings(deadline=None)
@given(
    st.lists(shapes_of_all_kinds(), max_size=6),
    st.lists(shapes_of_all_kinds(), max_size=6),
    st.sampled_from([0.1, 0.5, 0.9]),
)
def test_many_at_once_are_the_same_as_one_by_one(
    new: list[LabeledShapeRequest], old: list[LabeledShapeRequest], threshold: float
) -> None:
    assert covered(new, old, threshold) == [
        any(a.label_id == b.label_id and iou(a, b) >= threshold for b in old) for a in new
    ]


def test_more_pairs_than_are_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvat_sdk.auto_annotation.overlap._PAIRS", 5)
    old = [rectangle([10 * i, 0, 10 * i + 10, 10]) for i in range(3)]
    new = [rectangle([10 * i + 1, 0, 10 * i + 10, 10]) for i in range(5)]
    assert covered(new, old, 0.8) == [True, True, True, False, False]


def test_corners_may_come_in_any_order() -> None:
    old = [rectangle([10, 0, 0, 10]), rectangle([20, 10, 10, 0])]
    assert covered([rectangle([10, 10, 0, 0]), rectangle([10, 0, 20, 10])], old, 1) == [True, True]


def test_the_threshold_itself_counts() -> None:
    half = rectangle([0, 0, 10, 5])
    assert covered([half, as_polygon((0, 0, 10, 5))], [SQUARE], 0.5) == [True, True]
    assert covered([half, as_polygon((0, 0, 10, 5))], [SQUARE], 0.51) == [False, False]
