"""Labels with their attributes and sublabels."""

from __future__ import annotations

from cvat_hub.store import labels
from cvat_sdk import models


def label(found: labels.Label) -> models.Label:
    """Return a label with its attributes and sublabels."""
    record = models.Label(
        id=found.id,
        name=found.name,
        color=found.color,
        type=found.type,
        attributes=[_attribute(attribute) for attribute in found.attributes],
        sublabels=[_sublabel(sub) for sub in found.sublabels],
        parent_id=found.parent_id,
        has_parent=found.parent_id is not None,
    )
    if found.svg:
        record.svg = found.svg
    if found.project_id is None:
        record.task_id = found.task_id
    else:
        record.project_id = found.project_id
    return record


def _sublabel(found: labels.Label) -> models.Sublabel:
    return models.Sublabel(
        id=found.id,
        name=found.name,
        color=found.color,
        type=found.type,
        attributes=[_attribute(attribute) for attribute in found.attributes],
        has_parent=True,
    )


def _attribute(found: labels.Attribute) -> models.Attribute:
    return models.Attribute(
        id=found.id,
        name=found.name,
        mutable=found.mutable,
        input_type=models.InputTypeEnum(found.input_type),
        default_value=found.default_value,
        values=list(found.values) or [""],
    )
