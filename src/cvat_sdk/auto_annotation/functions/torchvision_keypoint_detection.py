"""Skeletons by torchvision's Keypoint R-CNN; points that it can't see are occluded.

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.torchvision_keypoint_detection \
        -p model_name=str:keypointrcnn_resnet50_fpn
"""

from __future__ import annotations

from functools import cached_property

import cvat_sdk.auto_annotation as cvataa

from .findings import skeletons
from .torchvision_models import Found, TorchvisionDetector, reaching

__all__ = ["TorchvisionKeypointDetectionFunction", "create"]


class TorchvisionKeypointDetectionFunction(TorchvisionDetector):
    label_type = "skeleton"

    @cached_property
    def spec(self) -> cvataa.DetectionFunctionSpec:
        names = self._weights.meta["keypoint_names"]
        return cvataa.DetectionFunctionSpec(
            labels=[
                cvataa.skeleton_label_spec(
                    category, i, [cvataa.keypoint_spec(name, j) for j, name in enumerate(names)]
                )
                for i, category in enumerate(self.categories)
                if category != "N/A"
            ]
        )

    def to_annotations(
        self, context: cvataa.DetectionFunctionContext, size_wh: tuple[int, int], found: Found
    ) -> list[cvataa.DetectionAnnotation]:
        found = reaching(context, found)
        points, visible = found["keypoints"][..., :2], found["keypoints"][..., 2] != 0
        return [*skeletons(points, visible, found["labels"], found["scores"])]


create = TorchvisionKeypointDetectionFunction
