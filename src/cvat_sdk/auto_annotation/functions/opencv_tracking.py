"""Follows rectangles without a model: the CSRT tracker of OpenCV (Lukezic et al. 2017).

A baseline for machines that have nothing better: it follows textured things that move slowly, and
loses what is hidden or changes its looks. Needs the extra `opencv`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import cvat_sdk.auto_annotation as cvataa

from .extras import load

if TYPE_CHECKING:
    import PIL.Image
    from numpy.typing import NDArray

__all__ = ["CsrtFunction", "create"]


class CsrtFunction:
    """The tracking function; an image becomes pixels `(H, W, 3)` once for all shapes on it."""

    spec = cvataa.TrackingFunctionSpec(supported_shape_types={"rectangle"})

    def __init__(self) -> None:
        self._cv2 = load("cv2", extra="opencv")

    def preprocess_image(self, context: object, image: PIL.Image.Image) -> NDArray[np.uint8]:
        return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])

    def init_tracking_state(
        self, context: object, pp_image: NDArray[np.uint8], shape: cvataa.TrackableShape
    ) -> Any:
        height, width = pp_image.shape[:2]
        xs, ys = np.clip(shape.points[::2], 0, width), np.clip(shape.points[1::2], 0, height)
        left, top = int(np.floor(xs.min())), int(np.floor(ys.min()))
        right, bottom = max(left + 1, round(xs.max())), max(top + 1, round(ys.max()))
        tracker = self._cv2.TrackerCSRT_create()
        tracker.init(pp_image, (left, top, right - left, bottom - top))
        return tracker

    def track(
        self, context: object, pp_image: NDArray[np.uint8], state: Any
    ) -> cvataa.TrackableShape | None:
        is_found, (left, top, width, height) = state.update(pp_image)
        size = pp_image.shape[1::-1] * 2
        points = np.clip([left, top, left + width, top + height], 0, size).astype(float).tolist()
        if not is_found or points[0] >= points[2] or points[1] >= points[3]:
            return None
        return cvataa.TrackableShape(type="rectangle", points=points)


def create() -> CsrtFunction:
    """Return the tracker.

    Raises:
        MissingExtraError: the extra `opencv` is not installed.
    """
    return CsrtFunction()
