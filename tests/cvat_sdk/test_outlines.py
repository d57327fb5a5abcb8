"""Outlines of masks, drawn as text: `#` is a pixel of the object."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from cvat_sdk.outlines import outline

Y, X = np.mgrid[:300, :400]


def drawn(*rows: str) -> NDArray[np.bool_]:
    return np.array([[pixel == "#" for pixel in row] for row in rows])


def as_shape(points: list[float]) -> shapely.Polygon:
    return shapely.Polygon(np.reshape(points, (-1, 2)))


@pytest.mark.parametrize(
    ("bitmap", "parts"),
    [
        (drawn("....", "...."), 0),
        (drawn("#"), 1),
        (drawn("##.##"), 2),
        (drawn("#.", ".#"), 2),
        (drawn("#####", "#...#", "#####"), 1),
        (drawn("#####", "#...#", "#.#.#", "#...#", "#####"), 2),
    ],
    ids=["nothing", "a pixel", "two", "touching corners", "a hole", "an island in a hole"],
)
def test_each_part_has_a_polygon(bitmap: NDArray[np.bool_], parts: int) -> None:
    polygons = outline(bitmap)
    assert len(polygons) == parts
    assert all(len(points) >= 6 and len(points) % 2 == 0 for points in polygons)


def test_the_largest_part_comes_first() -> None:

    first, second = outline(drawn("###..#", "###..."))
    assert as_shape(first).intersects(shapely.Point(1, 1))
    assert as_shape(second).intersects(shapely.Point(5.5, 0.5))


def test_the_corner_moves_the_polygon() -> None:
    bitmap = drawn("##", "##")
    moved = np.reshape(outline(bitmap, (10, 20)), (-1, 2))
    assert (moved - np.reshape(outline(bitmap), (-1, 2))).tolist() == [[10, 20]] * len(moved)


@pytest.mark.parametrize(
    "bitmap",
    [
        (X - 200) ** 2 + (Y - 150) ** 2 < 100**2,
        (X - 200) ** 2 + (Y - 150) ** 2 < 12**2,
        (X > 20) & (X < 350) & (Y > 100) & (Y < 108),
        abs(X - Y) < 3,
        ((X - 200) ** 2 + (Y - 150) ** 2 * 2 + 3000 * np.sin(X / 9) * np.cos(Y / 7)) < 90**2,
    ],
    ids=["disc", "small disc", "bar", "diagonal", "blob"],
)
def test_a_polygon_has_the_area_of_its_mask_and_its_corners_on_it(
    bitmap: NDArray[np.bool_],
) -> None:
    polygons = outline(bitmap)
    area = sum(as_shape(points).area for points in polygons)
    assert area == pytest.approx(bitmap.sum(), rel=0.02)
    padded = np.pad(bitmap, 1)
    for x, y in np.concatenate([np.reshape(points, (-1, 2)) for points in polygons]):
        # The pixels whose edges meet the corner; one of them is the mask's.
        columns, rows = {int(x), int(np.ceil(x))}, {int(y), int(np.ceil(y))}
        assert padded[np.ix_(sorted(rows | {int(y) + 1}), sorted(columns | {int(x) + 1}))].any()


def test_few_corners_are_left() -> None:
    disc = (X - 200) ** 2 + (Y - 150) ** 2 < 100**2
    assert len(outline(disc)[0]) / 2 < 60


def test_a_bitmap_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(H, W\), got \(1, 2, 2\)"):
        outline(np.zeros((1, 2, 2), dtype=bool))
