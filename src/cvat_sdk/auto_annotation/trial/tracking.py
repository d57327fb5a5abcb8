"""The rules for tracking functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cvat_sdk.auto_annotation.calls import ShapeContext, prepare
from cvat_sdk.auto_annotation.interface import TrackableShape
from cvat_sdk.auto_annotation.trial.local_frames import LocalFrame
from cvat_sdk.auto_annotation.trial.problems import Problem, told
from cvat_sdk.shapes import check_points


def problems(function: Any, frames: Sequence[LocalFrame]) -> Iterator[Problem]:
    """Yield what is wrong with a tracking function.

    It follows a shape in the middle of each image, which moves to the right a bit.
    """
    for frame in frames:
        for shape in _shapes(frame.width, frame.height):
            if shape.type in function.spec.supported_shape_types:
                where = f"frame {frame.index} ({frame.name!r}), {shape.type}"
                yield from _of_track(function, frame, shape, where)


def _shapes(width: int, height: int) -> Iterator[TrackableShape]:
    left, top, right, bottom = (
        round(s) for s in (width * 0.3, height * 0.3, width * 0.7, height * 0.7)
    )
    corners = [left, top, right, top, right, bottom, left, bottom]
    inside = (right - left + 1) * (bottom - top + 1)
    yield TrackableShape(type="rectangle", points=[left, top, right, bottom])
    yield TrackableShape(type="polygon", points=[*corners])
    yield TrackableShape(type="polyline", points=[*corners])
    yield TrackableShape(type="points", points=[left, top, right, bottom])
    yield TrackableShape(type="mask", points=[0, inside, left, top, right, bottom])


def _of_track(
    function: Any, frame: LocalFrame, shape: TrackableShape, where: str
) -> Iterator[Problem]:
    from PIL import ImageChops

    context, given = ShapeContext(original_shape_type=shape.type), list(shape.points)
    image = frame.load_image()
    step = "preprocess_image"
    try:
        first = prepare(function, image)
        step = "init_tracking_state"
        state = function.init_tracking_state(context, first, shape)
        if shape.points != given:
            yield Problem(step, f"{where}: it changes the shape that it is given", "copy it")
        step = "track"
        for shift in (0, 2, 4):
            moved = prepare(function, ImageChops.offset(image, shift, 0))
            yield from _of_answer(function.track(context, moved, state), shape, where)
    except Exception as error:
        yield Problem(step, f"{where}: {told(error)}")


def _of_answer(found: object, shape: TrackableShape, where: str) -> Iterator[Problem]:
    if found is None:
        return
    if not isinstance(found, TrackableShape):
        kind = type(found).__name__
        yield Problem("track", f"{where}: it returns a {kind}", "return a TrackableShape, or None")
        return
    if found.type != shape.type:
        yield Problem("track", f"{where}: it returns a {found.type}", "keep the type of the shape")
        return
    try:
        check_points(found.type, found.points)
    except ValueError as error:
        yield Problem("track", f"{where}: bad points: {error}")
