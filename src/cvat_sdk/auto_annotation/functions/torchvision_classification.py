"""A tag, the most probable label, by torchvision's classifiers; tags have no score.

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.torchvision_classification \
        -p model_name=str:resnet50
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import cvat_sdk.auto_annotation as cvataa

from .torchvision_models import Found, TorchvisionFunction

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["TorchvisionClassificationFunction", "create"]


class TorchvisionClassificationFunction(TorchvisionFunction):
    label_type = "tag"

    @cached_property
    def _transforms(self) -> Any:
        return self._weights.transforms()

    def prepare(self, image: PIL.Image.Image) -> Any:
        """Return the image as the weights want it, `(3, h, w)`."""
        return self._transforms(image.convert("RGB"))

    def predict(self, prepared: list[Any]) -> list[Found]:
        import torch

        scores = self._model(torch.stack(prepared).to(self._placement.device)).float().softmax(1)
        return [{"scores": row} for row in scores.cpu().numpy()]

    def to_annotations(
        self, context: cvataa.DetectionFunctionContext, size_wh: tuple[int, int], found: Found
    ) -> list[cvataa.DetectionAnnotation]:
        best = int(found["scores"].argmax())
        if found["scores"][best] < (context.conf_threshold or 0):
            return []
        return [cvataa.tag(best)] if self.categories[best] != "N/A" else []


create = TorchvisionClassificationFunction
