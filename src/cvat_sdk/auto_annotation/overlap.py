"""How much shapes have in common: the area of both over the area of either (IoU).

Exact for rectangles, turned or not, for polygons, and for masks, whose pixels are squares. An
ellipse counts as a polygon of 128 corners, which has 99.96 % of its area.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec.structs import astuple

from cvat_sdk.masks import decode_part
from cvat_sdk.models import LabeledShape, LabeledShapeRequest, ShapeType

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

Shape: TypeAlias = LabeledShape | LabeledShapeRequest

# The types of shapes that have an area.
FLAT = frozenset({ShapeType.RECTANGLE, ShapeType.POLYGON, ShapeType.ELLIPSE, ShapeType.MASK})
_TYPE, _LABEL_ID, _ROTATION, _POINTS = map(
    LabeledShape.__struct_fields__.index, ("type", "label_id", "rotation", "points")
)
_RECTANGLE = ShapeType.RECTANGLE
# Pairs that are looked at together; each takes some 100 bytes meanwhile.
_PAIRS = 500_000


def iou(one: Shape, other: Shape) -> float:
    """Return the area that two shapes have in common over the area that they have together.

    Args:
        one: of a type in `FLAT`, with correct points.
        other: the same.

    Returns:
        From 0 to 1; 0 if neither has an area.
    """
    return _iou(area(one), area(other))


def covered(new: Sequence[Shape], old: Sequence[Shape], threshold: float) -> list[bool]:
    """Tell of each new shape whether some old one of the same label is much the same.

    Args:
        new: N shapes of one frame, of types in `FLAT`, with correct points.
        old: M shapes, likewise.
        threshold: over 0, at most 1: the IoU from which on they are.

    Returns:
        N answers.
    """
    if not (new and old):
        return [False] * len(new)
    there, step = _Shapes(old), max(1, _PAIRS // len(old))
    answers = []
    for start in range(0, len(new), step):
        answers += _covered(_Shapes(new[start : start + step]), there, threshold)
    return answers


class _Shapes:
    """Shapes as arrays: labels of shape (N,), boxes of shape (N, 4), and which are their boxes."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        import numpy as np

        # Quicker than to ask each record for each field.
        columns = list(zip(*map(astuple, shapes), strict=True))
        kinds, turns, points = columns[_TYPE], columns[_ROTATION], columns[_POINTS]
        plain = [kind is _RECTANGLE and not turn for kind, turn in zip(kinds, turns, strict=True)]
        self._shapes = shapes
        self._areas: dict[int, Area] = {}
        self.plain = np.array(plain)
        self.labels = np.array(columns[_LABEL_ID])
        self.boxes = np.array(
            [numbers if plain[i] else self.area(i).box for i, numbers in enumerate(points)], float
        )
        # The corners of a rectangle may come in any order.
        corners = self.boxes.reshape(-1, 2, 2)
        corners.sort(axis=1)

    def area(self, index: int) -> Area:
        if index not in self._areas:
            self._areas[index] = area(self._shapes[index])
        return self._areas[index]


def _covered(new: _Shapes, old: _Shapes, threshold: float) -> list[bool]:
    common = _common_of_boxes(new.boxes, old.boxes)
    common[new.labels[:, None] != old.labels] = 0
    together = _sizes(new.boxes)[:, None] + _sizes(old.boxes) - common
    plain = new.plain[:, None] & old.plain
    found = (plain & (common > 0) & (common >= threshold * together)).any(axis=1)
    # For other shapes, that their boxes meet tells no more than that a closer look is needed.
    for row, column in zip(*(~plain & (common > 0)).nonzero(), strict=True):
        if not found[row]:
            found[row] = _iou(new.area(row), old.area(column)) >= threshold
    answers: list[bool] = found.tolist()
    return answers


def _common_of_boxes(new: Floats, old: Floats) -> Floats:
    """Return what each of N boxes has in common with each of M, shape (N, M), in pixels."""
    import numpy as np

    # Side by side, since numpy is slow where the last axis is short.
    left, top, right, bottom = new.T[:, :, None]
    width = np.minimum(right, old[:, 2]) - np.maximum(left, old[:, 0])
    height = np.minimum(bottom, old[:, 3]) - np.maximum(top, old[:, 1])
    common: Floats = np.maximum(width, 0) * np.maximum(height, 0)
    return common


def _sizes(boxes: Floats) -> Floats:
    sizes: Floats = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return sizes


def _iou(one: Area, other: Area) -> float:
    common = one.common(other)
    return common / (one.size + other.size - common) if common else 0.0


class Area:
    """What a shape covers.

    Attributes:
        box: left, top, right, bottom, in pixels.
        size: in pixels.
        geometry: as shapely knows it.
    """

    box: Sequence[float]
    size: float
    geometry: Any

    def common(self, other: Area) -> float:
        """Return the size of what both cover."""
        size: float = self.geometry.intersection(other.geometry).area
        return size


class _Outlined(Area):
    def __init__(self, geometry: Any) -> None:
        self.geometry, self.box, self.size = geometry, geometry.bounds, geometry.area


class _Pixels(Area):
    def __init__(self, points: Sequence[float]) -> None:
        self._bitmap, (left, top) = decode_part(points)
        height, width = self._bitmap.shape
        self.edges = self.box = (left, top, left + width, top + height)
        self.size = int(self._bitmap.sum())

    def common(self, other: Area) -> float:
        if not isinstance(other, _Pixels):
            return super().common(other)
        left, top = map(max, self.edges[:2], other.edges[:2])
        right, bottom = map(min, self.edges[2:], other.edges[2:])
        inside = left, top, max(left, right), max(top, bottom)
        return int((self._part(*inside) & other._part(*inside)).sum())

    def _part(self, left: int, top: int, right: int, bottom: int) -> NDArray[np.bool_]:
        x, y = self.edges[:2]
        return self._bitmap[top - y : bottom - y, left - x : right - x]

    @cached_property
    def geometry(self) -> Any:
        """The runs of all rows, as one area."""
        import numpy as np
        import shapely

        left, top = self.edges[:2]
        framed = np.pad(self._bitmap, ((0, 0), (1, 1))).astype(np.int8)
        rows, edges = np.diff(framed).nonzero()
        y, x1, x2 = rows[::2] + top, edges[::2] + left, edges[1::2] + left
        return shapely.union_all(shapely.box(x1, y, x2, y + 1))


def area(shape: Shape) -> Area:
    """Return what a shape of a type in `FLAT` covers."""
    if shape.type is ShapeType.MASK:
        return _Pixels(shape.points)
    outline = _OUTLINES[shape.type](shape.points)
    return _Outlined(_turned(outline, angle) if (angle := shape.get("rotation")) else outline)


def _turned(outline: Any, angle: float) -> Any:
    from shapely import affinity

    # Y grows downwards, which makes of shapely's turns to the left those of CVAT to the right.
    return affinity.rotate(outline, angle)


def _rectangle(points: Sequence[float]) -> Any:
    import shapely

    (x1, x2), (y1, y2) = sorted(points[::2]), sorted(points[1::2])
    return shapely.box(x1, y1, x2, y2)


def _polygon(points: Sequence[float]) -> Any:
    import numpy as np
    import shapely

    outline = shapely.polygons(np.reshape(points, (-1, 2)))
    # An outline that crosses itself has no area otherwise.
    return shapely.make_valid(outline, method="structure", keep_collapsed=False)


def _ellipse(points: Sequence[float]) -> Any:
    import shapely
    from shapely import affinity

    x, y, right, top = points
    circle = shapely.Point(x, y).buffer(1, quad_segs=32)
    return affinity.scale(circle, right - x, y - top)


_OUTLINES = {
    ShapeType.RECTANGLE: _rectangle,
    ShapeType.POLYGON: _polygon,
    ShapeType.ELLIPSE: _ellipse,
}
