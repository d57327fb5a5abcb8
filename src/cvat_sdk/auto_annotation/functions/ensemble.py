"""Several detectors of rectangles as one: weighted box fusion (Solovyev et al. 2021).

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.ensemble \
        -p functions=str:one.py,two.py

Boxes of one label that overlap become their mean, weighted by their scores. Needs the extra
`ensemble`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.exceptions import BadFunctionError
from cvat_sdk.models import PatchedLabelRequest

from .extras import load
from .named import function_of, words

__all__ = ["EnsembleFunction", "create"]


@dataclass
class EnsembleFunction:
    """The function; see `create`."""

    functions: Sequence[Any]
    weights: Sequence[float]
    iou_threshold: float
    spec: cvataa.DetectionFunctionSpec = field(init=False)

    def __post_init__(self) -> None:
        names: dict[str, int] = {}
        self._ids = []
        for function in self.functions:
            for label in function.spec.labels:
                _check(label)
                names.setdefault(label.name, len(names))
            self._ids.append({label.id: names[label.name] for label in function.spec.labels})
        self.spec = cvataa.DetectionFunctionSpec(
            labels=[cvataa.label_spec(name, i, type="rectangle") for name, i in names.items()]
        )
        self._fuse = load("ensemble_boxes", extra="ensemble").weighted_boxes_fusion

    def detect(self, context: Any, image: Any) -> list[Any]:
        size = [*image.size, *image.size]
        boxes, scores, labels = [], [], []
        for function, ids in zip(self.functions, self._ids, strict=True):
            found = [_checked(one) for one in function.detect(context, image)]
            boxes.append([_relative(one.points, size) for one in found])
            scores.append([one.get("score", 1.0) for one in found])
            labels.append([ids[one.label_id] for one in found])
        if not any(scores):
            return []
        fused = self._fuse(boxes, scores, labels, self.weights, self.iou_threshold)
        return [
            cvataa.rectangle(
                int(label_id),
                [round(share * side, 2) for share, side in zip(box, size, strict=True)],
                score=round(min(score, 1.0), 4),
            )
            for box, score, label_id in zip(*(part.tolist() for part in fused), strict=True)
            if score >= (context.conf_threshold or 0.0)
        ]


def _check(label: PatchedLabelRequest) -> None:
    if label.get("type", "any") not in ("any", "rectangle") or label.get("attributes"):
        raise BadFunctionError(f"label {label.name!r}: only plain rectangles can be fused")


def _checked(found: Any) -> Any:
    if found.get("type") != "rectangle" or found.get("rotation"):
        raise BadFunctionError("only rectangles that are not turned can be fused")
    return found


def _relative(points: Sequence[float], size: Sequence[int]) -> list[float]:
    return [min(max(p / side, 0.0), 1.0) for p, side in zip(points, size, strict=True)]


def create(functions: Any, weights: str = "", iou_threshold: float = 0.55) -> EnsembleFunction:
    """Return the function.

    Args:
        functions: two or more detection functions: their modules or files in a list, as in
            "one.py,two.py", or a sequence of functions. Labels of one name are one label.
        weights: how much each one counts, as in "2,1"; by default all the same. What only some
            find gets a lower score.
        iou_threshold: boxes of one label that overlap more than this, in 0..1, become one.

    Raises:
        BadFunctionError: a function's labels are not for rectangles.
        ValueError: the number of weights is another than that of functions.
        MissingExtraError: the extra `ensemble` is not installed.
    """
    sources = words(functions) if isinstance(functions, str) else functions
    numbers = [float(word) for word in words(weights)] or [1.0] * len(sources)
    if len(numbers) != len(sources):
        raise ValueError(f"weights: {len(numbers)} for {len(sources)} functions")
    return EnsembleFunction([function_of(one) for one in sources], numbers, iou_threshold)
