"""Labels as clients describe them, checked and completed for the store."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence

from cvat_sdk import models
from cvat_sdk.attributes import attribute_value_validator

from .errors import BadRequest, at
from .store.labels import Attribute, Label

Path = list[str | int]
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_LABEL_TYPES = frozenset(kind.value for kind in models.LabelType)
_CHOSEN = frozenset({"select", "radio", "number"})


def read(
    specs: Sequence[models.PatchedLabelRequest], existing: Collection[str] = ()
) -> list[Label]:
    """Return the labels that a client wants.

    Args:
        existing: the names that the task has already.

    Raises:
        BadRequest: a label is described wrongly.
    """
    found = [_label(spec, ["labels", index]) for index, spec in enumerate(specs)]
    names = [*existing, *(label.name for label in found)]
    if len(set(names)) < len(names):
        raise BadRequest("All label names must be unique")
    return found


def _label(spec: models.PatchedLabelRequest, path: Path) -> Label:
    if "name" not in spec:
        raise at([*path, "name"], "This field is required.")
    if spec.get("id") or spec.get("deleted"):
        raise at([*path, "id"], "this hub adds labels, but doesn't change them yet")
    kind = _kind(spec.get("type", "any"), path)
    subs = spec.get("sublabels", [])
    if subs and kind != "skeleton":
        raise at([*path, "sublabels"], "only labels of type 'skeleton' have sublabels")
    sublabels = [_sublabel(sub, [*path, "sublabels", i]) for i, sub in enumerate(subs)]
    if len({sub.name for sub in sublabels}) < len(sublabels):
        raise at([*path, "sublabels"], "All label names must be unique")
    return Label(
        name=spec.name,
        color=_color(spec.get("color", ""), spec.name, path),
        type=kind,
        svg=spec.get("svg", ""),
        attributes=_attributes(spec.get("attributes", []), path),
        sublabels=sublabels,
    )


def _sublabel(spec: models.SublabelRequest, path: Path) -> Label:
    kind = _kind(spec.get("type", "points"), path)
    if kind == "skeleton":
        raise at([*path, "type"], "a sublabel cannot be a skeleton itself")
    return Label(
        name=spec.name,
        color=_color(spec.get("color", ""), spec.name, path),
        type=kind,
        attributes=_attributes(spec.get("attributes", []), path),
    )


def _kind(kind: str, path: Path) -> str:
    if kind not in _LABEL_TYPES:
        raise at([*path, "type"], f'"{kind}" is not a valid choice.')
    return kind


def _color(color: str, name: str, path: Path) -> str:
    if not color:
        return "#" + hashlib.sha256(name.encode()).hexdigest()[:6]
    if not _COLOR.fullmatch(color):
        raise at([*path, "color"], f"expected a colour such as #33aaff, got {color!r}")
    return color


def _attributes(specs: Sequence[models.AttributeRequest], path: Path) -> list[Attribute]:
    found = [_attribute(spec, [*path, "attributes", index]) for index, spec in enumerate(specs)]
    if len({attribute.name for attribute in found}) < len(found):
        raise at([*path, "attributes"], "All attribute names must be unique")
    return found


def _attribute(spec: models.AttributeRequest, path: Path) -> Attribute:
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
