"""What of a function's results is new to a task."""

from __future__ import annotations

import math
import sys
from typing import Any

import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation.merging import Merger
from cvat_sdk.models import LabeledData, LabeledShape

SQUARE = [0, 0, 10, 10]
CAR, BUS = 1, 2


def there(*points: float, kind: str = "rectangle", frame: int = 3) -> LabeledShape:
    return LabeledShape(kind, CAR, frame, points=points)


def test_what_is_there_already_is_left_out_and_the_order_is_kept() -> None:
    merger = Merger(LabeledData(shapes=[there(*SQUARE), there(50, 50, 60, 60)]))
    new = [
        cvataa.rectangle(CAR, [20, 20, 30, 30]),
        cvataa.rectangle(CAR, [1, 0, 10, 10]),
        cvataa.rectangle(BUS, SQUARE),
        cvataa.polygon(CAR, [50, 50, 60, 50, 60, 60, 50, 60]),
        cvataa.rectangle(CAR, [8, 0, 18, 10]),
    ]
    assert merger.keep(3, new) == [new[0], new[2], new[4]]
    assert merger.keep(4, new) == new
    assert merger.keep(3, []) == []


def test_new_shapes_are_not_compared_with_each_other() -> None:
    merger = Merger(LabeledData(shapes=[there(50, 50, 60, 60)]))
    new = [cvataa.rectangle(CAR, SQUARE), cvataa.rectangle(CAR, SQUARE)]
    assert merger.keep(3, new) == new


def test_the_threshold_says_how_much_is_the_same() -> None:
    data, new = LabeledData(shapes=[there(*SQUARE)]), [cvataa.rectangle(CAR, [0, 0, 10, 8])]
    assert Merger(data, 0.8).keep(3, new) == []
    assert Merger(data, 0.81).keep(3, new) == new


@pytest.mark.parametrize("threshold", [0, -0.1, 1.01, math.nan])
def test_a_threshold_out_of_its_range_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="iou_threshold must be over 0 and at most 1"):
        Merger(LabeledData(), threshold)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("polyline", {"points": [0, 0, 1, 1]}),
        ("points", {"points": [0, 0]}),
        ("cuboid", {"points": [0.0] * 16}),
        ("skeleton", {"elements": []}),
    ],
)
def test_shapes_without_an_area_are_always_kept(kind: str, fields: dict[str, Any]) -> None:
    shape = cvataa.shape(CAR, type=kind, **fields)
    same = LabeledShape(kind, CAR, 3, **fields)
    new = [shape, cvataa.rectangle(CAR, SQUARE), shape]
    assert Merger(LabeledData(shapes=[same])).keep(3, new) == new
    assert Merger(LabeledData(shapes=[same, there(*SQUARE)])).keep(3, new) == [shape, shape]


def test_a_task_without_annotations_takes_all() -> None:
    new = [cvataa.rectangle(CAR, SQUARE)]
    assert Merger(LabeledData()).keep(0, new) == new


def test_boxes_need_no_geometry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shapely", None)
    merger = Merger(LabeledData(shapes=[there(*SQUARE)]))
    assert merger.keep(3, [cvataa.rectangle(CAR, SQUARE)]) == []
