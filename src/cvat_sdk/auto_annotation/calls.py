"""Calls of tracking and interaction functions: their answers are checked.

Immediate mode and agents call functions in this way, so that a rule holds in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from cvat_sdk.auto_annotation.interface import (
    InteractionResultShape,
    TrackableShape,
)
from cvat_sdk.exceptions import BadFunctionError
from cvat_sdk.shapes import check_points

if TYPE_CHECKING:
    import PIL.Image

Shape = TypeVar("Shape", TrackableShape, InteractionResultShape)
Spec = TypeVar("Spec")
Point = tuple[float, float]


@dataclass(frozen=True)
class NoContext:
    """What functions are told of an image: nothing yet."""


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """What a user points at; see `InteractionPrompts`."""

    pos_points: Sequence[Point] = ()
    neg_points: Sequence[Point] = ()
    bounding_box: tuple[Point, Point] | None = None


@dataclass(frozen=True, kw_only=True)
class ShapeContext:
    """What a tracking function is told; see `TrackingFunctionShapeContext`."""

    original_shape_type: str


def spec_of(
    function: object, kind: type[Spec], *, methods: Sequence[str], only: str, do: str
) -> Spec:
    """Return the spec of a function of one kind.

    Args:
        methods: that it has, as in "track()".
        only, do: which functions do what is wanted, for the error.

    Raises:
        BadFunctionError: it is of another kind, or a method is missing.
    """
    name, spec = type(function).__name__, getattr(function, "spec", None)
    if not isinstance(spec, kind):
        told = "no spec" if spec is None else f"a spec of type {type(spec).__name__!r}"
        raise BadFunctionError(
            f"{name} has {told}; only {only} functions, whose spec is a {kind.__name__}, {do}"
        )
    for method in methods:
        if not callable(getattr(function, method.partition("(")[0], None)):
            raise BadFunctionError(f"{name} has no method {method}")
    return spec


def prepare(function: Any, image: PIL.Image.Image) -> Any:
    """Return what the function makes of an image: if it has no `preprocess_image`, the image."""
    preprocess = getattr(function, "preprocess_image", None)
    return preprocess(NoContext(), image) if callable(preprocess) else image


def begin(function: Any, pp_image: Any, shape: TrackableShape) -> Any:
    """Return the function's state of a shape."""
    context = ShapeContext(original_shape_type=shape.type)
    # It may become a part of the state, which the function may change.
    given = TrackableShape(type=shape.type, points=shape.points)
    return function.init_tracking_state(context, pp_image, given)


def follow(function: Any, pp_image: Any, state: Any, shape_type: str) -> TrackableShape | None:
    """Return where a shape is now, None if the function has lost it.

    Args:
        state: what `begin` returned.
        shape_type: of the shape that it was made of.

    Raises:
        BadFunctionError: the function returns something else, or a shape of another type.
    """
    found = function.track(ShapeContext(original_shape_type=shape_type), pp_image, state)
    if found is None:
        return None
    shape = checked(found, TrackableShape)
    if shape.type != shape_type:
        raise BadFunctionError(
            f"track returned a shape of type {shape.type!r} for one of type {shape_type!r}"
        )
    # The function may go on with its own, and change it.
    return TrackableShape(type=shape_type, points=[*map(float, shape.points)])


def checked(found: object, kind: type[Shape]) -> Shape:
    """Return a shape that a function has returned.

    Raises:
        BadFunctionError: it is none, or has points that shapes of its type can't have.
    """
    if not isinstance(found, kind):
        raise BadFunctionError(f"expected {kind.__name__}, got {type(found).__name__!r}")
    try:
        check_points(found.type, found.points)
    except (ValueError, KeyError, TypeError) as error:
        raise BadFunctionError(f"a shape has bad points: {error}") from error
    return found
