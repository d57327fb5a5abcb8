"""Rectangles by torchvision's object detectors.

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.torchvision_detection \
        -p model_name=str:fasterrcnn_resnet50_fpn_v2
"""

from __future__ import annotations

import cvat_sdk.auto_annotation as cvataa

from .findings import rectangles
from .torchvision_models import Found, TorchvisionDetector, reaching

__all__ = ["TorchvisionDetectionFunction", "create"]


class TorchvisionDetectionFunction(TorchvisionDetector):
    label_type = "rectangle"

    def to_annotations(
        self, context: cvataa.DetectionFunctionContext, size_wh: tuple[int, int], found: Found
    ) -> list[cvataa.DetectionAnnotation]:
        found = reaching(context, found)
        return [*rectangles(found["boxes"], found["labels"], found["scores"])]


create = TorchvisionDetectionFunction
