"""What another detection function finds, under other names.

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.relabelled \
        -p function=str:cvat_sdk.auto_annotation.functions.nanodet_detection \
        -p names=str:car=vehicle,truck=vehicle
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.exceptions import BadFunctionError

from .named import Changed, function_of, words

__all__ = ["create"]


def create(function: Any, names: str, **parameters: Any) -> Changed:
    """Return the function.

    Args:
        function: a detection function; its module, or the path of its file.
        names: as in "car=vehicle,truck=vehicle"; labels that are not named keep their names. What
            gets the same name becomes one label.
        parameters: for the `create` of the function.

    Raises:
        BadFunctionError: the function has no label of that name, or labels are to become one that
            differ in more than their name.
        ValueError: `names` is something else.
    """
    inner = function_of(function, parameters)
    mapping = dict(map(_pair, words(names)))
    if unknown := mapping.keys() - {label.name for label in inner.spec.labels}:
        raise BadFunctionError(f"the function has no labels {sorted(unknown)}")
    made: dict[str, Any] = {}
    ids = {}
    for label in inner.spec.labels:
        name = mapping.get(label.name, label.name)
        first = made.setdefault(name, _renamed(label, name))
        if _told(first) != _told(label):
            raise BadFunctionError(
                f"label {label.name!r} can't become one with others called {name!r}:"
                " their types, attributes or sublabels differ"
            )
        ids[label.id] = first.id

    def rename(found: list[Any], size_wh: tuple[int, int]) -> list[Any]:
        for annotation in found:
            # An unknown one is for the driver to complain about.
            annotation.label_id = ids.get(annotation.label_id, annotation.label_id)
        return found

    return Changed(inner, cvataa.DetectionFunctionSpec(labels=list(made.values())), rename)


def _pair(word: str) -> tuple[str, str]:
    ours, _, theirs = map(str.strip, word.partition("="))
    if not (ours and theirs):
        raise ValueError(f"names: {word!r} is not NAME=NAME, as in car=vehicle")
    return ours, theirs


def _renamed(label: Any, name: str) -> Any:
    return replace(label, name=name)


def _told(label: Any) -> tuple[Any, ...]:
    kind = label.get("type", "any")
    return kind, list(label.get("attributes", ())), list(label.get("sublabels", ()))
