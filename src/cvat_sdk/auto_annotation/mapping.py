"""Which label of the task each label of a function stands for. Pure: no client, no frames."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cvat_sdk.attributes import Validator, attribute_value_validator
from cvat_sdk.exceptions import BadFunctionError
from cvat_sdk.models import (
    Attribute,
    AttributeRequest,
    Label,
    PatchedLabelRequest,
    Sublabel,
    SublabelRequest,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MappedAttribute:
    """An attribute of the task, and the test for the values that the function may give it."""

    id: int
    name: str
    suits: Validator


@dataclass(frozen=True, slots=True)
class MappedSublabel:
    """A sublabel of the task; `attributes` by the function's ids, None for those left out."""

    id: int
    name: str
    attributes: Mapping[int, MappedAttribute | None]


@dataclass(frozen=True, slots=True)
class MappedLabel(MappedSublabel):
    """A label of the task.

    Attributes:
        type: of the shapes that the function is to return; `"any"`, `"tag"`, or a shape's.
        sublabels: by the function's ids, None for those left out.
        elements: how many elements a skeleton of the task has.
    """

    type: str
    sublabels: Mapping[int, MappedSublabel | None]
    elements: int


@dataclass(frozen=True, kw_only=True)
class LabelMapper:
    """Finds labels by their names.

    Args:
        allow_unmatched_labels: what the task lacks is left out, instead of being an error.
        conv_mask_to_poly: the function returns polygons for its labels of type mask.
    """

    logger: logging.Logger
    allow_unmatched_labels: bool = False
    conv_mask_to_poly: bool = False
    _left_out: list[str] = field(default_factory=list, init=False)

    def map(
        self, ours: Iterable[PatchedLabelRequest], theirs: Iterable[Label]
    ) -> dict[int, MappedLabel | None]:
        """Return the task's label for each id of the function's labels; None if it is left out.

        Raises:
            BadFunctionError: the task lacks a label, a sublabel or an attribute, or has one of
                another type; the message names it.
        """
        self._left_out.clear()
        known = {label.name: label for label in theirs}
        mapped: dict[int, MappedLabel | None] = {}
        for label in ours:
            place = f"label {label.name!r}"
            target = self._find(label.name, known, place)
            mapped[label.id] = None if target is None else self._label(label, target, place)
        if self._left_out:
            self.logger.info(
                "not in dataset, any annotations using them will be ignored: %s",
                ", ".join(self._left_out),
            )
        return mapped

    def _find(self, name: str, known: Mapping[str, T], place: str) -> T | None:
        if name in known:
            return known[name]
        if not self.allow_unmatched_labels:
            raise BadFunctionError(
                f"{place} is not in dataset; add it to the task, or leave it out with"
                " allow_unmatched_labels=True (--allow-unmatched-labels)"
            )
        self._left_out.append(place)
        return None

    def _label(self, ours: PatchedLabelRequest, theirs: Label, place: str) -> MappedLabel:
        known = {sublabel.name: sublabel for sublabel in theirs.get("sublabels", ())}
        sublabels = {}
        for sublabel in ours.get("sublabels", ()):
            inner = f"sublabel {sublabel.name!r} of {place}"
            target = self._find(sublabel.name, known, inner)
            sublabels[sublabel.id] = target and self._sublabel(sublabel, target, inner)
        return MappedLabel(
            id=theirs.id,
            name=theirs.name,
            attributes=self._attributes(ours, theirs, place),
            type=self._type(ours, theirs, place),
            sublabels=sublabels,
            elements=len(known),
        )

    def _type(self, ours: PatchedLabelRequest, theirs: Label, place: str) -> str:
        given, wanted = str(ours.get("type", "any")), str(theirs.get("type", "any"))
        if given == "mask" and self.conv_mask_to_poly:
            given = "polygon"
        if given == "any":
            return wanted
        if wanted not in ("any", given):
            raise BadFunctionError(
                f"{place} has type {given!r} in the function, but {wanted!r} in the dataset"
            )
        return given

    def _sublabel(self, ours: SublabelRequest, theirs: Sublabel, place: str) -> MappedSublabel:
        return MappedSublabel(theirs.id, theirs.name, self._attributes(ours, theirs, place))

    def _attributes(self, ours: Any, theirs: Any, owner: str) -> dict[int, MappedAttribute | None]:
        known = {attribute.name: attribute for attribute in theirs.get("attributes", ())}
        mapped = {}
        for attribute in ours.get("attributes", ()):
            place = f"attribute {attribute.name!r} of {owner}"
            target = self._find(attribute.name, known, place)
            mapped[attribute.id] = target and _attribute(attribute, target, place)
        return mapped


def _attribute(ours: AttributeRequest, theirs: Attribute, place: str) -> MappedAttribute:
    if ours.input_type != theirs.input_type:
        raise BadFunctionError(
            f"{place} has input type {ours.input_type!r} in the function,"
            f" but {theirs.input_type!r} in the dataset"
        )
    if not _same_values(str(ours.input_type), ours.values, theirs.values):
        raise BadFunctionError(
            f"{place} has values {ours.values!r} in the function,"
            f" but {theirs.values!r} in the dataset"
        )
    return MappedAttribute(theirs.id, theirs.name, attribute_value_validator(ours))


def _same_values(input_type: str, ours: Sequence[str], theirs: Sequence[str]) -> bool:
    if input_type in ("text", "checkbox"):
        return True
    if input_type in ("select", "radio"):
        return sorted(ours) == sorted(theirs)
    return list(ours) == list(theirs)
