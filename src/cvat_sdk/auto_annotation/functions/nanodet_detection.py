"""A detection function that works as installed: NanoDet-g on onnxruntime, the 80 COCO classes.

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.nanodet_detection

An image goes through four steps: `prepare` (pixels to the network's input), the network,
`decode` (its output to boxes), `to_annotations` (boxes to rectangles). All but the network are
plain functions of arrays. The weights' origin and licence stand in nanodet/NOTICE.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

import cvat_sdk.auto_annotation as cvataa

if TYPE_CHECKING:
    import PIL.Image
    from numpy.typing import NDArray

    from cvat_sdk import models

__all__ = ["Detections", "Letterbox", "NanodetFunction", "create"]

SIDE = 416
"""Width and height of the network's input, in pixels."""

STRIDES = (8, 16, 32)
"""The sides, in input pixels, of the cells of the network's three grids."""

BINS = 11
"""How many distances, one stride apart, each side of a box is a distribution over."""

MEAN_BGR = (103.53, 116.28, 123.675)
STD_BGR = (57.375, 57.12, 58.395)

MAX_CANDIDATES = 1000
"""Boxes that compete in one image at most, best first: bounds the work at low thresholds."""

MIN_BOX_SIDE = 0.5
"""Boxes that are thinner than this after clipping, in image pixels, are dropped."""


@dataclass(frozen=True)
class Letterbox:
    """Where an image lies inside the square input: scaled by `scale_xy`, moved by `offset_xy`."""

    size_wh: tuple[int, int]
    scale_xy: tuple[float, float]
    offset_xy: tuple[int, int]

    @classmethod
    def around(cls, size_wh: tuple[int, int]) -> Letterbox:
        """Return the letterbox that centres an image of this size, its aspect ratio kept."""
        fitted = [max(1, round(side * SIDE / max(size_wh))) for side in size_wh]
        return cls(
            size_wh,
            (fitted[0] / size_wh[0], fitted[1] / size_wh[1]),
            ((SIDE - fitted[0]) // 2, (SIDE - fitted[1]) // 2),
        )

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


def prepare(image: PIL.Image.Image, letterbox: Letterbox) -> NDArray[np.float32]:
    """Return the network's input for an image of any mode: `(1, 3, 416, 416)`, BGR, normalised."""
    from PIL.Image import Resampling

    (left, top), (width, height) = letterbox.offset_xy, letterbox.fitted_wh
    # Resizing costs less than converting a large image, but a palette's numbers are no colours.
    if image.mode not in ("RGB", "L"):
        image = image.convert("RGB")
    fitted = image.resize((width, height), Resampling.BILINEAR, reducing_gap=2.0).convert("RGB")
    pixels = np.asarray(fitted)[:, :, ::-1].transpose(2, 0, 1)
    mean, std = (np.array(c, np.float32).reshape(3, 1, 1) for c in (MEAN_BGR, STD_BGR))
    # Zero is the mean colour: borders filled with it cost the least accuracy.
    net_input = np.zeros((1, 3, SIDE, SIDE), np.float32)
    net_input[0, :, top : top + height, left : left + width] = (pixels - mean) / std
    return net_input


def decode(
    scores: NDArray[np.float32],
    bins: NDArray[np.float32],
    *,
    conf_threshold: float,
    iou_threshold: float,
) -> Detections:
    """Return the boxes, in pixels of the network's input, that the network's output stands for.

    A side's distance from its cell's centre is the expectation over equally spaced bins, one
    stride apart ("Generalized Focal Loss", Li et al. 2020). Only the cells that reach the
    threshold are decoded.

    Args:
        scores: `(cells, classes)` in 0..1, the grids one after the other in the order of
            `STRIDES`, each row by row.
        bins: `(cells, 4 * BINS)`: logits for left, top, right, bottom.
        conf_threshold: the lowest score that counts.
        iou_threshold: of two boxes of one class that overlap more than this, the better stays.
    """
    cells, classes = np.nonzero(scores >= conf_threshold)
    best = np.argsort(-scores[cells, classes], kind="stable")[:MAX_CANDIDATES]
    cells, classes = cells[best], classes[best]
    centres, strides = _grid()
    logits = bins[cells].reshape(len(cells), 4, BINS)
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    expected = weights @ np.arange(BINS, dtype=np.float32) / weights.sum(axis=2)
    distances = expected * strides[cells, None]
    boxes = np.concatenate(
        [centres[cells] - distances[:, :2], centres[cells] + distances[:, 2:]], axis=1
    )
    found = Detections(boxes, scores[cells, classes], classes)
    return found[_suppress(found, iou_threshold)]


def to_annotations(found: Detections, letterbox: Letterbox) -> list[models.LabeledShapeRequest]:
    """Return a rectangle in the image's pixels for each box that has some area inside it."""
    boxes = letterbox.to_image(found.boxes)
    visible = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) >= MIN_BOX_SIDE
    found = found[visible]
    return [
        cvataa.rectangle(label_id, [round(p, 2) for p in points], score=round(min(score, 1.0), 4))
        for label_id, points, score in zip(
            found.classes.tolist(), boxes[visible].tolist(), found.scores.tolist(), strict=True
        )
    ]


@cache
def _grid() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the cells' centres `(cells, 2)` as xy, and their strides `(cells,)`."""
    centres, strides = [], []
    for stride in STRIDES:
        along = (np.arange(SIDE // stride, dtype=np.float32) + 0.5) * stride
        centres.append(np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2))
        strides.append(np.full(len(along) ** 2, stride, np.float32))
    return np.concatenate(centres), np.concatenate(strides)


def _suppress(found: Detections, iou_threshold: float) -> NDArray[np.bool_]:
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


class NanodetFunction:
    """The detection function; one object may be used by several threads at once."""

    def __init__(
        self, *, conf_threshold: float = 0.4, iou_threshold: float = 0.6, threads: int = 0
    ) -> None:
        self._conf_threshold = _fraction("conf_threshold", conf_threshold)
        self._iou_threshold = _fraction("iou_threshold", iou_threshold)
        self._session = _load(threads)
        shapes = {tuple(out.shape[1:]): out.name for out in self._session.get_outputs()}
        cells = [(SIDE // stride) ** 2 for stride in STRIDES]
        self._outputs = [
            shapes[count, width] for width in (len(self.spec.labels), 4 * BINS) for count in cells
        ]

    @cached_property
    def spec(self) -> cvataa.DetectionFunctionSpec:
        names = _file("labels.txt").read_text(encoding="utf-8").splitlines()
        return cvataa.DetectionFunctionSpec(
            labels=[cvataa.label_spec(name, i, type="rectangle") for i, name in enumerate(names)]
        )

    def detect(
        self, context: cvataa.DetectionFunctionContext, image: PIL.Image.Image
    ) -> list[models.LabeledShapeRequest]:
        threshold = context.conf_threshold
        letterbox = Letterbox.around(image.size)
        scores, bins = self._predict(prepare(image, letterbox))
        found = decode(
            scores,
            bins,
            conf_threshold=self._conf_threshold if threshold is None else threshold,
            iou_threshold=self._iou_threshold,
        )
        return to_annotations(found, letterbox)

    def _predict(
        self, net_input: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        name = self._session.get_inputs()[0].name
        outputs = [out[0] for out in self._session.run(self._outputs, {name: net_input})]
        grids = len(STRIDES)
        return np.concatenate(outputs[:grids]), np.concatenate(outputs[grids:])


def create(
    conf_threshold: float = 0.4, iou_threshold: float = 0.6, threads: int = 0
) -> NanodetFunction:
    """Return the detector.

    Args:
        conf_threshold: the lowest score of a rectangle, in 0..1, where the caller of `detect`
            names none. On 128 photos of COCO val2017, 0.4 gave precision 0.71, recall 0.38.
        iou_threshold: of two rectangles of one label that overlap more than this (intersection
            over union, in 0..1) the one with the lower score is dropped.
        threads: CPU threads for one image; 0 means one for each core this process may use.

    Raises:
        ValueError: if an argument is outside its range.
    """
    return NanodetFunction(
        conf_threshold=conf_threshold, iou_threshold=iou_threshold, threads=threads
    )


def _fraction(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be between 0 and 1, got {value!r}")
    return value


def _file(name: str) -> resources.abc.Traversable:
    return resources.files(__package__).joinpath("nanodet", name)


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _load(threads: int) -> Any:
    # Since 1.29 it reports its use to its makers unless told not to before it is imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    if threads < 0:
        raise ValueError(f"threads must be 0 or more, got {threads!r}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or _usable_cores()
    # Threads that wait by spinning would starve those that fetch and decode the next images.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    weights = _file("nanodet_g_416_coco80.onnx").read_bytes()
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
