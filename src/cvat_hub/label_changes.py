"""What a client wants of the labels of a task or a project: some added, changed or removed.

What happens to annotations: a new name or colour leaves them as they are. A label that is removed
takes its annotations along, an attribute that is removed its values. What an attribute accepts may
change at any time and holds for what is written from then on. A label gets another type only while
nothing is annotated with it, or if the new one is `any`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from cvat_sdk import models

from . import label_specs
from .errors import BadRequest, at
from .label_specs import Path
from .store import labelled, labels
from .store.hidden import Date, Hidden
from .store.labels import Attribute, Home, Label


@dataclass
class Changes:
    """What is to be done, in the terms of the store."""

    added: list[Label] = field(default_factory=list)
    changed: list[Label] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    removed_attributes: list[int] = field(default_factory=list)
    # Labels that may have no annotations, each with its name.
    retyped: dict[int, str] = field(default_factory=dict)


def plan(
    specs: Sequence[models.PatchedLabelRequest],
    existing: Sequence[Label],
    above: Path | None = None,
) -> Changes:
    """Return what a client wants; a spec with an id means an existing label.

    Args:
        above: where in the body the specs are; None stands for the list `labels`.

    Raises:
        BadRequest: a label is described wrongly, or two would have the same name.
    """
    known = {label.id: label for label in existing}
    changes = Changes()
    if not _unique([spec.id for spec in specs if "id" in spec]):
        raise BadRequest("a label comes twice")
    for index, spec in enumerate(specs):
        path: Path = ["labels", index] if above is None else above
        if "id" not in spec and not spec.get("deleted"):
            changes.added.append(label_specs.new(spec, path))
        elif spec.get("id") not in known:
            raise at([*path, "id"], f"there is no label of id {spec.get('id')} here")
        elif spec.get("deleted"):
            changes.removed.append(spec.id)
        else:
            known[spec.id] = _changed(known[spec.id], spec, changes, path)
            changes.changed.append(known[spec.id])
    names = [label.name for label in known.values() if label.id not in changes.removed]
    if not _unique([*names, *(label.name for label in changes.added)]):
        raise BadRequest("All label names must be unique")
    return changes


def apply(connection: Connection, home: Home, changes: Changes, now: Date) -> list[Hidden]:
    """Change the labels of a task or a project, and the annotations that depend on them.

    Returns:
        What nobody sees any more, to be swept up in time.

    Raises:
        BadRequest: a label that is to have another type has annotations.
    """
    for label_id, name in changes.retyped.items():
        if labelled.exist(connection, home, label_id):
            raise BadRequest(f"label {name!r} has annotations: its type can only become 'any'")
    leaving: list[Hidden] = []
    for label_id in changes.removed:
        leaving += labelled.remove(connection, home, label_id, now)
        labels.remove(connection, label_id)
    for attribute_id in changes.removed_attributes:
        leaving += labelled.forget_attribute(connection, home, attribute_id, now)
        labels.remove_attribute(connection, attribute_id)
    for label in changes.changed:
        labels.change(connection, label)
    for label in changes.added:
        labels.add(connection, home, label)
    return leaving


def _changed(label: Label, spec: models.PatchedLabelRequest, changes: Changes, path: Path) -> Label:
    kind = label_specs.checked_type(spec.get("type", label.type), path)
    if kind != label.type:
        if "skeleton" in (kind, label.type):
            raise at([*path, "type"], "a label stays a skeleton, or none, for good")
        if kind != "any":
            changes.retyped[label.id] = label.name
    subs = {sub.id: sub for sub in label.sublabels}
    for index, sub in enumerate(spec.get("sublabels", [])):
        place = [*path, "sublabels", index]
        if sub.get("id") not in subs:
            raise at([*place, "id"], "a skeleton keeps its points: expected the id of one")
        subs[sub.id] = _described(subs[sub.id], sub, changes, place)
    if not _unique([sub.name for sub in subs.values()]):
        raise at([*path, "sublabels"], "All label names must be unique")
    described = _described(label, spec, changes, path)
    return replace(
        described, type=kind, svg=spec.get("svg", label.svg), sublabels=list(subs.values())
    )


def _described(
    label: Label,
    spec: models.PatchedLabelRequest | models.SublabelRequest,
    changes: Changes,
    path: Path,
) -> Label:
    return replace(
        label,
        name=spec.get("name", label.name),
        color=label_specs.checked_color(spec.get("color", ""), path) or label.color,
        attributes=_attributes(label, spec.get("attributes", []), changes, path),
    )


def _attributes(
    label: Label, specs: Sequence[models.AttributeRequest], changes: Changes, path: Path
) -> list[Attribute]:
    known = {attribute.id: attribute for attribute in label.attributes}
    added: list[Attribute] = []
    for index, spec in enumerate(specs):
        place = [*path, "attributes", index]
        if "id" not in spec and not spec.get("deleted"):
            added.append(label_specs.attribute(spec, place))
        elif spec.get("id") not in known:
            problem = f"label {label.name!r} has no attribute of id {spec.get('id')}"
            raise at([*place, "id"], problem)
        elif spec.get("deleted"):
            changes.removed_attributes.append(spec.id)
            del known[spec.id]
        else:
            known[spec.id] = _changed_attribute(known[spec.id], spec, place)
    if not _unique([attribute.name for attribute in (*known.values(), *added)]):
        raise at([*path, "attributes"], "All attribute names must be unique")
    return [*known.values(), *added]


def _changed_attribute(before: Attribute, spec: models.AttributeRequest, path: Path) -> Attribute:
    for name in _FIXED:
        if spec[name] != getattr(before, name):
            raise at([*path, name], f"stays {getattr(before, name)!r} for good; add an attribute")
    now = label_specs.attribute(spec, path)
    return replace(now, id=before.id, default_value=spec.get("default_value", before.default_value))


# A value that was right would be wrong, or at the wrong place.
_FIXED = ("input_type", "mutable")


def _unique(items: Sequence[str | int]) -> bool:
    return len(set(items)) == len(items)
