"""Another detection function, on parts of each image: for small objects in large images.

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.tiled \
        -p function=str:cvat_sdk.auto_annotation.functions.nanodet_detection -p tile=int:640

The parts overlap, and of what is found twice the better stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from cvat_sdk.auto_annotation import roi as regions
from cvat_sdk.auto_annotation.overlap import FLAT, area
from cvat_sdk.models import LabeledShapeRequest

from .named import function_of

__all__ = ["TiledFunction", "create", "tiles"]

Box = tuple[int, int, int, int]


def tiles(size_wh: tuple[int, int], side: int, overlap: float) -> Iterator[Box]:
    """Yield boxes (left, top, right, bottom), all of one size, that cover an image.

    Args:
        size_wh: of the image, in pixels.
        side: of a box, in pixels; boxes are smaller only where the image is.
        overlap: the least share of its side that a box has in common with the next.

    >>> list(tiles((100, 50), 60, 0.2))
    [(0, 0, 60, 50), (40, 0, 100, 50)]
    """
    lefts, tops = (_starts(length, side, overlap) for length in size_wh)
    for top in tops:
        for left in lefts:
            yield left, top, min(left + side, size_wh[0]), min(top + side, size_wh[1])


def _starts(length: int, side: int, overlap: float) -> list[int]:
    if length <= side:
        return [0]
    steps = ceil((length - side) / max(1, side * (1 - overlap)))
    return [round(i * (length - side) / steps) for i in range(steps + 1)]


@dataclass
class TiledFunction:
    """The function; see `create`."""

    inner: Any
    tile: int
    overlap: float
    same: float
    whole: bool

    def __post_init__(self) -> None:
        self.spec = self.inner.spec

    def detect(self, context: Any, image: Any) -> list[Any]:
        boxes = list(tiles(image.size, self.tile, self.overlap))
        if self.whole and len(boxes) > 1:
            boxes.append((0, 0, *image.size))
        tags: dict[int, Any] = {}
        shapes: list[LabeledShapeRequest] = []
        for box, found in zip(boxes, self._found(context, image, boxes), strict=True):
            here = [one for one in found if isinstance(one, LabeledShapeRequest)]
            regions.shift((), here, box, image.size)
            shapes += here
            for one in found:
                if not isinstance(one, LabeledShapeRequest):
                    tags.setdefault(one.label_id, one)
        return [*tags.values(), *merged(shapes, self.same)]

    def _found(self, context: Any, image: Any, boxes: Sequence[Box]) -> list[Any]:
        parts = [image.crop(box) for box in boxes]
        if callable(getattr(self.inner, "detect_batch", None)):
            return list(self.inner.detect_batch([context] * len(parts), parts))
        return [self.inner.detect(context, part) for part in parts]


def merged(shapes: Sequence[LabeledShapeRequest], same: float) -> list[LabeledShapeRequest]:
    """Return shapes without those that a better one of their label covers, the best first.

    Args:
        shapes: of types in `overlap.FLAT`; others stay.
        same: from which share on of the smaller one's area two are the same.
    """
    kept: list[LabeledShapeRequest] = []
    areas: dict[int, list[Any]] = {}
    for shape in sorted(shapes, key=lambda shape: -shape.get("score", 1.0)):
        if shape.type not in FLAT:
            kept.append(shape)
            continue
        mine, others = area(shape), areas.setdefault(shape.label_id, [])
        if not any(_is_same(mine, other, same) for other in others):
            others.append(mine)
            kept.append(shape)
    return kept


def _is_same(one: Any, other: Any, same: float) -> bool:
    (left, top, right, bottom), (x1, y1, x2, y2) = one.box, other.box
    if left >= x2 or x1 >= right or top >= y2 or y1 >= bottom:
        return False
    common = one.common(other)
    return bool(common and common >= same * min(one.size, other.size))


def create(
    function: Any,
    tile: int = 640,
    overlap: float = 0.2,
    same: float = 0.6,
    whole: bool = True,
    **parameters: Any,
) -> TiledFunction:
    """Return the function.

    Args:
        function: a detection function; its module, or the path of its file.
        tile: width and height of a part, in pixels.
        overlap: the least share of a part's side that the next one shows too, from 0 to under 1;
            objects up to that size are seen whole.
        same: of two shapes of one label that have this share of the smaller one's area in common,
            over 0 and at most 1, the one with the lower score is dropped.
        whole: the function also sees the whole image, for large objects.
        parameters: for the `create` of the function.

    Raises:
        ValueError: an argument is out of its range.
    """
    if tile < 1 or not 0 <= overlap < 1 or not 0 < same <= 1:
        raise ValueError(
            "tile must be 1 or more, overlap from 0 to under 1, same over 0 and at most 1,"
            f" got {tile}, {overlap}, {same}"
        )
    return TiledFunction(function_of(function, parameters), tile, overlap, same, whole)
