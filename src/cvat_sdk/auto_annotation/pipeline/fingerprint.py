"""What the results of a run depend on: only a run of the same can be gone on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import msgspec

from cvat_sdk.models import Label, PatchedLabelRequest

Fingerprint = dict[str, Any]


def fingerprint(
    *,
    function: object,
    parameters: Mapping[str, Any],
    spec_labels: Sequence[PatchedLabelRequest],
    task_id: int,
    size: int,
    task_labels: Sequence[Label],
    options: Mapping[str, Any],
) -> Fingerprint:
    """Return what the results depend on, as JSON would give it back.

    Args:
        parameters: what the function was made with, as far as that is known.
        size: the number of frames of the task.
        options: by the names of the arguments of `annotate_task`.
    """
    told = {
        "function": _name(function),
        "parameters": parameters,
        "labels of the function": {label.name: label.to_dict() for label in spec_labels},
        "task": task_id,
        "number of frames": size,
        "labels of the task": {label.name: _label(label) for label in task_labels},
        "options": options,
    }
    result: Fingerprint = msgspec.json.decode(msgspec.json.encode(told, enc_hook=str))
    return result


def differences(before: Fingerprint, now: Fingerprint) -> list[str]:
    """Return what is not the same, for people.

    >>> differences({"options": {"merge": "append"}}, {"options": {"merge": "iou"}})
    ["options: merge was 'append', now it is 'iou'"]
    """
    found: list[str] = []
    for name in {**before, **now}:
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            found += (f"{name}: {difference}" for difference in _inner(old, new))
        else:
            found.append(f"the {name} was {old!r}, now it is {new!r}")
    return found


def _inner(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [
        _difference(name, old.get(name, _ABSENT), new.get(name, _ABSENT))
        for name in sorted({**old, **new})
        if old.get(name, _ABSENT) != new.get(name, _ABSENT)
    ]


_ABSENT = object()


def _difference(name: str, old: object, new: object) -> str:
    if old is _ABSENT:
        return f"{name} is new"
    if new is _ABSENT:
        return f"{name} is gone"
    if isinstance(old, dict) or isinstance(new, dict):
        return f"{name} has changed"
    return f"{name} was {old!r}, now it is {new!r}"


def _name(function: object) -> str:
    # A module may be a function, too.
    kind = function if isinstance(function, ModuleType) else type(function)
    module = getattr(kind, "__module__", "")
    name = getattr(kind, "__qualname__", None) or kind.__name__
    return f"{module}.{name}" if module else name


def _label(label: Label) -> dict[str, Any]:
    """Return what annotations have to do with; its colour is not a part of that."""
    told = {name: label.get(name) for name in ("id", "type", "attributes")}
    parts = label.get("sublabels") or ()
    return told | {"sublabels": {part.name: part.get("attributes") for part in parts}}
