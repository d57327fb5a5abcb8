"""The points of each type of shape."""

from __future__ import annotations

import math

import pytest

from cvat_sdk.shapes import check_points


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("rectangle", 4),
        ("ellipse", 4),
        ("cuboid", 16),
        ("polygon", 6),
        ("polygon", 100),
        ("polyline", 4),
        ("points", 2),
        ("points", 34),
        ("skeleton", 0),
    ],
)
def test_the_right_number_of_points_is_taken(kind: str, count: int) -> None:
    check_points(kind, [1.0] * count)


@pytest.mark.parametrize(
    ("kind", "count", "message"),
    [
        ("rectangle", 3, r"exactly 2 points \(4 numbers\), got 3 numbers"),
        ("rectangle", 6, "exactly 2 points"),
        ("rectangle", 0, "exactly 2 points"),
        ("ellipse", 2, "exactly 2 points"),
        ("cuboid", 14, "exactly 8 points"),
        ("polygon", 4, r"at least 3 points \(6 numbers\), got 4 numbers"),
        ("polygon", 7, "an odd count"),
        ("polyline", 2, "at least 2 points"),
        ("points", 0, r"at least 1 point \(2 numbers\)"),
        ("points", 3, "an odd count"),
        ("skeleton", 2, "elements and no points"),
        ("mask", 4, "too few elements"),
    ],
)
def test_a_wrong_number_of_points_is_refused(kind: str, count: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_points(kind, [1.0] * count)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match=r"number 2 is .*, which is not finite"):
        check_points("rectangle", [0.0, 0.0, bad, 1.0])


def test_the_runs_of_a_mask_fill_its_box() -> None:
    check_points("mask", [1.0, 3.0, 0.0, 0.0, 1.0, 1.0])
    with pytest.raises(ValueError, match="the runs have 5 pixels, the box has 4"):
        check_points("mask", [1.0, 4.0, 0.0, 0.0, 1.0, 1.0])
