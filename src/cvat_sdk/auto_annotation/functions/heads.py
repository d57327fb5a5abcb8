"""What the outputs of families of detectors stand for: arrays in, boxes out.

Each family takes the outputs of one image and returns boxes in pixels of the network's input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from cvat_sdk.exceptions import BadFunctionError

from .boxes import Detections, suppress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float32]

STRIDES = (8, 16, 32)
"""The sides, in input pixels, of the cells of a NanoDet's three grids."""

BINS = 11
"""How many distances, one stride apart, each side of a NanoDet's box is a distribution over."""

MAX_CANDIDATES = 1000
"""Boxes that compete in one image at most, best first: bounds the work at low thresholds."""


@dataclass(frozen=True)
class Wanted:
    """What is to be made of outputs.

    Attributes:
        input_wh: the network's input, in pixels.
        classes: how many the network knows.
        conf_threshold: the lowest score that counts.
        iou_threshold: of two boxes of one class that overlap more than this, the better stays.
    """

    input_wh: tuple[int, int]
    classes: int
    conf_threshold: float
    iou_threshold: float


Head: TypeAlias = Callable[[Sequence[Any], Wanted], Detections]


def yolo(outputs: Sequence[Any], wanted: Wanted) -> Detections:
    """YOLO v8, v9, v11: one output `(1, 4 + classes, n)`, boxes as centre and size."""
    (rows,) = _shaped(outputs, (1, 4 + wanted.classes, None))
    found = rows[0].T
    return _best(_ltrb(found[:, :4]), found[:, 4:], wanted, distinct=False)


def yolov5(outputs: Sequence[Any], wanted: Wanted) -> Detections:
    """YOLO v5 to v7: the first output `(1, n, 5 + classes)`; a score is a class's times a box's."""
    (rows,) = _shaped(outputs, (1, None, 5 + wanted.classes))
    found = rows[0]
    return _best(_ltrb(found[:, :4]), found[:, 5:] * found[:, 4:5], wanted, distinct=False)


def yolov10(outputs: Sequence[Any], wanted: Wanted) -> Detections:
    """YOLO v10, and others that suppress: one output `(1, n, 6)`: ltrb, score, class."""
    (rows,) = _shaped(outputs, (1, None, 6))
    found = rows[0]
    return _above(Detections(found[:, :4], found[:, 4], found[:, 5].astype(int)), wanted)


def detr(outputs: Sequence[Any], wanted: Wanted) -> Detections:
    """DETR: logits `(1, n, classes + 1)`, the last for nothing; boxes `(1, n, 4)`, relative."""
    logits, boxes = _shaped(outputs, (1, None, wanted.classes + 1), (1, None, 4))
    weights = np.exp(logits[0] - logits[0].max(axis=1, keepdims=True))
    scores = (weights / weights.sum(axis=1, keepdims=True))[:, :-1]
    return _best(_relative(boxes[0], wanted), scores, wanted, distinct=True, one_each=True)


def rtdetr(outputs: Sequence[Any], wanted: Wanted) -> Detections:
    """RT-DETR: logits `(1, n, classes)` and boxes `(1, n, 4)`, relative to the input.

    Or one output `(1, n, 4 + classes)` with probabilities, as ultralytics exports it.
    """
    if len(outputs) == 1:
        (rows,) = _shaped(outputs, (1, None, 4 + wanted.classes))
        boxes, scores = rows[0, :, :4], rows[0, :, 4:]
    else:
        logits, relative = _shaped(outputs, (1, None, wanted.classes), (1, None, 4))
        boxes, scores = relative[0], 1 / (1 + np.exp(-np.clip(logits[0], -60, 60)))
    return _best(_relative(boxes, wanted), scores, wanted, distinct=True)


def ssd(outputs: Sequence[Any], wanted: Wanted) -> Detections:
    """Torchvision's exports: boxes `(n, 4)` as ltrb, scores `(n,)`, classes `(n,)`, as integers."""
    try:
        (boxes,) = (out for out in outputs if out.ndim == 2 and out.shape[1] == 4)
        (scores,) = (out for out in outputs if out.ndim == 1 and out.dtype.kind == "f")
        (classes,) = (out for out in outputs if out.ndim == 1 and out.dtype.kind == "i")
    except ValueError:
        raise _unfit(
            outputs, "(n, 4) with floats, (n,) with floats and (n,) with integers"
        ) from None
    return _above(Detections(boxes, scores, classes), wanted)


def nanodet(outputs: Sequence[Any], wanted: Wanted) -> Detections:
    """NanoDet: for each of three grids, scores `(1, cells, classes)` and bins of the sides."""
    width, height = wanted.input_wh
    cells = [(width // stride) * (height // stride) for stride in STRIDES]
    shapes = [(1, n, k) for k in (wanted.classes, 4 * BINS) for n in cells]
    found = [out[0] for out in _shaped(outputs, *shapes)]
    scores, bins = np.concatenate(found[:3]), np.concatenate(found[3:])
    return decode(scores, bins, wanted)


def decode(scores: Floats, bins: Floats, wanted: Wanted) -> Detections:
    """Return the boxes that a NanoDet's outputs stand for.

    A side's distance from its cell's centre is the expectation over equally spaced bins, one
    stride apart ("Generalized Focal Loss", Li et al. 2020). Only the cells that reach the
    threshold are decoded.

    Args:
        scores: `(cells, classes)` in 0..1, the grids one after the other in the order of
            `STRIDES`, each row by row.
        bins: `(cells, 4 * BINS)`: logits for left, top, right, bottom.
    """
    cells, classes = _candidates(scores, wanted)
    centres, strides = _grid(wanted.input_wh)
    logits = bins[cells].reshape(len(cells), 4, BINS)
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    expected = weights @ np.arange(BINS, dtype=np.float32) / weights.sum(axis=2)
    distances = expected * strides[cells, None]
    boxes = np.concatenate(
        [centres[cells] - distances[:, :2], centres[cells] + distances[:, 2:]], axis=1
    )
    found = Detections(boxes, scores[cells, classes], classes)
    return found[suppress(found, wanted.iou_threshold)]


FAMILIES: Mapping[str, Head] = {
    head.__name__: head for head in (yolo, yolov5, yolov10, detr, rtdetr, ssd, nanodet)
}


@cache
def _grid(input_wh: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the cells' centres `(cells, 2)` as xy, and their strides `(cells,)`."""
    centres, strides = [], []
    for stride in STRIDES:
        across, down = (
            (np.arange(side // stride, dtype=np.float32) + 0.5) * stride for side in input_wh
        )
        centres.append(np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2))
        strides.append(np.full(len(across) * len(down), stride, np.float32))
    return np.concatenate(centres), np.concatenate(strides)


def _candidates(scores: Floats, wanted: Wanted) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows and columns of the scores that reach the threshold, the best first."""
    rows, classes = np.nonzero(scores >= wanted.conf_threshold)
    best = np.argsort(-scores[rows, classes], kind="stable")[:MAX_CANDIDATES]
    return rows[best], classes[best]


def _best(
    boxes: Floats, scores: Floats, wanted: Wanted, *, distinct: bool, one_each: bool = False
) -> Detections:
    """Return the boxes that reach the threshold, the best first.

    Args:
        boxes: `(n, 4)` as ltrb.
        scores: `(n, classes)`.
        distinct: the network was taught to return each object once.
        one_each: a box counts for its best class only.
    """
    if one_each:
        scores = np.where(scores == scores.max(axis=1, keepdims=True), scores, -1)
    rows, classes = _candidates(scores, wanted)
    found = Detections(boxes[rows], scores[rows, classes], classes)
    return found if distinct else found[suppress(found, wanted.iou_threshold)]


def _above(found: Detections, wanted: Wanted) -> Detections:
    """Return those that reach the threshold, the best first."""
    order = np.argsort(-found.scores, kind="stable")
    return found[order[found.scores[order] >= wanted.conf_threshold]]


def _ltrb(boxes: Floats) -> Floats:
    """Return boxes `(n, 4)` that are given as centre and size."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def _relative(boxes: Floats, wanted: Wanted) -> Floats:
    scaled: Floats = _ltrb(boxes) * np.array(wanted.input_wh * 2, np.float32)
    return scaled


def _shaped(outputs: Sequence[Any], *shapes: tuple[int | None, ...]) -> list[Floats]:
    """Return the first output of each shape; None is any number.

    Raises:
        BadFunctionError: there is none.
    """
    found = []
    for shape in shapes:
        fitting = (out for out in outputs if _fits(out.shape, shape))
        out = next(fitting, None)
        if out is None:
            raise _unfit(outputs, " and ".join(str(shape).replace("None", "n") for shape in shapes))
        found.append(out.astype(np.float32, copy=False))
    return found


def _fits(given: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(given) == len(wanted) and all(
        want in (None, have) for have, want in zip(given, wanted, strict=True)
    )


def _unfit(outputs: Sequence[Any], wanted: str) -> BadFunctionError:
    shapes = ", ".join(str(out.shape) for out in outputs)
    return BadFunctionError(
        f"the model's outputs have the shapes {shapes}; its family should have {wanted}:"
        " look at the family and the number of labels in its description"
    )
