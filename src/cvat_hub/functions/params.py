"""What is asked of a function: checked, completed, and as its agent gets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from cvat_hub.errors import BadRequest, at
from cvat_hub.store.functions import Function
from cvat_hub.store.labels import Label
from cvat_sdk.shapes import check_points

from .home import Place
from .kinds import TYPES
from .wire import LabelMapping, Params


class Target(NamedTuple):
    """What is known of the frames that something is asked for."""

    place: Place
    labels: Sequence[Label]
    sizes_wh: Callable[[int, int], set[tuple[int, int]]]


def type_of(function: Function, asked: Params, *, batch: bool) -> str:
    """Return the type of a request.

    Raises:
        BadRequest: functions of this kind don't do that.
    """
    if asked.type is not UNSET:
        known = [name for name in TYPES[function.kind] if name.endswith("_task") == batch]
        if asked.type not in known:
            told = " or ".join(known) or "nothing"
            raise at(["type"], f"of a {function.kind} one can ask {told} here")
        return asked.type
    return _usual(function.kind, asked, batch=batch)


def _usual(kind: str, asked: Params, *, batch: bool) -> str:
    if batch:
        found = {"detector": "annotate_task", "tracker": "track_task"}.get(kind)
        if found is None:
            raise at(["function"], f"a {kind} has nothing to do in the background")
        return found
    if kind == "tracker":
        return "init_tracking" if asked.states is UNSET else "track"
    return {"detector": "annotate_frame", "interactor": "interact"}[kind]


def for_agent(kind: str, function: Function, asked: Params, target: Target) -> dict[str, Any]:
    """Return the parameters that an agent gets, of a request of this type.

    Raises:
        BadRequest: a parameter is missing or makes no sense.
    """
    given: dict[str, Any] = {"type": kind, "task": target.place.task_id}
    if target.place.job_id is not None:
        given["job"] = target.place.job_id
    for part in _PARTS[kind]:
        given |= part(function, asked, target)
    return given


def _frame(function: Function, asked: Params, target: Target) -> dict[str, Any]:
    return {"frame": _checked_frame("frame", asked.frame, target.place)}


def _detection(function: Function, asked: Params, target: Target) -> dict[str, Any]:
    known = {label["name"] for label in function.spec["labels_v2"]}
    there = {label.name for label in target.labels}
    mapping = asked.mapping
    if mapping is None:
        mapping = {name: LabelMapping(name) for name in sorted(known & there)}
    for name, to in mapping.items():
        if name not in known:
            raise at(["mapping"], f"the function has no label {name!r}")
        if to.name not in there:
            raise at(["mapping"], f"the task has no label {to.name!r}")
    conv = asked.conv_mask_to_poly or asked.convMaskToPoly
    return {
        "mapping": msgspec.to_builtins(mapping),
        "threshold": asked.threshold,
        "conv_mask_to_poly": conv is True,
    }


def _cleanup(function: Function, asked: Params, target: Target) -> dict[str, Any]:
    return {"cleanup": asked.cleanup}


def _roi_of_all(function: Function, asked: Params, target: Target) -> dict[str, Any]:
    return _roi(asked, target, target.place.first, target.place.last)


def _roi_of_frame(function: Function, asked: Params, target: Target) -> dict[str, Any]:
    frame = _checked_frame("frame", asked.frame, target.place)
    return _roi(asked, target, frame, frame)


def _roi(asked: Params, target: Target, first: int, last: int) -> dict[str, Any]:
    if asked.roi is None:
        return {}
    left, top, right, bottom = asked.roi
    if left >= right or top >= bottom:
        raise at(["roi"], "expected left, top, right and bottom of an area that is not empty")
    for width, height in target.sizes_wh(first, last):
        if right > width or bottom > height:
            raise at(["roi"], f"it reaches beyond an image of {width}x{height} pixels")
    return {"roi": asked.roi}


def _prompts(function: Function, asked: Params, target: Target) -> dict[str, Any]:
    if len(asked.obj_bbox) == 1:
        raise at(["obj_bbox"], "expected no corner or two")
    left, top, *_ = asked.roi or (0, 0)
    names = ("pos_points", "neg_points", "obj_bbox")
    return {name: [[x - left, y - top] for x, y in getattr(asked, name)] for name in names}


def _shapes(function: Function, asked: Params, target: Target) -> dict[str, Any]:
    return {"shapes": _checked_shapes(function, asked, ("type", "points"))}


def _states(function: Function, asked: Params, target: Target) -> dict[str, Any]:
    if not asked.states:
        raise at(["states"], "This field is required.")
    if len(set(asked.states)) < len(asked.states):
        raise at(["states"], "a state comes twice")
    return {"states": asked.states}


def _tracks(function: Function, asked: Params, target: Target) -> dict[str, Any]:
    start = _checked_frame("start_frame", asked.start_frame, target.place)
    stop = target.place.last if asked.stop_frame is UNSET else asked.stop_frame
    _checked_frame("stop_frame", stop, target.place)
    if stop < start:
        raise at(["stop_frame"], f"it is before the first frame, {start}")
    shapes = _checked_shapes(function, asked, ("type", "points", "label_id"))
    ids = {label.id for label in target.labels}
    for index, shape in enumerate(shapes):
        if shape["label_id"] not in ids:
            raise at(["shapes", index, "label_id"], "the task has no such label")
    return {"start_frame": start, "stop_frame": stop, "shapes": shapes}


Part = Callable[[Function, Params, Target], dict[str, Any]]
_PARTS: Mapping[str, Sequence[Part]] = {
    "annotate_task": (_detection, _roi_of_all, _cleanup),
    "annotate_frame": (_frame, _detection, _roi_of_frame),
    "interact": (_frame, _prompts, _roi_of_frame),
    "init_tracking": (_frame, _shapes),
    "track": (_frame, _states),
    "track_task": (_tracks,),
}


def _checked_frame(name: str, frame: Any, place: Place) -> int:
    if frame is UNSET:
        raise at([name], "This field is required.")
    if not place.first <= frame <= place.last:
        raise at([name], f"{frame} is out of range: expected {place.first} to {place.last}")
    if frame in place.deleted:
        raise at([name], f"frame {frame} is deleted")
    return int(frame)


def _checked_shapes(
    function: Function, asked: Params, names: Sequence[str]
) -> list[dict[str, Any]]:
    known = function.spec["supported_shape_types"]
    if not asked.shapes:
        raise at(["shapes"], "This field is required.")
    for index, shape in enumerate(asked.shapes):
        if shape.type not in known:
            raise at(["shapes", index, "type"], f"the function follows {', '.join(known)} only")
        try:
            check_points(shape.type, shape.points)
        except ValueError as error:
            raise at(["shapes", index, "points"], str(error)) from None
    if "label_id" in names and any(shape.label_id is UNSET for shape in asked.shapes):
        raise BadRequest({"shapes": ["each shape needs the label_id of its track"]})
    return [{name: getattr(shape, name) for name in names} for shape in asked.shapes]
