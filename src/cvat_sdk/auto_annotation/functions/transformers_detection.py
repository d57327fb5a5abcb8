"""Detectors, segmenters and classifiers of transformers, open-vocabulary detectors among them.

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.transformers_detection \
        -p model_id=str:IDEA-Research/grounding-dino-tiny -p labels=str:cat,dog

What a model does is told by its configuration. Each way to do it (`Task`) has a class of its own,
which says what labels there are and how the model's output becomes annotations.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

import cvat_sdk.auto_annotation as cvataa

from . import extras, placement
from .findings import Segment, by_size, rectangles, segments, thresholds, tightest

if TYPE_CHECKING:
    import PIL.Image
    from numpy.typing import NDArray

__all__ = ["TransformersFunction", "create"]

Annotations = list[cvataa.DetectionAnnotation]


class Task(ABC):
    """What a model is asked for.

    Args:
        model: on its device.
        processor: prepares images, and reads what the model puts out.
        names: the labels that the user asks for, of models with an open vocabulary.
    """

    auto_class: ClassVar[str]
    processor_class: ClassVar[str] = "AutoImageProcessor"
    label_type: ClassVar[str]

    def __init__(self, model: Any, processor: Any, names: Sequence[str]) -> None:
        self.model, self.processor, self.names = model, processor, names

    @property
    def labels(self) -> dict[int, str]:
        """The labels by their ids."""
        known: dict[int, str] = self.model.config.id2label
        return {i: name for i, name in known.items() if name != "N/A"}

    def inputs(self, images: list[PIL.Image.Image]) -> Any:
        return self.processor(images=images, return_tensors="pt")

    @abstractmethod
    def found(self, outputs: Any, threshold: float, sizes_hw: list[tuple[int, int]]) -> list[Any]:
        """Return what the output has for each image, as the processor tells it."""

    @abstractmethod
    def to_annotations(self, found: Any, *, as_polygons: bool) -> Annotations:
        """Return what was found in one image."""

    def _named(self, label_ids: NDArray[Any]) -> NDArray[np.bool_]:
        return np.isin(label_ids, list(self.labels))


class Classification(Task):
    auto_class = "AutoModelForImageClassification"
    label_type = "tag"

    def found(self, outputs: Any, threshold: float, sizes_hw: list[tuple[int, int]]) -> list[Any]:
        scores = outputs.logits.float().softmax(-1).cpu().numpy()
        return [row if row.max() >= threshold else None for row in scores]

    def to_annotations(self, found: Any, *, as_polygons: bool) -> Annotations:
        best = None if found is None else int(found.argmax())
        return [cvataa.tag(best)] if best in self.labels else []


class Detection(Task):
    auto_class = "AutoModelForObjectDetection"
    label_type = "rectangle"

    def found(self, outputs: Any, threshold: float, sizes_hw: list[tuple[int, int]]) -> list[Any]:
        return list(
            self.processor.post_process_object_detection(
                outputs, threshold=threshold, target_sizes=sizes_hw
            )
        )

    def to_annotations(self, found: Any, *, as_polygons: bool) -> Annotations:
        boxes, label_ids, scores = (
            np.asarray(found[name].float().cpu()) for name in ("boxes", "labels", "scores")
        )
        keep = self._named(label_ids)
        return [*rectangles(boxes[keep], label_ids[keep].astype(int), scores[keep])]


class OpenVocabulary(Task):
    """Detectors that are told in words what to look for."""

    auto_class = "AutoModelForZeroShotObjectDetection"
    processor_class = "AutoProcessor"
    label_type = "rectangle"

    @property
    def labels(self) -> dict[int, str]:
        return dict(enumerate(self.names))

    def inputs(self, images: list[PIL.Image.Image]) -> Any:
        self._inputs = self.processor(
            images=images, text=[list(self.names)] * len(images), return_tensors="pt", padding=True
        )
        return self._inputs

    def found(self, outputs: Any, threshold: float, sizes_hw: list[tuple[int, int]]) -> list[Any]:
        return list(
            self.processor.post_process_grounded_object_detection(
                outputs,
                threshold=threshold,
                target_sizes=sizes_hw,
                text_labels=[list(self.names)] * len(sizes_hw),
            )
        )

    def to_annotations(self, found: Any, *, as_polygons: bool) -> Annotations:
        ids = np.array([self._id_of(text) for text in found["text_labels"]], int)
        keep = ids >= 0
        boxes, scores = (np.asarray(found[name].float().cpu()) for name in ("boxes", "scores"))
        return [*rectangles(boxes[keep], ids[keep], scores[keep])]

    def _id_of(self, text: str | None) -> int:
        """Return the label that the model's words are about, -1 if none is.

        Grounding DINO answers with those words of the question that fit, not with one label.
        """
        words = f" {(text or '').lower()} "
        for i in sorted(self.labels, key=lambda i: -len(self.names[i])):
            if f" {self.names[i].lower()} " in words:
                return i
        parts = set(words.split())
        near = [i for i in self.labels if parts & set(self.names[i].lower().split())]
        return near[0] if len(near) == 1 else -1


class Segmentation(Task):
    """Models that tell objects, or all regions, apart by a map of numbers."""

    auto_class = "AutoModelForUniversalSegmentation"
    label_type = "mask"
    reader: ClassVar[str]
    options: ClassVar[dict[str, Any]] = {}

    def found(self, outputs: Any, threshold: float, sizes_hw: list[tuple[int, int]]) -> list[Any]:
        read = getattr(self.processor, self.reader)
        return list(read(outputs, threshold=threshold, target_sizes=sizes_hw, **self.options))

    def to_annotations(self, found: Any, *, as_polygons: bool) -> Annotations:
        numbers = np.asarray(found["segmentation"].cpu())
        regions = (
            (tightest(numbers == info["id"]), info["label_id"], info["score"])
            for info in found["segments_info"]
            if info["label_id"] in self.labels
        )
        return _drawn(regions, as_polygons=as_polygons)


class InstanceSegmentation(Segmentation):
    reader = "post_process_instance_segmentation"


class PanopticSegmentation(Segmentation):
    reader = "post_process_panoptic_segmentation"
    options: ClassVar[dict[str, Any]] = {"label_ids_to_fuse": set()}


class SemanticSegmentation(Task):
    """Models that give each pixel a label: one mask for each label, with its mean probability."""

    auto_class = "AutoModelForSemanticSegmentation"
    label_type = "mask"

    def found(self, outputs: Any, threshold: float, sizes_hw: list[tuple[int, int]]) -> list[Any]:
        maps = self.processor.post_process_semantic_segmentation(outputs, target_sizes=sizes_hw)
        best, where = outputs.logits.float().softmax(1).max(1)
        return [
            (np.asarray(labels.cpu()), _means(b.cpu().numpy(), w.cpu().numpy()), threshold)
            for labels, b, w in zip(maps, best, where, strict=True)
        ]

    def to_annotations(self, found: Any, *, as_polygons: bool) -> Annotations:
        label_map, scores, threshold = found
        regions = (
            (tightest(label_map == i), int(i), scores.get(int(i), 0.0))
            for i in np.unique(label_map)
            if int(i) in self.labels and scores.get(int(i), 0.0) >= threshold
        )
        return _drawn(regions, as_polygons=as_polygons)


def _means(best: NDArray[np.float32], where: NDArray[np.int64]) -> dict[int, float]:
    """Return the mean of the best probabilities `(h, w)` for each label in `where` `(h, w)`."""
    sums, counts = np.bincount(where.ravel(), best.ravel()), np.bincount(where.ravel())
    return {int(i): float(sums[i] / counts[i]) for i in np.flatnonzero(counts)}


def _drawn(
    regions: Iterator[tuple[Segment | None, int, float]], *, as_polygons: bool
) -> Annotations:
    there = ((segment, i, score) for segment, i, score in regions if segment is not None)
    return [*segments(there, as_polygons=as_polygons)]


TASKS: dict[str, type[Task]] = {
    "classification": Classification,
    "detection": Detection,
    "open-vocabulary": OpenVocabulary,
    "instance": InstanceSegmentation,
    "panoptic": PanopticSegmentation,
    "semantic": SemanticSegmentation,
}

_BY_ARCHITECTURE = {
    "ForImageClassification": "classification",
    "ForObjectDetection": "detection",
    "ForInstanceSegmentation": "instance",
    "ForUniversalSegmentation": "instance",
    "ForSegmentation": "panoptic",
    "ForSemanticSegmentation": "semantic",
}


def task_of(config: Any, names: Sequence[str]) -> str:
    """Return the name of what a model of this configuration does.

    Raises:
        ValueError: it does none of `TASKS`.
    """
    architecture = (config.architectures or [""])[0]
    ending = next((end for end in _BY_ARCHITECTURE if architecture.endswith(end)), None)
    if ending is None:
        raise ValueError(
            f"model_id: it can't be told what a {architecture or config.model_type!r} does;"
            f" give task as one of {', '.join(TASKS)}"
        )
    task = _BY_ARCHITECTURE[ending]
    return "open-vocabulary" if task == "detection" and names else task


class TransformersFunction:
    """The detection function; see `create`."""

    def __init__(
        self,
        model_id: str,
        *,
        task: str = "auto",
        labels: str = "",
        conf_threshold: float = 0.5,
        device: str = "auto",
        half: bool | Literal["auto"] = "auto",
    ) -> None:
        transformers = extras.load("transformers", extra="transformers")
        names = [name.strip() for name in labels.split(",") if name.strip()]
        self._threshold = conf_threshold
        self._placement = placement.choose(device, half)
        if task == "auto":
            task = task_of(transformers.AutoConfig.from_pretrained(model_id), names)
        if task not in TASKS:
            raise ValueError(f"task must be 'auto' or one of {', '.join(TASKS)}, got {task!r}")
        if (task == "open-vocabulary") != bool(names):
            raise ValueError(
                f"labels are for models with an open vocabulary, and needed there: got {labels!r}"
                f" for task {task!r}"
            )
        kind = TASKS[task]
        model = getattr(transformers, kind.auto_class).from_pretrained(model_id)
        processor = getattr(transformers, kind.processor_class).from_pretrained(model_id)
        self._task = kind(self._placement.place(model), processor, names)

    @cached_property
    def spec(self) -> cvataa.DetectionFunctionSpec:
        return cvataa.DetectionFunctionSpec(
            labels=[
                cvataa.label_spec(name, i, type=self._task.label_type)
                for i, name in self._task.labels.items()
            ]
        )

    def detect(
        self, context: cvataa.DetectionFunctionContext, image: PIL.Image.Image
    ) -> Annotations:
        return self.detect_batch([context], [image])[0]

    def detect_batch(
        self,
        contexts: Sequence[cvataa.DetectionFunctionContext],
        images: Sequence[PIL.Image.Image],
    ) -> list[Annotations]:
        found = by_size(self._found)(images, thresholds(contexts, self._threshold))
        return [
            self._task.to_annotations(one, as_polygons=context.conv_mask_to_poly)
            for context, one in zip(contexts, found, strict=True)
        ]

    def _found(self, images: Sequence[PIL.Image.Image], threshold: float) -> list[Any]:
        inputs = self._task.inputs([image.convert("RGB") for image in images])
        with self._placement.running():
            outputs = self._task.model(**inputs.to(self._placement.device))
        return self._task.found(outputs, threshold, [image.size[::-1] for image in images])


def create(
    model_id: str,
    *,
    task: str = "auto",
    labels: str = "",
    conf_threshold: float = 0.5,
    device: str = "auto",
    half: bool | Literal["auto"] = "auto",
) -> TransformersFunction:
    """Return the function.

    Args:
        model_id: such as "facebook/detr-resnet-50", or a folder with such a model.
        task: "classification", "detection", "open-vocabulary", "instance", "panoptic" or
            "semantic"; "auto" takes what the model was trained for.
        labels: what models with an open vocabulary are to look for, as in "cat,traffic light".
        conf_threshold: the lowest score, in 0..1, where the caller of `detect` names none.
        device: "auto", "cpu", "cuda:0", "mps".
        half: whether to calculate in 16 bits; "auto" does so on CUDA.

    Raises:
        MissingExtraError: transformers is not installed.
        OSError: there is no such model.
        ValueError: an argument is none of those above, or doesn't fit the model.
    """
    return TransformersFunction(
        model_id,
        task=task,
        labels=labels,
        conf_threshold=conf_threshold,
        device=device,
        half=half,
    )
