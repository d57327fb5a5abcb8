"""The kinds of functions: the fields that each has, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from cvat_hub.errors import at

from .wire import FunctionLabel, FunctionRequest

# The fields of a kind, and what they are if they are left out; None has to be given.
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "detector": {"labels_v2": None},
    "interactor": {
        "min_pos_points": 0,
        "min_neg_points": -1,
        "startswith_box": False,
        "startswith_box_optional": False,
    },
    "tracker": {"supported_shape_types": None},
}
# What can be asked of a kind.
TYPES: Mapping[str, Sequence[str]] = {
    "detector": ("annotate_task", "annotate_frame"),
    "interactor": ("interact",),
    "tracker": ("track_task", "init_tracking", "track"),
}
CATEGORIES: Mapping[str, str] = {
    "annotate_task": "batch",
    "track_task": "batch",
    "annotate_frame": "interactive",
    "interact": "interactive",
    "init_tracking": "interactive",
    "track": "interactive",
}
# What an agent gets only if it says that it can do it; other agents don't know these types.
OF_OUR_OWN = frozenset({"track_task"})


def spec(asked: FunctionRequest) -> dict[str, Any]:
    """Return the fields of a function's kind, complete.

    Raises:
        BadRequest: one is missing, belongs to another kind, or makes no sense.
    """
    own = FIELDS[asked.kind]
    for name in (name for fields in FIELDS.values() for name in fields):
        given = getattr(asked, name) is not UNSET
        if given and name not in own:
            raise at([name], f"a {asked.kind} has no such field")
        if not given and name in own and own[name] is None:
            raise at([name], "This field is required.")
    values = {name: getattr(asked, name) for name in own}
    _check_names(asked.labels_v2 or [], ["labels_v2"])
    if values.get("supported_shape_types") == []:
        raise at(["supported_shape_types"], "a tracker needs at least one type of shapes")
    given_values = {name: value for name, value in values.items() if value is not UNSET}
    return {**own, **msgspec.to_builtins(given_values)}


def _check_names(named: Sequence[Any], path: list[str | int]) -> None:
    seen: set[str] = set()
    for index, one in enumerate(named):
        place = [*path, index]
        if one.name in seen:
            raise at([*place, "name"], f"{one.name!r} comes twice")
        seen.add(one.name)
        _check_names(getattr(one, "attributes", []), [*place, "attributes"])
        if isinstance(one, FunctionLabel):
            _check_names(one.sublabels, [*place, "sublabels"])
