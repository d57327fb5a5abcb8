"""Masks of what the user points at, without a model: GrabCut of OpenCV (Rother et al. 2004).

A baseline for machines that have nothing better: it parts an object from its ground by their
colours, and fails where these are alike. Needs the extra `opencv`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.masks import encode_mask

from .extras import load

if TYPE_CHECKING:
    import PIL.Image
    from numpy.typing import NDArray

__all__ = ["GrabcutFunction", "create"]


class GrabcutFunction:
    """The interaction function; an image becomes pixels `(H, W, 3)` once for all prompts."""

    spec = cvataa.InteractionFunctionSpec(min_pos_points=0, min_neg_points=0, min_bounding_boxes=1)

    def __init__(self, rounds: int, most_pixels: int) -> None:
        if rounds < 1 or most_pixels < 1:
            raise ValueError(f"rounds and most_pixels must be 1 or more: {rounds}, {most_pixels}")
        self._rounds, self._most_pixels = rounds, most_pixels
        self._cv2 = load("cv2", extra="opencv")

    def preprocess_image(self, context: object, image: PIL.Image.Image) -> NDArray[np.uint8]:
        return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])

    def detect(
        self, context: object, pp_image: NDArray[np.uint8], prompts: cvataa.InteractionPrompts
    ) -> list[cvataa.InteractionResultShape]:
        height, width = pp_image.shape[:2]
        scale = min(1.0, (self._most_pixels / (height * width)) ** 0.5)
        small = pp_image
        if scale < 1:
            size = max(1, round(width * scale)), max(1, round(height * scale))
            small = self._cv2.resize(pp_image, size, interpolation=self._cv2.INTER_AREA)
        found = self._cut(small, self._hints(small.shape[:2], scale, prompts))
        if scale < 1:
            grown = self._cv2.resize(found.astype(np.uint8), (width, height))
            found = grown.astype(bool)
        if not found.any():
            return []
        return [cvataa.InteractionResultShape(type="mask", points=encode_mask(found))]

    def _hints(
        self, shape: tuple[int, ...], scale: float, prompts: cvataa.InteractionPrompts
    ) -> NDArray[np.uint8]:
        """Return what is known of each pixel `(h, w)`: the box, and discs around the points."""
        cv2, (height, width) = self._cv2, shape
        hints = np.full((height, width), cv2.GC_BGD, np.uint8)
        assert prompts.bounding_box is not None
        (x1, y1), (x2, y2) = np.multiply(prompts.bounding_box, scale)
        left, top = max(0, int(min(x1, x2))), max(0, int(min(y1, y2)))
        right, bottom = int(np.ceil(max(x1, x2))), int(np.ceil(max(y1, y2)))
        hints[top:bottom, left:right] = cv2.GC_PR_FGD
        radius = max(1, round(min(height, width) / 100))
        for points, meaning in (
            (prompts.neg_points, cv2.GC_BGD),
            (prompts.pos_points, cv2.GC_FGD),
        ):
            for x, y in points:
                cv2.circle(hints, (int(x * scale), int(y * scale)), radius, int(meaning), -1)
        return hints

    def _cut(self, pixels: NDArray[np.uint8], hints: NDArray[np.uint8]) -> Any:
        cv2 = self._cv2
        inside = (hints == cv2.GC_FGD) | (hints == cv2.GC_PR_FGD)
        # It learns both from their pixels, and fails if there are none of one.
        if inside.all() or not inside.any():
            return inside
        cv2.setRNGSeed(0)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        mask, _, _ = cv2.grabCut(pixels, hints, None, *models, self._rounds, cv2.GC_INIT_WITH_MASK)
        return (mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)


def create(rounds: int = 5, most_pixels: int = 500_000) -> GrabcutFunction:
    """Return the function. It needs a box; points mend what it finds.

    Args:
        rounds: how often it learns the colours anew.
        most_pixels: larger images are made smaller for it.

    Raises:
        ValueError: an argument is out of its range.
        MissingExtraError: the extra `opencv` is not installed.
    """
    return GrabcutFunction(rounds, most_pixels)
