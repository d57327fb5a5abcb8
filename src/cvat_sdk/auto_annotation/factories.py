"""Short ways to make the labels of a spec, and the annotations that a function returns.

Further keyword arguments go to the record, e.g. `rectangle(1, box, score=0.9)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cvat_sdk.models import (
    AttributeRequest,
    LabeledImageRequest,
    LabeledShapeRequest,
    PatchedLabelRequest,
    ShapeType,
    SubLabeledShapeRequest,
    SublabelRequest,
)

# A member is looked up faster here than at its enumeration.
_MASK, _POINTS, _POLYGON = ShapeType.MASK, ShapeType.POINTS, ShapeType.POLYGON
_RECTANGLE, _SKELETON = ShapeType.RECTANGLE, ShapeType.SKELETON


def label_spec(name: str, id: int, **kwargs: Any) -> PatchedLabelRequest:
    """Return a label for a spec."""
    return PatchedLabelRequest(name=name, id=id, **kwargs)


def skeleton_label_spec(
    name: str, id: int, sublabels: Sequence[SublabelRequest], **kwargs: Any
) -> PatchedLabelRequest:
    """Return a label of skeletons for a spec; `sublabels` come from `keypoint_spec`."""
    return label_spec(name, id, type="skeleton", sublabels=sublabels, **kwargs)


def keypoint_spec(name: str, id: int, **kwargs: Any) -> SublabelRequest:
    """Return a point of a skeleton for a spec."""
    return SublabelRequest(name=name, id=id, type="points", **kwargs)


def attribute_spec(
    name: str, id: int, input_type: str, values: list[str], **kwargs: Any
) -> AttributeRequest:
    """Return an attribute for a spec, one that doesn't change from frame to frame."""
    return AttributeRequest(
        name=name,
        id=id,
        mutable=kwargs.pop("mutable", False),
        input_type=input_type,  # type: ignore[arg-type]
        values=values,
        **kwargs,
    )


def checkbox_attribute_spec(name: str, id: int, **kwargs: Any) -> AttributeRequest:
    """Return an attribute that is true or false."""
    return attribute_spec(name, id, "checkbox", [], **kwargs)


def number_attribute_spec(name: str, id: int, values: list[str], **kwargs: Any) -> AttributeRequest:
    """Return a whole number; `values` come from `cvat_sdk.attributes.number_attribute_values`."""
    return attribute_spec(name, id, "number", values, **kwargs)


def radio_attribute_spec(name: str, id: int, values: list[str], **kwargs: Any) -> AttributeRequest:
    """Return a choice out of `values`, shown as buttons."""
    return attribute_spec(name, id, "radio", values, **kwargs)


def select_attribute_spec(name: str, id: int, values: list[str], **kwargs: Any) -> AttributeRequest:
    """Return a choice out of `values`, shown as a list."""
    return attribute_spec(name, id, "select", values, **kwargs)


def text_attribute_spec(name: str, id: int, **kwargs: Any) -> AttributeRequest:
    """Return an attribute that takes any text."""
    return attribute_spec(name, id, "text", [], **kwargs)


def tag(label_id: int, **kwargs: Any) -> LabeledImageRequest:
    """Return a tag of the whole image."""
    return LabeledImageRequest(label_id, 0, **kwargs)


def shape(label_id: int, **kwargs: Any) -> LabeledShapeRequest:
    """Return a shape; its `type` is a keyword argument."""
    return LabeledShapeRequest(label_id=label_id, frame=0, **kwargs)


def mask(label_id: int, points: Sequence[float], **kwargs: Any) -> LabeledShapeRequest:
    """Return a mask; `points` come from `cvat_sdk.masks.encode_mask`."""
    return LabeledShapeRequest(_MASK, label_id, 0, points=points, **kwargs)  # type: ignore[arg-type]


def polygon(label_id: int, points: Sequence[float], **kwargs: Any) -> LabeledShapeRequest:
    """Return a polygon; `points` are `[x, y, x, y, ...]` in pixels, 3 or more of them."""
    return LabeledShapeRequest(_POLYGON, label_id, 0, points=points, **kwargs)  # type: ignore[arg-type]


def rectangle(label_id: int, points: Sequence[float], **kwargs: Any) -> LabeledShapeRequest:
    """Return a rectangle; `points` are `[x1, y1, x2, y2]` in pixels: top left, bottom right."""
    return LabeledShapeRequest(_RECTANGLE, label_id, 0, points=points, **kwargs)  # type: ignore[arg-type]


def skeleton(
    label_id: int, elements: Sequence[SubLabeledShapeRequest], **kwargs: Any
) -> LabeledShapeRequest:
    """Return a skeleton; `elements` come from `keypoint`, one for each sublabel."""
    return LabeledShapeRequest(_SKELETON, label_id, 0, elements=elements, **kwargs)  # type: ignore[arg-type]


def keypoint(label_id: int, points: Sequence[float], **kwargs: Any) -> SubLabeledShapeRequest:
    """Return a point of a skeleton; `points` are `[x, y]` in pixels."""
    return SubLabeledShapeRequest(_POINTS, label_id, 0, points=points, **kwargs)  # type: ignore[arg-type]
