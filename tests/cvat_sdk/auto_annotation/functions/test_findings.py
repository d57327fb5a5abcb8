"""What models find as annotations, from arrays that are made here."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from cvat_sdk.auto_annotation.functions import findings
from cvat_sdk.auto_annotation.functions.findings import Segment
from cvat_sdk.masks import decode_mask


def test_rectangles_have_plain_numbers() -> None:
    (shape,) = findings.rectangles(
        np.array([[1.5, 2, 3, 4]], np.float32), np.array([7]), np.array([1.0000001], np.float32)
    )
    assert (shape.type.value, shape.label_id, shape.points) == ("rectangle", 7, [1.5, 2, 3, 4])
    assert shape.score == 1
    assert {type(number) for number in [*shape.points, shape.score]} == {float}


@pytest.mark.parametrize(
    ("box", "corner", "shape"),
    [
        ([10.4, 20.6, 30.2, 50.1], (10, 20), (31, 21)),
        ([-5, -5, 10, 10], (0, 0), (10, 10)),
        ([90, 50, 140, 90], (90, 50), (30, 10)),
    ],
)
def test_a_mask_is_made_in_its_box_only(
    box: list[float], corner: tuple[int, int], shape: tuple[int, int]
) -> None:
    segment = findings.in_box(np.ones((28, 28), np.float32), box, (100, 80))
    assert segment is not None
    assert segment.corner_xy == corner
    assert segment.part.shape == shape
    assert segment.part[1:-1, 1:-1].all()


@pytest.mark.parametrize("box", [[5, 5, 5, 9], [100, 0, 120, 20], [-9, 0, 0, 10]])
def test_a_box_without_a_pixel_in_the_image_has_no_mask(box: list[float]) -> None:
    assert findings.in_box(np.ones((28, 28), np.float32), box, (100, 80)) is None


@pytest.mark.parametrize(("value", "is_inside"), [(0.5, True), (0.4999, False)])
def test_half_a_probability_is_inside(value: float, is_inside: bool) -> None:
    segment = findings.in_box(np.full((28, 28), value, np.float32), [0, 0, 56, 56], (56, 56))
    assert segment is not None
    assert segment.part[28, 28] == is_inside


def two_parts_and_a_hole() -> Segment:
    part = np.zeros((8, 20), dtype=bool)
    part[0:8, 0:10] = True
    part[3:5, 3:5] = False
    part[2:6, 14:20] = True
    return Segment(part, (5, 6))


def test_a_segment_is_one_mask() -> None:
    segment = two_parts_and_a_hole()
    (shape,) = findings.segments([(segment, 3, 0.98765)], as_polygons=False)
    assert (shape.type.value, shape.label_id, shape.score) == ("mask", 3, 0.9877)
    bitmap = decode_mask(shape.points, image_width=40, image_height=30)
    assert (bitmap[6:14, 5:25] == segment.part).all()
    assert bitmap.sum() == segment.part.sum()


def test_a_segment_is_a_polygon_for_each_part_without_holes() -> None:
    shapes = findings.segments([(two_parts_and_a_hole(), 3, 0.5)], as_polygons=True)
    assert [(shape.type.value, shape.label_id, shape.score) for shape in shapes] == [
        ("polygon", 3, 0.5)
    ] * 2
    lefts = [min(shape.points[::2]) for shape in shapes]
    assert lefts == [5, 19]


@pytest.mark.parametrize("as_polygons", [False, True])
def test_an_empty_segment_is_left_out(as_polygons: bool) -> None:
    empty = Segment(np.zeros((3, 3), dtype=bool), (0, 0))
    assert findings.segments([(empty, 0, 1.0)], as_polygons=as_polygons) == []


def test_points_that_are_not_visible_are_occluded() -> None:
    (shape,) = findings.skeletons(
        np.array([[[1, 2], [3, 4]]], np.float32),
        np.array([[True, False]]),
        np.array([1]),
        np.array([0.25]),
    )
    assert [(e.label_id, e.points, e.occluded) for e in shape.elements] == [
        (0, [1, 2], False),
        (1, [3, 4], True),
    ]
    assert shape.score == 0.25


def test_the_tightest_box_of_nothing_is_none() -> None:
    assert findings.tightest(np.zeros((3, 3), dtype=bool)) is None


def test_images_of_one_size_are_run_together_and_come_back_in_order() -> None:
    calls: list[int] = []

    def run(images: list[SimpleNamespace]) -> list[str]:
        calls.append(len(images))
        return [image.name for image in images]

    sizes = {"a": (4, 3), "b": (3, 4), "c": (4, 3)}
    images = [SimpleNamespace(name=name, size=size) for name, size in sizes.items()]
    assert findings.by_size(run)(images) == ["a", "b", "c"]
    assert calls == [2, 1]


def test_a_small_map_is_enlarged_around_the_object() -> None:
    logits = np.full((64, 64), -1.0, np.float32)
    logits[10:20, 30:50] = 1
    segment = findings.enlarged(logits, (640, 320))
    assert segment is not None
    assert segment.corner_xy == (300, 50)
    assert segment.part.shape == (50, 200)
    assert segment.part.mean() > 0.98


def test_a_map_without_an_object_is_none() -> None:
    assert findings.enlarged(np.full((4, 4), -1.0, np.float32), (8, 8)) is None


def test_the_largest_part_stays_with_its_holes() -> None:
    largest = findings.largest_part(two_parts_and_a_hole())
    assert (largest.corner_xy, largest.part.shape) == ((5, 6), (8, 10))
    assert largest.part.sum() == 80 - 4
