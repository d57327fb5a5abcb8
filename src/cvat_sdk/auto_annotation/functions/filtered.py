"""Less of what another detection function finds: some labels, or shapes of some scores and sizes.

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.filtered \
        -p function=str:cvat_sdk.auto_annotation.functions.nanodet_detection \
        -p labels=str:person,car -p min_side=int:20
"""

from __future__ import annotations

from typing import Any

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation.overlap import FLAT, area
from cvat_sdk.exceptions import BadFunctionError

from .named import Changed, function_of, words

__all__ = ["create"]


def create(
    function: Any,
    labels: str = "",
    min_score: float = 0.0,
    min_side: float = 0.0,
    max_side: float = float("inf"),
    **parameters: Any,
) -> Changed:
    """Return the function.

    Args:
        function: a detection function; its module, or the path of its file.
        labels: those that are wanted, as in "cat,dog"; by default all.
        min_score: shapes with a lower score are left out; those without one stay.
        min_side, max_side: how long the shorter side of a shape's box may be, in pixels. Only
            rectangles, polygons, ellipses and masks are measured.
        parameters: for the `create` of the function.

    Raises:
        BadFunctionError: the function has no label of that name.
    """
    inner = function_of(function, parameters)
    wanted = set(words(labels)) or {label.name for label in inner.spec.labels}
    known = [label for label in inner.spec.labels if label.name in wanted]
    if unknown := wanted - {label.name for label in known}:
        names = ", ".join(label.name for label in inner.spec.labels[:10])
        raise BadFunctionError(f"the function has no labels {sorted(unknown)}, but {names}, ...")
    ids = {label.id for label in known}

    def is_wanted(found: Any) -> bool:
        if found.label_id not in ids or found.get("score", 1.0) < min_score:
            return False
        return min_side <= _side(found) <= max_side if found.get("type") in FLAT else True

    spec = cvataa.DetectionFunctionSpec(labels=known)
    return Changed(inner, spec, lambda found, size: list(filter(is_wanted, found)))


def _side(shape: Any) -> float:
    left, top, right, bottom = area(shape).box
    return min(right - left, bottom - top)
