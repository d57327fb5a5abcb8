"""SAM 2 by transformers: what tracking and interaction have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import extras
from .placement import Placement

if TYPE_CHECKING:
    import PIL.Image


class Sam2:
    """A model of the Sam2 family, on its device.

    Args:
        class_name: of transformers: "Sam2Model" or "Sam2VideoModel".
        model_id: such as "facebook/sam2.1-hiera-tiny", or a folder with such a model.

    Raises:
        MissingExtraError: transformers is not installed.
        OSError: there is no such model.
    """

    def __init__(self, class_name: str, model_id: str, placement: Placement) -> None:
        transformers = extras.load("transformers", extra="sam2")
        self.placement = placement
        self.model = placement.place(getattr(transformers, class_name).from_pretrained(model_id))
        self._processor = transformers.AutoImageProcessor.from_pretrained(model_id)
        self.side = int(self.model.config.prompt_encoder_config.image_size)

    def prepare(self, image: PIL.Image.Image) -> Any:
        """Return the model's input for an image of any mode: `(1, 3, side, side)`."""
        inputs = self._processor(images=image.convert("RGB"), return_tensors="pt")
        return inputs["pixel_values"].to(self.placement.device)

    def points(self, points: list[tuple[float, float]], size_wh: tuple[int, int]) -> Any:
        """Return points of an image, in pixels, in those of the input: `(1, 1, n, 2)` as xy."""
        import torch

        scale = [self.side / side for side in size_wh]
        scaled = [[x * scale[0], y * scale[1]] for x, y in points]
        return torch.tensor([[scaled]], dtype=torch.float32, device=self.placement.device)

    def labels(self, labels: list[int]) -> Any:
        """Return the meanings of points, `(1, 1, n)`: 1 inside, 0 outside, 2 and 3 a box."""
        import torch

        return torch.tensor([[labels]], dtype=torch.int32, device=self.placement.device)
