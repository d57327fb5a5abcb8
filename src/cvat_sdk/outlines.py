"""Masks as polygons: the outlines of their parts.

A pixel at column x and row y is the square from (x, y) to (x + 1, y + 1). An outline runs through
the middles of the pixels' outer edges, and its corners are some of those points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOLERANCE = 1.0
"""How far a simplified outline may be from the exact one, in pixels."""

AREA_ERROR = 0.01
"""What share of a part's area simplifying may change; where it would, less is simplified."""

_FINEST = 0.1

RIGHT = 0


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
    import numpy as np

    rows, columns = np.flatnonzero(bitmap.any(axis=1)), np.flatnonzero(bitmap.any(axis=0))
    if not rows.size:
        return []
    top, left = rows[0], columns[0]
    edges = _Edges.of(bitmap[top : rows[-1] + 1, left : columns[-1] + 1])
    places = edges.middles() + np.add(corner_xy, (left, top))
    return [places[loop] for loop in edges.outer_loops()]


@dataclass(frozen=True)
class _Edges:
    """Edges of pixels with the mask on one side only, walked with the mask to the right.

    All arrays are `(n,)`, in the order of the nodes, row by row: the corners of pixels that the
    edges start at, `(x, y)`, and their directions: `RIGHT`, 1 down, 2 to the left, 3 up.
    """

    x: NDArray[np.intp]
    y: NDArray[np.intp]
    direction: NDArray[np.intp]

    @classmethod
    def of(cls, bitmap: NDArray[np.bool_]) -> _Edges:
        import numpy as np

        framed = np.pad(bitmap, 1)
        width = framed.shape[1]
        pixels = framed.ravel()
        # Between each pixel and the one before it, and the one above it.
        upright = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
        level = np.flatnonzero(pixels[width:] != pixels[:-width]) + width
        is_left, is_top = pixels[upright], pixels[level]
        # From an edge's upper or left end to where the walk along it starts.
        starts = np.concatenate([upright + np.where(is_left, width, 0), level + ~is_top])
        direction = np.concatenate([np.where(is_left, 3, 1), np.where(is_top, RIGHT, 2)])
        order = np.argsort(starts, kind="stable")
        y, x = np.divmod(starts[order], width)
        return cls(x - 1, y - 1, direction[order])

    def middles(self) -> NDArray[np.float64]:
        """Return the middle of each edge `(n, 2)`, as xy."""
        import numpy as np

        half = np.array([[0.5, 0], [0, 0.5], [-0.5, 0], [0, -0.5]])
        middles: NDArray[np.float64] = np.stack([self.x, self.y], axis=1) + half[self.direction]
        return middles

    def outer_loops(self) -> list[list[int]]:
        """Return the edges of each closed line around a part, not those around holes."""
        following, direction = self._following().tolist(), self.direction.tolist()
        is_new, loops = [True] * len(following), []
        for start in range(len(following)):
            if not is_new[start]:
                continue
            loop, edge = [], start
            while is_new[edge]:
                is_new[edge] = False
                loop.append(edge)
                edge = following[edge]
            # From its first corner, row by row, a part is walked around to the right, a hole down.
            if direction[start] == RIGHT:
                loops.append(loop)
        return loops

    def _following(self) -> NDArray[np.intp]:
        """Return for each edge the one that the walk goes on with."""
        import numpy as np

        step_x, step_y = np.array([1, 0, -1, 0]), np.array([0, 1, 0, -1])
        width = int(self.x.max()) + 2
        starts = self.y * width + self.x
        ends = starts + step_y[self.direction] * width + step_x[self.direction]
        following: NDArray[np.intp] = np.searchsorted(starts, ends)
        # Where two parts touch at a corner, the walk turns right and so stays with its own.
        second = np.minimum(following + 1, len(starts) - 1)
        turns = (self.direction + 1) % 4
        is_second = (starts[second] == ends) & (self.direction[second] == turns)
        following[is_second] = second[is_second]
        return following


def _simplified(part: Any, tolerance: float) -> Any:
    import shapely

    while tolerance >= _FINEST:
        simple = shapely.simplify(part, tolerance)
        if abs(simple.area - part.area) <= AREA_ERROR * part.area:
            return simple
        tolerance /= 2
    return part
