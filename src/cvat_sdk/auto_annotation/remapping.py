"""Checks what a function returns for one image, and makes it annotations of the task."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import UNSET
from msgspec.structs import astuple

from cvat_sdk.auto_annotation.mapping import MappedLabel, MappedSublabel
from cvat_sdk.exceptions import BadFunctionError
from cvat_sdk.masks import whole_mask
from cvat_sdk.models import (
    AttributeVal,
    LabeledImageRequest,
    LabeledShapeRequest,
    ShapeType,
    SubLabeledShapeRequest,
)
from cvat_sdk.shapes import check_points

_Attributes = list[AttributeVal]
# A member is looked up faster here than at its enumeration.
_MASK, _POINTS, _SKELETON = ShapeType.MASK, ShapeType.POINTS, ShapeType.SKELETON


class Remapper:
    """Turns the ids of a function into those of a task, in place.

    Args:
        labels: what `LabelMapper.map` returns.
        conv_mask_to_poly: masks are refused.
    """

    def __init__(
        self, labels: Mapping[int, MappedLabel | None], *, conv_mask_to_poly: bool = False
    ) -> None:
        self._labels = labels
        self._conv_mask_to_poly = conv_mask_to_poly

    def remap(
        self, annotations: object, frame: int, name: str = ""
    ) -> tuple[list[LabeledImageRequest], list[LabeledShapeRequest]]:
        """Return the tags and the shapes of a frame, without those of labels that are left out.

        Args:
            annotations: what the function returned. They are changed.
            frame: the number of the frame in the task.
            name: its file name, for messages.

        Raises:
            BadFunctionError: a rule is broken; the message names frame, annotation and label.
        """
        tags: list[LabeledImageRequest] = []
        shapes: list[LabeledShapeRequest] = []
        where = f"frame {frame}" + (f" ({name!r})" if name else "")
        if not isinstance(annotations, Iterable):
            raise BadFunctionError(
                f"{where}: function output an object of type {type(annotations).__name__!r}"
                " (expected a sequence of annotations)"
            )
        index = 0
        try:
            for index, annotation in enumerate(annotations):  # noqa: B007
                if isinstance(annotation, LabeledShapeRequest):
                    if self._shape(annotation, frame):
                        shapes.append(annotation)
                elif isinstance(annotation, LabeledImageRequest):
                    if self._tag(annotation, frame):
                        tags.append(annotation)
                else:
                    raise BadFunctionError(
                        f"function output an object of type {type(annotation).__name__!r}"
                        " (expected 'LabeledImageRequest' or 'LabeledShapeRequest')"
                    )
        except BadFunctionError as error:
            raise BadFunctionError(f"{where}, annotation {index}: {error}") from error
        return tags, shapes

    def _shape(self, shape: LabeledShapeRequest, frame: int) -> bool:
        fields = astuple(shape)
        kind, label_id = fields[0], fields[1]
        if fields[2] or fields[8] is not UNSET or fields[10] is not UNSET:
            _refuse_preset("shape", shape)
        try:
            label = self._labels[label_id]
        except KeyError:
            raise BadFunctionError(
                f"function output shape with unknown label ID ({label_id})"
            ) from None
        if label is None:
            return False
        if kind != label.type:
            self._check_type(kind, label)
        if kind is _MASK and self._conv_mask_to_poly:
            raise BadFunctionError(
                f"function output mask shape despite conv_mask_to_poly=True (label {label.name!r})"
            )
        try:
            if kind is _MASK:
                shape.settle_mask(whole_mask(fields[7] or ()))
            else:
                check_points(kind, fields[7] or ())
        except ValueError as error:
            raise _bad_points(kind, label, error) from None
        if fields[11] is not UNSET:
            shape.attributes = _remap_attributes(fields[11], label)
        if kind is _SKELETON:
            _remap_elements(fields[13] or [], label, frame)
        elif fields[13]:
            raise BadFunctionError(
                f"function output non-skeleton shape with elements (label {label.name!r})"
            )
        shape.settle(label.id, frame)
        return True

    def _check_type(self, kind: str, label: MappedLabel) -> None:
        if label.type != "any":
            raise BadFunctionError(
                f"function output shape of type {str(kind)!r} (expected {label.type!r},"
                f" label {label.name!r})"
            )

    def _tag(self, tag: LabeledImageRequest, frame: int) -> bool:
        _refuse_preset("tag", tag)
        if tag.label_id not in self._labels:
            raise BadFunctionError(f"function output tag with unknown label ID ({tag.label_id})")
        label = self._labels[tag.label_id]
        if label is None:
            return False
        if label.type not in ("any", "tag"):
            raise BadFunctionError(
                f"function output tag (expected shape of type {label.type!r}, label {label.name!r})"
            )
        if hasattr(tag, "attributes"):
            tag.attributes = _remap_attributes(tag.attributes, label)
        tag.label_id, tag.frame, tag.source = label.id, frame, "auto"
        return True


def _refuse_preset(noun: str, annotation: Any) -> None:
    for field in ("id", "source"):
        if hasattr(annotation, field):
            raise BadFunctionError(f"function output {noun} with preset {field}")
    if annotation.frame != 0:
        raise BadFunctionError(
            f"function output {noun} with unexpected frame number ({annotation.frame}):"
            " a function leaves it at 0"
        )


def _bad_points(kind: str, label: MappedLabel, problem: object) -> BadFunctionError:
    return BadFunctionError(
        f"function output {kind} with bad points (label {label.name!r}): {problem}"
    )


def _remap_attributes(given: _Attributes, label: MappedSublabel) -> _Attributes:
    mapped = []
    seen = set()
    for item in given:
        if item.spec_id not in label.attributes:
            raise BadFunctionError(
                f"function output attribute with unknown ID ({item.spec_id}, label {label.name!r})"
            )
        attribute = label.attributes[item.spec_id]
        if attribute is None:
            continue
        if attribute.id in seen:
            raise BadFunctionError(
                "function output shape with multiple attributes with same ID"
                f" ({item.spec_id}: {attribute.name!r} of label {label.name!r})"
            )
        if not attribute.suits(item.value):
            raise BadFunctionError(
                f"function output attribute value ({item.value!r}) that is unsuitable for its"
                f" attribute ({item.spec_id}: {attribute.name!r} of label {label.name!r})"
            )
        seen.add(attribute.id)
        mapped.append(AttributeVal(attribute.id, item.value))
    return mapped


def _remap_elements(elements: list[SubLabeledShapeRequest], label: MappedLabel, frame: int) -> None:
    mapped: dict[int, SubLabeledShapeRequest] = {}
    for element in elements:
        sublabel = _check_element(element, label)
        if sublabel is None:
            continue
        if sublabel.id in mapped:
            raise BadFunctionError(
                "function output skeleton with multiple elements with same sublabel"
                f" ({sublabel.name!r} of label {label.name!r})"
            )
        element.settle(sublabel.id, frame)
        mapped[sublabel.id] = element
    if len(mapped) != label.elements:
        raise BadFunctionError(
            "function output skeleton with fewer elements than expected"
            f" ({len(mapped)} vs {label.elements}, label {label.name!r})"
        )
    elements[:] = mapped.values()


def _check_element(element: SubLabeledShapeRequest, label: MappedLabel) -> MappedSublabel | None:
    fields = astuple(element)
    if fields[2] or fields[8] is not UNSET or fields[10] is not UNSET:
        _refuse_preset("shape element", element)
    if fields[0] is not _POINTS:
        raise BadFunctionError(
            f"function output skeleton with element type other than 'points' ({element.type})"
        )
    try:
        sublabel = label.sublabels[fields[1]]
    except KeyError:
        raise BadFunctionError(
            f"function output shape with unknown sublabel ID ({fields[1]}, label {label.name!r})"
        ) from None
    points: list[float] = fields[7] or []
    if len(points) != 2 or not math.isfinite(points[0] + points[1]):
        problem = f"an element needs exactly 1 point (2 finite numbers), got {points}"
        raise _bad_points("skeleton", label, problem)
    if sublabel is not None and fields[11] is not UNSET:
        element.attributes = _remap_attributes(fields[11], sublabel)
    return sublabel
