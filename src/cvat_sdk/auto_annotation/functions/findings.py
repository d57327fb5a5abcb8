"""What models find, as annotations: arrays in, rectangles, masks, polygons and skeletons out.

None of this knows a model's library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.masks import encode_part
from cvat_sdk.outlines import outline

if TYPE_CHECKING:
    import PIL.Image
    from numpy.typing import ArrayLike, NDArray

    from cvat_sdk import models

LEVEL = 0.5
"""From which probability on a pixel belongs to an object."""


@dataclass(frozen=True)
class Segment:
    """An object's pixels in a box: `part` `(h, w)`, boolean, its first pixel at `corner_xy`."""

    part: NDArray[np.bool_]
    corner_xy: tuple[int, int]


def rectangles(
    boxes: NDArray[Any], label_ids: NDArray[Any], scores: NDArray[Any]
) -> list[models.LabeledShapeRequest]:
    """Return a rectangle for each of n objects.

    Args:
        boxes: `(n, 4)` as ltrb, in the image's pixels.
        label_ids: `(n,)`.
        scores: `(n,)`, in 0..1.
    """
    return [
        cvataa.rectangle(label_id, points, score=rounded(score))
        for points, label_id, score in zip(
            boxes.tolist(), label_ids.tolist(), scores.tolist(), strict=True
        )
    ]


def segments(
    found: Iterable[tuple[Segment, int, float]], *, as_polygons: bool
) -> list[models.LabeledShapeRequest]:
    """Return a mask, or a polygon for each part, of each segment with its label's id and score.

    Segments without a pixel are left out.
    """
    return [
        shape
        for segment, label_id, score in found
        if segment.part.any()
        for shape in _shapes(segment, label_id, rounded(score), as_polygons=as_polygons)
    ]


def _shapes(
    segment: Segment, label_id: int, score: float, *, as_polygons: bool
) -> list[models.LabeledShapeRequest]:
    if not as_polygons:
        points = encode_part(segment.part, segment.corner_xy)
        return [cvataa.mask(label_id, points, score=score)]
    return [
        cvataa.polygon(label_id, points, score=score)
        for points in outline(segment.part, segment.corner_xy)
    ]


def skeletons(
    points: NDArray[Any],
    visible: NDArray[np.bool_],
    label_ids: NDArray[Any],
    scores: NDArray[Any],
) -> list[models.LabeledShapeRequest]:
    """Return a skeleton for each of n objects; its points' sublabels have the ids 0..k-1.

    Args:
        points: `(n, k, 2)` as xy, in the image's pixels.
        visible: `(n, k)`; the others are marked as occluded.
        label_ids: `(n,)`.
        scores: `(n,)`, in 0..1.
    """
    return [
        cvataa.skeleton(
            label_id,
            [
                cvataa.keypoint(i, point, occluded=not is_visible)
                for i, (point, is_visible) in enumerate(zip(places, seen, strict=True))
            ],
            score=rounded(score),
        )
        for places, seen, label_id, score in zip(
            points.tolist(), visible.tolist(), label_ids.tolist(), scores.tolist(), strict=True
        )
    ]


def tightest(bitmap: NDArray[np.bool_]) -> Segment | None:
    """Return the pixels of a mask `(H, W)` of the image in their tightest box; None: there's none.

    >>> tightest(np.array([[False, False], [False, True]])).corner_xy
    (1, 1)
    """
    rows = np.flatnonzero(bitmap.any(axis=1))
    if not rows.size:
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(bitmap[top:bottom].any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    return Segment(bitmap[top:bottom, left:right], (left, top))


def in_box(
    probabilities: NDArray[np.float32], box: ArrayLike, size_wh: tuple[int, int]
) -> Segment | None:
    """Return the pixels of an object of which a box and a small map inside of it are known.

    The map is laid over the box and interpolated, with a cell of zeros around it, as torchvision
    does (`paste_masks_in_image`); but no pixel outside the box is made.

    Args:
        probabilities: `(m, m)`, in 0..1.
        box: ltrb, in the image's pixels.
        size_wh: of the image, in pixels.

    Returns:
        The pixels in the box, rounded outwards, or None if the box has none inside the image.
    """
    box = np.asarray(box, np.float32)
    left, top = np.maximum(np.floor(box[:2]), 0).astype(int).tolist()
    right, bottom = np.minimum(np.ceil(box[2:]), size_wh).astype(int).tolist()
    if right <= left or bottom <= top:
        return None
    size = probabilities.shape[0]
    half = (box[2:] - box[:2]) * np.float32(0.5) * np.float32((size + 2) / size)
    centre = (box[2:] + box[:2]) * np.float32(0.5)
    start, end = np.trunc(centre - half).astype(int), np.trunc(centre + half).astype(int)
    padded = np.pad(probabilities, 1)
    (across, down), (start_x, start_y) = (end - start + 1).tolist(), start.tolist()
    part = _interpolated(padded, down, slice(top - start_y, bottom - start_y))
    part = _interpolated(part.T, across, slice(left - start_x, right - start_x)).T
    return Segment(part >= LEVEL, (left, top))


def enlarged(
    logits: NDArray[np.float32], size_wh: tuple[int, int], *, level: float = 0.0
) -> Segment | None:
    """Return the object's pixels of which a small map over the whole image is known.

    The map is interpolated (bilinear, edges aligned), around the object only.

    Args:
        logits: `(h, w)`; more than `level` inside the object.
        size_wh: of the image, in pixels.
        level: what separates the object from the rest.

    Returns:
        The pixels in their tightest box, or None if there is none.
    """
    inside = tightest(logits > level)
    if inside is None:
        return None
    ranges = []
    # A cell reaches as far as the middles of its neighbours.
    for start, count, cells, pixels in zip(
        inside.corner_xy, inside.part.shape[::-1], logits.shape[::-1], size_wh, strict=True
    ):
        first = max(0, int((start - 1) * pixels / cells))
        last = min(pixels, int(np.ceil((start + count + 1) * pixels / cells)))
        ranges.append(slice(first, last))
    across, down = ranges
    part = _interpolated(logits, size_wh[1], down)
    found = tightest(level < _interpolated(part.T, size_wh[0], across).T)
    if found is None:
        return None
    return Segment(found.part, (across.start + found.corner_xy[0], down.start + found.corner_xy[1]))


def largest_part(segment: Segment) -> Segment:
    """Return the largest connected part of a segment that has a pixel."""
    import shapely

    parts = outline(segment.part, tolerance=0)
    if len(parts) == 1:
        return segment
    polygon = shapely.polygons(np.reshape(parts[0], (-1, 2)))
    shapely.prepare(polygon)
    rows, columns = np.nonzero(segment.part)
    kept = np.zeros_like(segment.part)
    kept[rows, columns] = shapely.contains_xy(polygon, columns + 0.5, rows + 0.5)
    found = tightest(kept)
    assert found is not None
    (left, top), (x, y) = segment.corner_xy, found.corner_xy
    return Segment(found.part, (left + x, top + y))


def _interpolated(cells: NDArray[np.float32], count: int, wanted: slice) -> NDArray[np.float32]:
    """Return the wanted ones of `count` rows that `cells` `(n, m)` are enlarged or reduced to."""
    last = len(cells) - 1
    places = np.arange(count)[wanted] + 0.5
    places = np.clip(places * (len(cells) / count) - 0.5, 0, last).astype(np.float32)
    above = places.astype(np.intp)
    share = (places - above)[:, None]
    rows: NDArray[np.float32] = cells[above] * (1 - share)
    rows += cells[np.minimum(above + 1, last)] * share
    return rows


def rounded(score: float) -> float:
    """Return a score from 0 to 1 with four digits; sums of 32 bits may be a bit more than 1."""
    return round(min(max(score, 0.0), 1.0), 4)


def by_size(run: Callable[..., Sequence[Any]]) -> Callable[..., list[Any]]:
    """Return what runs over images of one size at a time and returns the results in their order.

    Models fill up smaller images of a batch, and what is seen at their borders depends on that.

    Args:
        run: takes images; if each image has a setting, such as its threshold, then also the
            setting that all of these have.
    """

    def run_all(images: Sequence[PIL.Image.Image], *settings: Sequence[Any]) -> list[Any]:
        groups: dict[tuple[Any, ...], list[int]] = {}
        sizes = [image.size for image in images]
        for i, (size, *own) in enumerate(zip(sizes, *settings, strict=True)):
            groups.setdefault((size, *own), []).append(i)
        results: list[Any] = [None] * len(images)
        for (_, *own), members in groups.items():
            for i, result in zip(members, run([images[i] for i in members], *own), strict=True):
                results[i] = result
        return results

    return run_all


def thresholds(contexts: Iterable[cvataa.DetectionFunctionContext], default: float) -> list[float]:
    """Return the threshold of each context, or that of the function where none is named."""
    return [
        default if context.conf_threshold is None else context.conf_threshold
        for context in contexts
    ]
