"""What the points of a shape of each type must be like.

Both the driver, before it sends, and the hub, before it stores, check shapes with these rules.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cvat_sdk.masks import whole_mask

# The least number of points (x, y) of a type, and whether it may have more.
POINTS = {
    "rectangle": (2, False),
    "polygon": (3, True),
    "polyline": (2, True),
    "points": (1, True),
    "ellipse": (2, False),
    "cuboid": (8, False),
}
# The same in numbers, for the types of a fixed size: the quickest test that there is.
_NUMBERS = {kind: 2 * least for kind, (least, more) in POINTS.items() if not more}


def check_points(kind: str, points: Sequence[float]) -> None:
    """Check the points of a shape.

    Args:
        kind: the type of the shape, as `ShapeType` has it.
        points: x before y, in pixels; of a mask, what `encode_mask` returns; of a skeleton, none.

    Raises:
        ValueError: the number of points is wrong, a number is NaN or infinite, or the runs of a
            mask don't fill its box. The message says what was expected and what came.

    >>> check_points("rectangle", [10, 10, 20])
    Traceback (most recent call last):
    ValueError: a rectangle needs exactly 2 points (4 numbers), got 3 numbers
    """
    if kind == "mask":
        whole_mask(points)
        return
    if len(points) != _NUMBERS.get(kind):
        _check_number(kind, len(points))
    if not math.isfinite(sum(points)):
        _check_finite(points)


def _check_finite(points: Sequence[float]) -> None:
    for index, number in enumerate(points):
        if not math.isfinite(number):
            raise ValueError(f"number {index} is {number}, which is not finite")


def _check_number(kind: str, count: int) -> None:
    if kind == "skeleton":
        if count:
            raise ValueError(f"a skeleton needs elements and no points, got {count} numbers")
        return
    least, more = POINTS[kind]
    if count % 2 or count < 2 * least or (count > 2 * least and not more):
        quantity = "at least" if more else "exactly"
        noun = "point" if least == 1 else "points"
        raise ValueError(
            f"a {kind} needs {quantity} {least} {noun} ({2 * least} numbers), got {count} numbers"
            + (", an odd count" if more and count % 2 else "")
        )
