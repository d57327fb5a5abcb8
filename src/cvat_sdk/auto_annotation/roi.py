"""The part of an image that a function sees, its region of interest.

A region is left, top, right and bottom in pixels, the latter two exclusive. What is not whole is
rounded outwards, and what lies out of the image is cut off, so that one region serves images of
several sizes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cvat_sdk.exceptions import SelectionError
from cvat_sdk.models import LabeledImageRequest, LabeledShapeRequest, SubLabeledShapeRequest

if TYPE_CHECKING:
    import PIL.Image


def check(roi: Sequence[float]) -> None:
    """Check a region before there are images.

    Raises:
        SelectionError: it is not four finite numbers, or has no pixels inside any image.
    """
    if len(roi) != 4 or not all(map(math.isfinite, roi)):
        raise SelectionError(f"roi: {roi!r} is not four numbers: left, top, right, bottom")
    left, top, right, bottom = roi
    if not (max(left, 0) < right and max(top, 0) < bottom):
        raise SelectionError(
            f"roi: {roi!r} is empty: right must be greater than left, and bottom than top"
        )


def box(roi: Sequence[float], image_size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the region's pixels in an image of size (W, H): left, top, right, bottom.

    Raises:
        SelectionError: there are none.

    >>> box((10.5, -5, 900, 20), (640, 480))
    (10, 0, 640, 20)
    """
    check(roi)
    left, top = (max(0, math.floor(number)) for number in roi[:2])
    right, bottom = (
        min(size, math.ceil(number)) for number, size in zip(roi[2:], image_size, strict=True)
    )
    if left >= right or top >= bottom:
        width, height = image_size
        raise SelectionError(f"roi: {roi!r} lies out of an image of {width} x {height} pixels")
    return left, top, right, bottom


def crop(image: PIL.Image.Image, roi: Sequence[float]) -> PIL.Image.Image:
    """Return the part of an image that the region covers, as an image of its own.

    Raises:
        SelectionError: the region lies out of the image.
    """
    return image.crop(box(roi, image.size))


def shift(
    tags: Iterable[LabeledImageRequest],
    shapes: Iterable[LabeledShapeRequest],
    roi: Sequence[float],
    image_size: tuple[int, int],
) -> None:
    """Move what was found in a cropped image to where it is in the whole one, in place.

    Args:
        tags: they have no place, and stay as they are.
        shapes: checked ones, with whole numbers in masks.
        roi: as it was given to `crop`.
        image_size: (W, H) of the whole image.
    """
    left, top, _, _ = box(roi, image_size)
    for shape in shapes:
        _move(shape, left, top)
        for element in shape.get("elements") or ():
            _move(element, left, top)


def _move(shape: LabeledShapeRequest | SubLabeledShapeRequest, left: int, top: int) -> None:
    points = shape.get("points")
    if not points:
        return
    if isinstance(shape, LabeledShapeRequest) and shape.type == "mask":
        x1, y1, x2, y2 = map(int, points[-4:])
        moved = [x1 + left, y1 + top, x2 + left, y2 + top]
        shape.settle_mask([*map(int, points[:-4]), *moved])
    else:
        shape.points = [number + (top if i % 2 else left) for i, number in enumerate(points)]
