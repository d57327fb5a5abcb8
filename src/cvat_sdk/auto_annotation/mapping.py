"""Which label of the task each label of a function stands for. Pure: no client, no frames."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar

from cvat_sdk.attributes import Validator, attribute_value_validator
from cvat_sdk.exceptions import BadFunctionError, SelectionError
from cvat_sdk.models import (
    Attribute,
    AttributeRequest,
    Label,
    PatchedLabelRequest,
    Sublabel,
    SublabelRequest,
)

T = TypeVar("T")
# Such as ("label", "person", "sublabel", "head").
Place = tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a name stands in a function: nouns and names, from the label inwards."""

    key: Place

    def inner(self, noun: str, name: str) -> _Place:
        return _Place((*self.key, noun, name))

    @property
    def path(self) -> str:
        """How `label_mapping` calls it."""
        return ".".join(self.key[1::2])

    @property
    def text(self) -> str:
        pairs = zip(self.key[-2::-2], self.key[::-2], strict=True)
        return " of ".join(f"{noun} {name!r}" for noun, name in pairs)


@dataclass(frozen=True, kw_only=True)
class LabelMapper:
    """Finds labels by their names.

    Args:
        allow_unmatched_labels: what the task lacks is left out, instead of being an error.
        conv_mask_to_poly: the function returns polygons for its labels of type mask.
        label_mapping: what is called otherwise in the task, by its name in the function. A sublabel
            or an attribute of a label is `"person.head"` there, an attribute of a sublabel
            `"person.head.hat"`. The values are plain names, as in `{"person.head": "skull"}`.
        requested: the same by places, whose names may have dots; None leaves something out.
    """

    logger: logging.Logger
    allow_unmatched_labels: bool = False
    conv_mask_to_poly: bool = False
    label_mapping: Mapping[str, str] = field(default_factory=dict)
    requested: Mapping[Place, str | None] = field(default_factory=dict)
    _left_out: list[str] = field(default_factory=list, init=False)

    def map(
        self, ours: Iterable[PatchedLabelRequest], theirs: Iterable[Label]
    ) -> dict[int, MappedLabel | None]:
        """Return the task's label for each id of the function's labels; None if it is left out.

        Raises:
            BadFunctionError: the task lacks a label, a sublabel or an attribute, or has one of
                another type; the message names it.
            SelectionError: `label_mapping` has a name that is not one of the function's.
        """
        self._left_out.clear()
        ours = list(ours)
        self._check_mapping(ours)
        known = {label.name: label for label in theirs}
        mapped: dict[int, MappedLabel | None] = {}
        for label in ours:
            place = _place_of(label)
            target = self._find(label.name, known, place)
            mapped[label.id] = None if target is None else self._label(label, target, place)
        if self._left_out:
            self.logger.info(
                "not in dataset, any annotations using them will be ignored: %s",
                ", ".join(self._left_out),
            )
        return mapped

    def _check_mapping(self, ours: Iterable[PatchedLabelRequest]) -> None:
        paths = list(_paths(ours))
        for name in self.label_mapping:
            if name not in paths:
                like = ", ".join(map(repr, get_close_matches(name, paths) or paths[:5]))
                raise SelectionError(
                    f"label_mapping: the function has no {name!r}, only names such as {like}"
                )

    def _find(self, name: str, known: Mapping[str, T], place: _Place) -> T | None:
        wanted = self.requested.get(place.key, self.label_mapping.get(place.path, name))
        if wanted is None:
            return None
        if wanted in known:
            return known[wanted]
        text = place.text if wanted == name else f"{place.text}, mapped to {wanted!r},"
        if not self.allow_unmatched_labels:
            raise BadFunctionError(
                f"{text} is not in dataset; add it to the task, or leave it out with"
                " allow_unmatched_labels=True (--allow-unmatched-labels)"
            )
        self._left_out.append(text.removesuffix(","))
        return None

    def _label(self, ours: PatchedLabelRequest, theirs: Label, place: _Place) -> MappedLabel:
        known = {sublabel.name: sublabel for sublabel in theirs.get("sublabels", ())}
        sublabels = {}
        for sublabel in ours.get("sublabels", ()):
            inner = place.inner("sublabel", sublabel.name)
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

    def _type(self, ours: PatchedLabelRequest, theirs: Label, place: _Place) -> str:
        given, wanted = str(ours.get("type", "any")), str(theirs.get("type", "any"))
        if given == "mask" and self.conv_mask_to_poly:
            given = "polygon"
        if given == "any":
            return wanted
        if wanted not in ("any", given):
            raise BadFunctionError(
                f"{place.text} has type {given!r} in the function, but {wanted!r} in the dataset"
            )
        return given

    def _sublabel(self, ours: SublabelRequest, theirs: Sublabel, place: _Place) -> MappedSublabel:
        return MappedSublabel(theirs.id, theirs.name, self._attributes(ours, theirs, place))

    def _attributes(
        self, ours: Any, theirs: Any, owner: _Place
    ) -> dict[int, MappedAttribute | None]:
        known = {attribute.name: attribute for attribute in theirs.get("attributes", ())}
        mapped = {}
        for attribute in ours.get("attributes", ()):
            place = owner.inner("attribute", attribute.name)
            target = self._find(attribute.name, known, place)
            mapped[attribute.id] = target and _attribute(attribute, target, place.text)
        return mapped


def _place_of(label: PatchedLabelRequest) -> _Place:
    return _Place(("label", label.name))


def _paths(labels: Iterable[PatchedLabelRequest]) -> Iterator[str]:
    """Yield what `label_mapping` may name."""
    for label in labels:
        place = _place_of(label)
        yield place.path
        yield from _attribute_paths(label, place)
        for sublabel in label.get("sublabels", ()):
            inner = place.inner("sublabel", sublabel.name)
            yield inner.path
            yield from _attribute_paths(sublabel, inner)


def _attribute_paths(owner: Any, place: _Place) -> Iterator[str]:
    for attribute in owner.get("attributes", ()):
        yield place.inner("attribute", attribute.name).path


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
