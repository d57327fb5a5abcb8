"""Masks as polygons: the outlines of their parts.

A pixel at column x and row y is the square from (x, y) to (x + 1, y + 1). An outline runs through
the middles of the pixels' outer edges, and its corners are some of those points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOLERANCE = 1.0
"""How far a simplified outline may be from the exact one, in pixels."""

AREA_ERROR = 0.01
"""What share of a part's area simplifying may change; where it would, less is simplified."""

_FINEST = 0.1


def outline(
    bitmap: NDArray[np.bool_],
    /,
    corner_xy: tuple[float, float] = (0, 0),
    *,
    tolerance: float = TOLERANCE,
) -> list[list[float]]:
    """Return a polygon around each part of a mask, the largest first; holes are ignored.

    Args:
        bitmap: shape (H, W), boolean; true inside the object. Pixels that touch at a corner only
            are different parts.
        corner_xy: where in the image the bitmap's first pixel lies.
        tolerance: how far a polygon may be from the exact outline, in pixels.

    Returns:
        `[x, y, x, y, ...]` for each part, in pixels, each point on an edge of a pixel of the mask.

    Raises:
        ValueError: the bitmap doesn't have the shape (H, W).

    >>> import numpy as np
    >>> outline(np.array([[False, True]]), (10, 20))
    [[11.5, 20.0, 12.0, 20.5, 11.5, 21.0, 11.0, 20.5]]
    """
    import shapely

    if bitmap.ndim != 2:
        raise ValueError(f"bitmap must have shape (H, W), got {bitmap.shape}")
    parts = [_simplified(shapely.polygons(line), tolerance) for line in _traced(bitmap, corner_xy)]
    parts.sort(key=lambda part: float(part.area), reverse=True)
    return [shapely.get_coordinates(part.exterior)[:-1].ravel().tolist() for part in parts]


def _traced(bitmap: NDArray[np.bool_], corner_xy: tuple[float, float]) -> list[NDArray[np.float64]]:
    """Return the closed outer line `(n, 2)`, as xy, of each part, in the image's pixels."""
    import contourpy
    import numpy as np

    rows, columns = np.flatnonzero(bitmap.any(axis=1)), np.flatnonzero(bitmap.any(axis=0))
    if not rows.size:
        return []
    top, left = rows[0], columns[0]
    part = bitmap[top : rows[-1] + 1, left : columns[-1] + 1]
    # The frame of zeros closes the lines.
    heights = np.zeros((part.shape[0] + 2, part.shape[1] + 2))
    heights[1:-1, 1:-1] = part
    generator = contourpy.contour_generator(z=heights, fill_type=contourpy.FillType.OuterOffset)
    lines, starts = generator.filled(0.5, np.inf)
    # From the middles of pixels, with the frame, to the image.
    shift = np.add(corner_xy, (left - 0.5, top - 0.5))
    return [line[: ends[1]] + shift for line, ends in zip(lines, starts, strict=True)]


def _simplified(part: Any, tolerance: float) -> Any:
    import shapely

    while tolerance >= _FINEST:
        simple = shapely.simplify(part, tolerance)
        if abs(simple.area - part.area) <= AREA_ERROR * part.area:
            return simple
        tolerance /= 2
    return part
