"""Labels as clients describe them, checked and completed for the store."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from cvat_sdk import models
from cvat_sdk.attributes import attribute_value_validator

from .errors import at
from .store.labels import Attribute, Label

Path = list[str | int]
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_LABEL_TYPES = frozenset(kind.value for kind in models.LabelType)
_CHOSEN = frozenset({"select", "radio", "number"})


def new(spec: models.PatchedLabelRequest, path: Path) -> Label:
    """Return a label that is yet to be stored.

    Raises:
        BadRequest: it is described wrongly.
    """
    if "name" not in spec:
        raise at([*path, "name"], "This field is required.")
    kind = checked_type(spec.get("type", "any"), path)
    subs = spec.get("sublabels", [])
    if subs and kind != "skeleton":
        raise at([*path, "sublabels"], "only labels of type 'skeleton' have sublabels")
    sublabels = [_sublabel(sub, [*path, "sublabels", i]) for i, sub in enumerate(subs)]
    if len({sub.name for sub in sublabels}) < len(sublabels):
        raise at([*path, "sublabels"], "All label names must be unique")
    return Label(
        name=spec.name,
        color=checked_color(spec.get("color", ""), path) or _usual_color(spec.name),
        type=kind,
        svg=spec.get("svg", ""),
        attributes=_attributes(spec.get("attributes", []), path),
        sublabels=sublabels,
    )


def _sublabel(spec: models.SublabelRequest, path: Path) -> Label:
    kind = checked_type(spec.get("type", "points"), path)
    if kind == "skeleton":
        raise at([*path, "type"], "a sublabel cannot be a skeleton itself")
    return Label(
        name=spec.name,
        color=checked_color(spec.get("color", ""), path) or _usual_color(spec.name),
        type=kind,
        attributes=_attributes(spec.get("attributes", []), path),
    )


def checked_type(kind: str, path: Path) -> str:
    """Return the type of a label.

    Raises:
        BadRequest: there is no such type.
    """
    if kind not in _LABEL_TYPES:
        raise at([*path, "type"], f'"{kind}" is not a valid choice.')
    return kind


def checked_color(color: str, path: Path) -> str:
    """Return a colour, or nothing if nothing is given.

    Raises:
        BadRequest: it is not of the form #rrggbb.
    """
    if color and not _COLOR.fullmatch(color):
        raise at([*path, "color"], f"expected a colour such as #33aaff, got {color!r}")
    return color


def attribute(spec: models.AttributeRequest, path: Path) -> Attribute:
    """Return an attribute that is yet to be stored.

    Raises:
        BadRequest: it is described wrongly.
    """
    try:
        attribute_value_validator(spec)
    except ValueError as error:
        raise at([*path, "values"], str(error)) from None
    kind = spec.input_type.value
    # What an annotation has that doesn't say: the first choice, or the least number.
    usual = spec.values[0] if kind in _CHOSEN else "false" if kind == "checkbox" else ""
    return Attribute(
        name=spec.name,
        mutable=spec.mutable,
        input_type=kind,
        default_value=spec.get("default_value", usual),
        values=list(spec.values),
    )


def _usual_color(name: str) -> str:
    return "#" + hashlib.sha256(name.encode()).hexdigest()[:6]


def _attributes(specs: Sequence[models.AttributeRequest], path: Path) -> list[Attribute]:
    found = [attribute(spec, [*path, "attributes", index]) for index, spec in enumerate(specs)]
    if len({each.name for each in found}) < len(found):
        raise at([*path, "attributes"], "All attribute names must be unique")
    return found
