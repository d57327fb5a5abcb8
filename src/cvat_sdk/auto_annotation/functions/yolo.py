"""YOLO models by the package ultralytics: boxes, turned boxes, segments, poses and tags.

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.yolo -p model=str:yolo11n.pt

ultralytics is licensed under AGPL-3.0, and so are the weights that it downloads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import cvat_sdk.auto_annotation as cvataa

from . import extras, placement
from .findings import by_size, rectangles, rounded, skeletons, thresholds

if TYPE_CHECKING:
    import PIL.Image
    from numpy.typing import NDArray

__all__ = ["YoloFunction", "create"]

Annotations = list[cvataa.DetectionAnnotation]

MIN_VISIBILITY = 0.5
"""Points of a pose of which the model is less sure are occluded."""

COCO_POINTS = (
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder"),
    *("right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip"),
    *("right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"),
)
"""The points of poses of people, as COCO names them."""


class YoloFunction:
    """The detection function; see `create`."""

    def __init__(
        self,
        model: str,
        *,
        conf_threshold: float = 0.25,
        keypoint_names: str = "",
        device: str = "auto",
        half: bool | Literal["auto"] = "auto",
        **kwargs: Any,
    ) -> None:
        ultralytics = extras.load("ultralytics", extra="yolo")
        chosen = placement.choose(device, half)
        self._options = {"device": str(chosen.device), "half": chosen.half, **kwargs}
        self._threshold = conf_threshold
        self._keypoint_names = [name for name in keypoint_names.split(",") if name]
        self._model = ultralytics.YOLO(model)
        if self._model.task not in READERS:
            raise ValueError(f"model: {model!r} does {self._model.task!r}, not one of {[*READERS]}")

    @cached_property
    def spec(self) -> cvataa.DetectionFunctionSpec:
        names: dict[int, str] = self._model.names
        if self._model.task == "pose":
            points = self._points()
            return cvataa.DetectionFunctionSpec(
                labels=[
                    cvataa.skeleton_label_spec(
                        name, i, [cvataa.keypoint_spec(point, j) for j, point in enumerate(points)]
                    )
                    for i, name in names.items()
                ]
            )
        label_type, _ = READERS[self._model.task]
        return cvataa.DetectionFunctionSpec(
            labels=[cvataa.label_spec(name, i, type=label_type) for i, name in names.items()]
        )

    def _points(self) -> list[str]:
        count = int(self._model.model.model[-1].kpt_shape[0])
        names = self._keypoint_names or (
            list(COCO_POINTS)
            if count == len(COCO_POINTS)
            else [f"point {i}" for i in range(1, count + 1)]
        )
        if len(names) != count:
            raise ValueError(f"keypoint_names: the model has {count} points, got {len(names)}")
        return names

    def detect(
        self, context: cvataa.DetectionFunctionContext, image: PIL.Image.Image
    ) -> Annotations:
        return self.detect_batch([context], [image])[0]

    def detect_batch(
        self,
        contexts: Sequence[cvataa.DetectionFunctionContext],
        images: Sequence[PIL.Image.Image],
    ) -> list[Annotations]:
        _, read = READERS[self._model.task]
        wanted = thresholds(contexts, self._threshold)
        results = by_size(self._found)(images, wanted)
        return [
            read(result, threshold, context.conv_mask_to_poly)
            for context, threshold, result in zip(contexts, wanted, results, strict=True)
        ]

    def _found(self, images: Sequence[PIL.Image.Image], threshold: float) -> list[Any]:
        pixels = [image.convert("RGB") for image in images]
        results = self._model.predict(
            pixels, conf=threshold, batch=len(pixels), verbose=False, save=False, **self._options
        )
        return [result.cpu().numpy() for result in results]


def _detected(result: Any, threshold: float, as_polygons: bool) -> Annotations:
    boxes = result.boxes
    return [*rectangles(boxes.xyxy, boxes.cls.astype(int), boxes.conf)]


def _turned(result: Any, threshold: float, as_polygons: bool) -> Annotations:
    """Return rectangles as they lie before they are turned, clockwise, around their middle."""
    found = result.obb
    return [
        cvataa.rectangle(
            int(label_id),
            [x - width / 2, y - height / 2, x + width / 2, y + height / 2],
            rotation=math.degrees(angle) % 360,
            score=rounded(score),
        )
        for (x, y, width, height, angle), label_id, score in zip(
            found.xywhr.tolist(), found.cls.tolist(), found.conf.tolist(), strict=True
        )
    ]


def _segmented(result: Any, threshold: float, as_polygons: bool) -> Annotations:
    """Return segments; those without a pixel, which make empty polygons, are dropped."""
    from .findings import enlarged, segments

    if result.masks is None:
        return []
    height, width = result.orig_shape
    drawn = (
        (enlarged(_unpadded(mask, (width, height)), (width, height), level=0.5), label_id, score)
        for mask, label_id, score in zip(
            result.masks.data.astype(np.float32),
            result.boxes.cls.astype(int).tolist(),
            result.boxes.conf.tolist(),
            strict=True,
        )
    )
    there = ((segment, label_id, score) for segment, label_id, score in drawn if segment)
    return [*segments(there, as_polygons=as_polygons)]


def _unpadded(mask: NDArray[np.float32], size_wh: tuple[int, int]) -> NDArray[np.float32]:
    """Return the part of a mask `(h, w)` in which the image lies, its borders cut off.

    The model sees the image enlarged or reduced to fit, in the middle.
    """
    (height, width), (image_width, image_height) = mask.shape, size_wh
    scale = min(height / image_height, width / image_width)
    inner_width, inner_height = round(image_width * scale), round(image_height * scale)
    left = round((width - inner_width) / 2 - 0.1)
    top = round((height - inner_height) / 2 - 0.1)
    return mask[top : top + inner_height, left : left + inner_width]


def _posed(result: Any, threshold: float, as_polygons: bool) -> Annotations:
    points, boxes = result.keypoints, result.boxes
    if not len(boxes):
        return []
    shape = points.xy.shape[:2]
    visible = np.ones(shape, bool) if points.conf is None else points.conf >= MIN_VISIBILITY
    return [*skeletons(points.xy, visible, boxes.cls.astype(int), boxes.conf)]


def _classified(result: Any, threshold: float, as_polygons: bool) -> Annotations:
    return [cvataa.tag(int(result.probs.top1))] if result.probs.top1conf >= threshold else []


READERS: dict[str, tuple[str, Callable[[Any, float, bool], Annotations]]] = {
    "detect": ("rectangle", _detected),
    "obb": ("rectangle", _turned),
    "segment": ("mask", _segmented),
    "pose": ("skeleton", _posed),
    "classify": ("tag", _classified),
}
"""For each of the package's tasks, the labels' type, and what reads a result's arrays."""


def create(
    model: str,
    *,
    conf_threshold: float = 0.25,
    keypoint_names: str = "",
    device: str = "auto",
    half: bool | Literal["auto"] = "auto",
    **kwargs: Any,
) -> YoloFunction:
    """Return the function.

    Args:
        model: such as "yolo11n.pt", or the path of a file of weights.
        conf_threshold: the lowest score, in 0..1, where the caller of `detect` names none.
        keypoint_names: what the points of a pose are called, as in "nose,tail"; by default COCO's
            names if there are 17, else "point 1" and so on.
        device: "auto", "cpu", "cuda:0", "mps".
        half: whether to calculate in 16 bits; "auto" does so on CUDA.
        kwargs: further arguments of the package's `predict`, such as `imgsz` and `iou`.

    Raises:
        MissingExtraError: ultralytics is not installed.
        FileNotFoundError: there is no such model.
        ValueError: an argument is none of those above, or the model does something else.
    """
    return YoloFunction(
        model,
        conf_threshold=conf_threshold,
        keypoint_names=keypoint_names,
        device=device,
        half=half,
        **kwargs,
    )
