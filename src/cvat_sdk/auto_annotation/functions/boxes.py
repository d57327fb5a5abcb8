"""Boxes of detectors: where an image lies in a network's input, and what becomes of the boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .findings import rectangles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cvat_sdk import models

MIN_BOX_SIDE = 0.5
"""Boxes that are thinner than this after clipping, in image pixels, are dropped."""


@dataclass(frozen=True)
class Letterbox:
    """Where an image lies inside the input: scaled by `scale_xy`, moved by `offset_xy`."""

    size_wh: tuple[int, int]
    scale_xy: tuple[float, float]
    offset_xy: tuple[int, int]
    input_wh: tuple[int, int]

    @classmethod
    def around(cls, size_wh: tuple[int, int], input_wh: tuple[int, int]) -> Letterbox:
        """Return the letterbox that centres an image of this size, its aspect ratio kept."""
        scale = min(input_wh[0] / size_wh[0], input_wh[1] / size_wh[1])
        width, height = (max(1, round(side * scale)) for side in size_wh)
        return cls(
            size_wh,
            (width / size_wh[0], height / size_wh[1]),
            ((input_wh[0] - width) // 2, (input_wh[1] - height) // 2),
            input_wh,
        )

    @classmethod
    def stretched(cls, size_wh: tuple[int, int], input_wh: tuple[int, int]) -> Letterbox:
        """Return the letterbox that an image of this size fills."""
        scale_xy = input_wh[0] / size_wh[0], input_wh[1] / size_wh[1]
        return cls(size_wh, scale_xy, (0, 0), input_wh)

    @property
    def fitted_wh(self) -> tuple[int, int]:
        """The image's size inside the input."""
        (width, height), (scale_x, scale_y) = self.size_wh, self.scale_xy
        return round(width * scale_x), round(height * scale_y)

    def to_image(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return boxes `(n, 4)`, ltrb, of the input in the image's pixels, clipped to it."""
        offset, scale, size = (
            np.array(pair * 2, np.float32) for pair in (self.offset_xy, self.scale_xy, self.size_wh)
        )
        clipped: NDArray[np.float32] = np.clip((boxes - offset) / scale, 0, size)
        return clipped


@dataclass(frozen=True)
class Detections:
    """n boxes, best first: `boxes` `(n, 4)` as ltrb, `scores` `(n,)` in 0..1, `classes` `(n,)`."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, which: NDArray[Any]) -> Detections:
        return Detections(self.boxes[which], self.scores[which], self.classes[which])


def to_annotations(found: Detections, letterbox: Letterbox) -> list[models.LabeledShapeRequest]:
    """Return a rectangle in the image's pixels for each box that has some area inside it."""
    boxes = letterbox.to_image(found.boxes)
    visible = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) >= MIN_BOX_SIDE
    found = found[visible]
    return rectangles(boxes[visible].astype(float).round(2), found.classes, found.scores)


def suppress(found: Detections, iou_threshold: float) -> NDArray[np.bool_]:
    """Return which boxes `(n,)` stay when each removes the worse ones of its class it covers."""
    left, top, right, bottom = found.boxes.T
    area = (right - left) * (bottom - top)
    width = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    height = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    common = np.maximum(width, 0) * np.maximum(height, 0)
    union = np.add.outer(area, area) - common
    rivals = (common > iou_threshold * union) & np.equal.outer(found.classes, found.classes)
    stays = np.ones(len(found), dtype=np.bool_)
    for i in range(len(found)):
        if stays[i]:
            stays[i + 1 :] &= ~rivals[i, i + 1 :]
    return stays
