"""What a server is told of a function when it is registered, and whether that still holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cvat_agent.failures import IncompatibleFunctionError
from cvat_sdk.auto_annotation.interface import (
    DetectionFunctionSpec,
    InteractionFunctionSpec,
    TrackingFunctionSpec,
)
from cvat_sdk.exceptions import BadFunctionError
from cvat_sdk.models import Function, FunctionRequest, ShapeType

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client
    from cvat_sdk.core.proxies.functions import Function as RegisteredFunction

PROVIDER = "native"
KINDS: dict[type, str] = {
    DetectionFunctionSpec: "detector",
    InteractionFunctionSpec: "interactor",
    TrackingFunctionSpec: "tracker",
}
# Of a box among the prompts: what the spec says, and what the server is told.
_BOXES: dict[int | None, dict[str, bool]] = {
    None: {},
    0: {"startswith_box_optional": True},
    1: {"startswith_box": True},
}


def register(
    client: Client, name: str, spec: object, *, visibility: str = "private"
) -> RegisteredFunction:
    """Make a function known to a server, so that agents can serve it.

    Raises:
        BadFunctionError: the spec is none of a function.
        ApiException: the server refuses.
    """
    return client.functions.create(request_of(name, spec, visibility))


def request_of(name: str, spec: object, visibility: str = "private") -> FunctionRequest:
    """Return what a server is told of a function.

    Raises:
        BadFunctionError: the spec is none of a function.
    """
    return FunctionRequest(
        provider=PROVIDER, name=name, kind=kind_of(spec), visibility=visibility, **_fields(spec)
    )


def kind_of(spec: object) -> str:
    """Return the kind of a function, as servers call it.

    Raises:
        BadFunctionError: the spec is none of a function.
    """
    for kind, name in KINDS.items():
        if isinstance(spec, kind):
            return name
    raise BadFunctionError(
        f"the function has a spec of type {type(spec).__name__!r}; it must be a"
        f" {', a '.join(kind.__name__ for kind in KINDS)}"
    )


def check_compatible(function: Function, spec: object) -> None:
    """Check that a function can do what was registered; it may be able to do more.

    Raises:
        IncompatibleFunctionError: it can't, or what was registered is no function for agents.
    """
    where = f"function {function.get('id')} ({function.get('name')!r})"
    if function.provider != PROVIDER:
        raise IncompatibleFunctionError(
            f"{where} is of provider {function.provider!r}; agents serve those of {PROVIDER!r}"
        )
    if function.get("kind") != kind_of(spec):
        raise IncompatibleFunctionError(
            f"{where} was registered as a {function.get('kind')}, but this one is a {kind_of(spec)}"
        )
    problem = next(iter(_problems(function, spec)), None)
    if problem is not None:
        raise IncompatibleFunctionError(
            f"{where} was registered with what this one cannot do: {problem}."
            " Register it anew, or serve it with the function that it was registered for"
        )


def _fields(spec: Any) -> dict[str, Any]:
    match spec:
        case DetectionFunctionSpec():
            return {"labels_v2": [_label(label) for label in spec.labels]}
        case TrackingFunctionSpec():
            return {
                "supported_shape_types": [ShapeType(t) for t in sorted(spec.supported_shape_types)]
            }
        case _:
            given = {} if spec.min_neg_points is None else {"min_neg_points": spec.min_neg_points}
            boxes = _BOXES[spec.min_bounding_boxes]
            return {"min_pos_points": spec.min_pos_points, **given, **boxes}


def _label(label: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"name": label.name}
    told["attributes"] = [
        {"name": one.name, "input_type": str(one.input_type), "values": list(one.values)}
        for one in label.get("attributes", ())
    ]
    # Old servers know no types here.
    if label.get("type", "any") != "any":
        told["type"] = str(label.type)
    if label.get("sublabels"):
        told["sublabels"] = [_label(sublabel) for sublabel in label.sublabels]
    return told


def _problems(function: Function, spec: Any) -> Iterable[str]:
    match spec:
        case DetectionFunctionSpec():
            return _label_problems(function.get("labels_v2") or (), spec.labels, "label")
        case TrackingFunctionSpec():
            return _type_problems(function, spec)
        case _:
            return _prompt_problems(function, spec)


def _label_problems(theirs: Iterable[Any], ours: Iterable[Any], noun: str) -> Iterable[str]:
    known = {label.name: label for label in ours}
    for label in theirs:
        own = known.get(label.name)
        where = f"{noun} {label.name!r}"
        if own is None:
            yield f"there is no {where}"
            continue
        wanted, given = label.get("type", "any"), str(own.get("type", "any"))
        if wanted not in ("any", "unknown", given):
            yield f"{where} is of type {given!r}, not {wanted!r}"
        for problem in _attribute_problems(label, own):
            yield f"{problem} of {where}"
        inner = _label_problems(label.get("sublabels", ()), own.get("sublabels", ()), "sublabel")
        for problem in inner:
            yield f"{problem} of {where}"


def _attribute_problems(label: Any, own: Any) -> Iterable[str]:
    known = {one.name: one for one in own.get("attributes", ())}
    for attribute in label.get("attributes", ()):
        ours = known.get(attribute.name)
        if ours is None:
            yield f"there is no attribute {attribute.name!r}"
        elif attribute.input_type != str(ours.input_type):
            yield f"the input type of attribute {attribute.name!r} is {str(ours.input_type)!r}"
        elif list(attribute.values) != list(ours.values):
            yield f"the values of attribute {attribute.name!r} are others"


def _type_problems(function: Function, spec: TrackingFunctionSpec) -> Iterable[str]:
    unknown = {str(kind) for kind in function.get("supported_shape_types") or ()}
    for kind in sorted(unknown - spec.supported_shape_types):
        yield f"shapes of type {kind!r} cannot be followed"


def _prompt_problems(function: Function, spec: InteractionFunctionSpec) -> Iterable[str]:
    if (function.get("min_pos_points") or 0) < spec.min_pos_points:
        yield f"it needs {spec.min_pos_points} positive points"
    registered = function.get("min_neg_points", -1)
    if registered >= 0 and spec.min_neg_points is None:
        yield "it takes no negative points"
    elif registered < (spec.min_neg_points or 0):
        yield f"it needs {spec.min_neg_points} negative points"
    required, optional = function.get("startswith_box"), function.get("startswith_box_optional")
    if spec.min_bounding_boxes is None and (required or optional):
        yield "it takes no boxes"
    elif spec.min_bounding_boxes == 1 and not required:
        yield "it needs a box"
