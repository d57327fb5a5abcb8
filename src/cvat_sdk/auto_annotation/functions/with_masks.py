"""Rectangles of a detection function, made masks by an interaction function that takes boxes.

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.with_masks \
        -p function=str:cvat_sdk.auto_annotation.functions.nanodet_detection \
        -p masks=str:cvat_sdk.auto_annotation.functions.grabcut_interaction
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation import calls
from cvat_sdk.exceptions import BadFunctionError
from cvat_sdk.masks import decode_part
from cvat_sdk.outlines import outline

from .named import function_of

__all__ = ["MaskFunction", "create"]


@dataclass
class MaskFunction:
    """The function; see `create`."""

    inner: Any
    masks: Any

    def __post_init__(self) -> None:
        told = self.masks.spec
        if not isinstance(told, cvataa.InteractionFunctionSpec) or told.min_bounding_boxes is None:
            raise BadFunctionError("masks: this function takes no boxes")
        self.spec = cvataa.DetectionFunctionSpec(
            labels=[
                replace(label, type="mask") if label.get("type") == "rectangle" else label
                for label in self.inner.spec.labels
            ]
        )

    def detect(self, context: Any, image: Any) -> list[Any]:
        found = list(self.inner.detect(context, image))
        if not any(_is_box(one) for one in found):
            return found
        prepared = calls.prepare(self.masks, image)
        results: list[Any] = []
        for one in found:
            results += self._masks(context, prepared, one) if _is_box(one) else [one]
        return results

    def _masks(self, context: Any, prepared: Any, box: Any) -> Iterator[Any]:
        left, top, right, bottom = box.points
        # Some functions can't do without a point; the middle is the best guess.
        middle = ((left + right) / 2, (top + bottom) / 2)
        points = [middle] * self.masks.spec.min_pos_points
        prompts = calls.Prompts(bounding_box=((left, top), (right, bottom)), pos_points=points)
        for shape in self.masks.detect(calls.NoContext(), prepared, prompts):
            mask = replace(box, type="mask", points=shape.points)
            yield from _polygons(mask) if context.conv_mask_to_poly else [mask]


def _is_box(found: Any) -> bool:
    return bool(found.get("type") == "rectangle" and not found.get("rotation"))


def _polygons(mask: Any) -> Iterator[Any]:
    """Yield a polygon for each part of a mask, without its holes."""
    for points in outline(*decode_part(mask.points)):
        yield replace(mask, type="polygon", points=points)


def create(function: Any, masks: Any, **parameters: Any) -> MaskFunction:
    """Return the function.

    Args:
        function: a detection function; its module, or the path of its file. What it finds besides
            rectangles stays as it is.
        masks: an interaction function that takes boxes, such as SAM 2 or GrabCut, likewise.
        parameters: for the `create` of the detection function; those that begin with `masks_` for
            that of the other.

    Raises:
        BadFunctionError: the second function takes no boxes.
    """
    prefix = "masks_"
    theirs = {k.removeprefix(prefix): v for k, v in parameters.items() if k.startswith(prefix)}
    ours = {k: v for k, v in parameters.items() if not k.startswith(prefix)}
    return MaskFunction(function_of(function, ours), function_of(masks, theirs))
