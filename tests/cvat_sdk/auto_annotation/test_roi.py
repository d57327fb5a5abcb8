"""The part of an image that a function sees."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation import roi
from cvat_sdk.exceptions import SelectionError
from cvat_sdk.masks import decode_mask, encode_mask
from cvat_sdk.models import LabeledShapeRequest

SIZE = (20, 10)


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ((2, 3, 8, 9), (2, 3, 8, 9)),
        ((2.9, 3.1, 7.1, 8.9), (2, 3, 8, 9)),
        ((-5, -5, 100, 100), (0, 0, 20, 10)),
        ((0, 0, 20, 10), (0, 0, 20, 10)),
        ((19.5, 9.5, 19.6, 9.6), (19, 9, 20, 10)),
        ([2, 3, 8, 9], (2, 3, 8, 9)),
        ((20, 0, 25, 5), "lies out of an image of 20 x 10 pixels"),
        ((0, 12, 5, 15), "lies out of an image of 20 x 10 pixels"),
        ((-5, 0, 0, 5), "is empty"),
        ((8, 3, 2, 9), "is empty"),
        ((2, 3, 2, 9), "is empty"),
        ((2, 3, 8), "is not four numbers"),
        ((2, 3, 8, math.nan), "is not four numbers"),
        ((2, 3, math.inf, 9), "is not four numbers"),
    ],
)
def test_a_region_is_whole_pixels_of_the_image(region: Any, expected: Any) -> None:
    if isinstance(expected, tuple):
        assert roi.box(region, SIZE) == expected
    else:
        with pytest.raises(SelectionError, match=expected):
            roi.box(region, SIZE)


def test_the_function_sees_the_pixels_of_the_region() -> None:
    pixels = np.arange(200, dtype=np.uint8).reshape(10, 20)
    part = roi.crop(PIL.Image.fromarray(pixels), (2.5, 3, 8, 100))
    assert np.array_equal(np.asarray(part), pixels[3:10, 2:8])


def element(*points: float) -> Any:
    return cvataa.keypoint(1, points)


@pytest.mark.parametrize(
    ("shape", "points"),
    [
        (cvataa.rectangle(1, [0, 1, 2, 3]), [5, 5, 7, 7]),
        (cvataa.polygon(1, [0, 1, 2, 3, 4, 5]), [5, 5, 7, 7, 9, 9]),
        (cvataa.shape(1, type="polyline", points=[0, 1, 2, 3]), [5, 5, 7, 7]),
        (cvataa.shape(1, type="points", points=[0, 1]), [5, 5]),
        (cvataa.shape(1, type="ellipse", points=[3, 3, 5, 1]), [8, 7, 10, 5]),
        (cvataa.shape(1, type="cuboid", points=[0.5] * 16), [5.5, 4.5] * 8),
        (cvataa.mask(1, [0, 1, 3, 0, 1, 1, 2]), [0, 1, 3, 5, 5, 6, 6]),
    ],
)
def test_shapes_are_moved_to_where_they_are_in_the_whole_image(
    shape: LabeledShapeRequest, points: list[float]
) -> None:
    roi.shift([], [shape], (5.9, 4.2, 15, 9), SIZE)
    assert list(shape.points) == points


def test_elements_of_skeletons_are_moved() -> None:
    skeleton = cvataa.skeleton(1, elements=[element(1, 2), element(0, 0)])
    roi.shift([cvataa.tag(1)], [skeleton], (5, 4, 15, 9), SIZE)
    assert [list(one.points) for one in skeleton.elements] == [[6, 6], [5, 4]]


def test_a_region_that_begins_outside_moves_nothing() -> None:
    shape = cvataa.rectangle(1, [1, 2, 3, 4])
    roi.shift([], [shape], (-5, -5, 9, 9), SIZE)
    assert list(shape.points) == [1, 2, 3, 4]


@given(st.data())
def test_a_mask_of_the_part_is_the_mask_of_the_whole(data: st.DataObject) -> None:
    left, top = data.draw(st.integers(0, 15)), data.draw(st.integers(0, 6))
    bits = data.draw(st.lists(st.booleans(), min_size=12, max_size=12))
    bits[data.draw(st.integers(0, 11))] = True
    part = np.array(bits).reshape(3, 4)
    shape = cvataa.mask(1, encode_mask(part))
    roi.shift([], [shape], (left, top, left + 4, top + 3), SIZE)
    assert all(type(number) is int for number in shape.points)
    whole = np.zeros((10, 20), dtype=bool)
    whole[top : top + 3, left : left + 4] = part
    assert np.array_equal(decode_mask(shape.points, image_width=20, image_height=10), whole)
