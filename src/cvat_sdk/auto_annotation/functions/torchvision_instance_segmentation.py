"""Masks, or polygons with `conv_mask_to_poly`, by torchvision's Mask R-CNN.

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.torchvision_instance_segmentation \
        -p model_name=str:maskrcnn_resnet50_fpn_v2
"""

from __future__ import annotations

from typing import Any

import cvat_sdk.auto_annotation as cvataa

from .findings import in_box, segments
from .torchvision_models import Found, TorchvisionDetector, reaching

__all__ = ["TorchvisionInstanceSegmentationFunction", "create"]


class TorchvisionInstanceSegmentationFunction(TorchvisionDetector):
    label_type = "mask"

    def adapted(self, model: Any) -> Any:
        """Keep the model from drawing each object's mask over the whole image."""
        model.transform.postprocess = _resize_boxes
        return model

    def to_annotations(
        self, context: cvataa.DetectionFunctionContext, size_wh: tuple[int, int], found: Found
    ) -> list[cvataa.DetectionAnnotation]:
        found = reaching(context, found)
        drawn = (
            (in_box(mask[0], box, size_wh), label_id, score)
            for mask, box, label_id, score in zip(
                found["masks"],
                found["boxes"],
                found["labels"].tolist(),
                found["scores"].tolist(),
                strict=True,
            )
        )
        inside = ((segment, *rest) for segment, *rest in drawn if segment)
        return [*segments(inside, as_polygons=context.conv_mask_to_poly)]


def _resize_boxes(
    results: list[Any], from_sizes: list[tuple[int, int]], to_sizes: list[tuple[int, int]]
) -> list[Any]:
    """Bring boxes back to the images; sizes are `(H, W)`. Masks stay `(n, 1, 28, 28)`."""
    from torchvision.models.detection.transform import resize_boxes

    return [
        {**found, "boxes": resize_boxes(found["boxes"], list(before), list(after))}
        for found, before, after in zip(results, from_sizes, to_sizes, strict=True)
    ]


create = TorchvisionInstanceSegmentationFunction
