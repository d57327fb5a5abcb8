"""Detectors that were exported to ONNX, of the families in `heads`, on onnxruntime.

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.onnx_detection \
        -p model=str:yolo11n.onnx

What the numbers of a model mean is told by its description: a JSON file of the same name beside it,
or its own metadata, as ultralytics' exports have them.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec
import numpy as np

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.exceptions import BadFunctionError

from .boxes import Letterbox, to_annotations
from .heads import FAMILIES, Wanted
from .onnx_session import load_session

if TYPE_CHECKING:
    import PIL.Image
    from numpy.typing import NDArray

    from cvat_sdk import models

__all__ = ["Description", "OnnxDetectionFunction", "create"]

Family = Literal["yolo", "yolov5", "yolov10", "detr", "rtdetr", "ssd", "nanodet"]


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be known of a model.

    Attributes:
        family: how its outputs are read; see `heads`.
        labels: by the numbers of its classes; null, or "N/A", for those that mean nothing, such as
            a background.
        input_size: width and height of the input in pixels, if the model doesn't tell.
        mean, std: of the three channels, from 0 to 255: what is subtracted, and then divided by.
        channels: their order.
        resize: "letterbox" keeps the aspect ratio and fills up with `fill`; "stretch" does not.
        fill: the grey around an image, from 0 to 255; null: the mean, so that it becomes 0.
    """

    family: Family
    labels: list[str | None]
    input_size: tuple[int, int] | None = None
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (255.0, 255.0, 255.0)
    channels: Literal["rgb", "bgr"] = "rgb"
    resize: Literal["letterbox", "stretch"] = "letterbox"
    fill: int | None = 114


_DECODER = msgspec.json.Decoder(Description)


def prepare(
    image: PIL.Image.Image, letterbox: Letterbox, description: Description
) -> NDArray[np.float32]:
    """Return the network's input `(1, 3, H, W)`, normalised, for an image of any mode."""
    from PIL.Image import Resampling

    (left, top), (width, height) = letterbox.offset_xy, letterbox.fitted_wh
    # Resizing costs less than converting a large image, but a palette's numbers are no colours.
    if image.mode not in ("RGB", "L"):
        image = image.convert("RGB")
    fitted = image.resize((width, height), Resampling.BILINEAR, reducing_gap=2.0).convert("RGB")
    pixels = np.asarray(fitted)
    if description.channels == "bgr":
        pixels = pixels[:, :, ::-1]
    mean, std = (
        np.array(channels, np.float32).reshape(3, 1, 1)
        for channels in (description.mean, description.std)
    )
    around = mean if description.fill is None else np.float32(description.fill)
    net_input = np.empty((1, 3, *letterbox.input_wh[::-1]), np.float32)
    net_input[0] = (around - mean) / std
    net_input[0, :, top : top + height, left : left + width] = (
        pixels.transpose(2, 0, 1) - mean
    ) / std
    return net_input


@dataclass
class OnnxDetectionFunction:
    """The detection function; one object may be used by several threads at once.

    Args:
        session: of onnxruntime.
        description: what the model's numbers mean.

    Raises:
        ValueError: an argument is out of its range.
        BadFunctionError: the size of the input isn't known.
    """

    session: Any
    description: Description
    conf_threshold: float = 0.4
    iou_threshold: float = 0.6
    _wanted: Wanted = field(init=False)

    def __post_init__(self) -> None:
        self._wanted = Wanted(
            _input_size(self.session, self.description),
            len(self.description.labels),
            _fraction("conf_threshold", self.conf_threshold),
            _fraction("iou_threshold", self.iou_threshold),
        )
        first = self.session.get_inputs()[0]
        self._name, self._rank = first.name, len(first.shape)
        self._type = np.float16 if first.type == "tensor(float16)" else np.float32
        # An input (N, 3, H, W) whose N isn't a number takes any; exports with lists do not.
        if self._rank == 4 and not isinstance(first.shape[0], int) and self._has_rows:
            self.detect_batch = self._detect_batch

    @property
    def _has_rows(self) -> bool:
        return self.description.family != "ssd"

    @cached_property
    def spec(self) -> cvataa.DetectionFunctionSpec:
        return cvataa.DetectionFunctionSpec(
            labels=[
                cvataa.label_spec(name, i, type="rectangle")
                for i, name in enumerate(self.description.labels)
                if name not in (None, "N/A")
            ]
        )

    def detect(
        self, context: cvataa.DetectionFunctionContext, image: PIL.Image.Image
    ) -> list[models.LabeledShapeRequest]:
        letterbox = self._letterbox(image)
        outputs = self._run(prepare(image, letterbox, self.description))
        return self._annotations(context, outputs, letterbox)

    def _detect_batch(
        self,
        contexts: Sequence[cvataa.DetectionFunctionContext],
        images: Sequence[PIL.Image.Image],
    ) -> list[list[models.LabeledShapeRequest]]:
        boxes = [self._letterbox(image) for image in images]
        prepared = [
            prepare(image, box, self.description) for image, box in zip(images, boxes, strict=True)
        ]
        outputs = self._run(np.concatenate(prepared))
        return [
            self._annotations(context, [out[i : i + 1] for out in outputs], box)
            for i, (context, box) in enumerate(zip(contexts, boxes, strict=True))
        ]

    def _letterbox(self, image: PIL.Image.Image) -> Letterbox:
        stretches = self.description.resize == "stretch"
        place = Letterbox.stretched if stretches else Letterbox.around
        return place(image.size, self._wanted.input_wh)

    def _run(self, net_input: NDArray[np.float32]) -> list[Any]:
        given = net_input[0] if self._rank == 3 else net_input
        outputs = self.session.run(None, {self._name: given.astype(self._type, copy=False)})
        return cast(list[Any], outputs)

    def _annotations(
        self, context: cvataa.DetectionFunctionContext, outputs: Sequence[Any], letterbox: Letterbox
    ) -> list[models.LabeledShapeRequest]:
        wanted = self._wanted
        if context.conf_threshold is not None:
            wanted = replace(wanted, conf_threshold=context.conf_threshold)
        found = FAMILIES[self.description.family](outputs, wanted)
        known = np.isin(found.classes, [label.id for label in self.spec.labels])
        return to_annotations(found[known], letterbox)


def create(
    model: str,
    description: str = "",
    conf_threshold: float = 0.4,
    iou_threshold: float = 0.6,
    threads: int = 0,
    device: str = "auto",
) -> OnnxDetectionFunction:
    """Return the detector.

    Args:
        model: path of the ONNX file.
        description: path of the JSON file that describes it; by default the file with the model's
            name and `.json`, if it is there, or else the model's metadata.
        conf_threshold: the lowest score of a rectangle, in 0..1, where the caller of `detect`
            names none.
        iou_threshold: of two rectangles of one label that overlap more than this (intersection
            over union, in 0..1) the one with the lower score is dropped. Not used for families
            that return each object once.
        threads: CPU threads for one image; 0 means one for each core this process may use.
        device: "auto" (CUDA, if onnxruntime has it), "cpu", "cuda" or "cuda:1".

    Raises:
        ValueError: an argument is out of its range.
        BadFunctionError: the description is wrong, or there is none.
        OSError: a file can't be read.
    """
    session = load_session(Path(model).read_bytes(), threads=threads, device=device)
    told = _description(Path(model), description, session)
    return OnnxDetectionFunction(session, told, conf_threshold, iou_threshold)


def _description(model: Path, path: str, session: Any) -> Description:
    file = Path(path) if path else model.with_suffix(".json")
    if path or file.is_file():
        try:
            return _DECODER.decode(file.read_bytes())
        except msgspec.DecodeError as error:
            raise BadFunctionError(f"{file}: this does not describe a detector: {error}") from error
    told = _of_metadata(session.get_modelmeta().custom_metadata_map, session)
    if told is None:
        raise BadFunctionError(
            f"{model} has no metadata that describe it: write {file.name} beside it, as in"
            ' {"family": "yolo", "labels": ["cat", "dog"]}'
        )
    return told


def _of_metadata(metadata: Mapping[str, str], session: Any) -> Description | None:
    """Return what ultralytics' exports tell: `names` is a dictionary of Python, as text."""
    if "names" not in metadata:
        return None
    names = ast.literal_eval(metadata["names"])
    labels: list[str | None] = [names.get(i) for i in range(max(names) + 1)]
    size = json.loads(metadata["imgsz"])[::-1] if "imgsz" in metadata else None
    family = _yolo_of(session.get_outputs()[0].shape, len(labels), metadata)
    return Description(family=family, labels=labels, input_size=size and tuple(size))


def _yolo_of(shape: Sequence[Any], classes: int, metadata: Mapping[str, str]) -> Family:
    if "rtdetr" in metadata.get("description", "").lower().replace("-", ""):
        return "rtdetr"
    if shape[1] == 4 + classes:
        return "yolo"
    is_final = metadata.get("end2end") == "True" or (shape[2] == 6 and classes != 1)
    return "yolov10" if is_final else "yolov5"


def _input_size(session: Any, description: Description) -> tuple[int, int]:
    height, width = session.get_inputs()[0].shape[-2:]
    if isinstance(height, int) and isinstance(width, int):
        return width, height
    if description.input_size is None:
        raise BadFunctionError("the model takes images of any size: name input_size")
    return description.input_size


def _fraction(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be between 0 and 1, got {value!r}")
    return value
