"""What agents answer: checked, moved from the part of an image to the whole, and made ready."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from cvat_hub.errors import at
from cvat_hub.store.function_requests import Request
from cvat_sdk.shapes import check_points

from .home import Findings
from .tracks import Asked
from .wire import Complete, ResultShape

_encode = msgspec.json.Encoder().encode


def of_annotations(request: Request, sent: Complete) -> Findings:
    """Return what is to be checked against the task, and for a batch request written into it.

    Raises:
        BadRequest: it is missing.
    """
    name = "tracks" if request.type == "track_task" else "annotations"
    found = getattr(sent, name)
    if found is UNSET:
        raise at([name], "This field is required.")
    body = bytes(found)
    return Findings(
        user_id=request.user_id,
        task_id=request.task_id,
        job_id=request.job_id,
        body=b'{"tracks":%b}' % body if name == "tracks" else body,
        keeps=Asked(request.params) if name == "tracks" else _Adjust(request),
        cleanup=bool(request.params.get("cleanup")),
    )


class _Adjust:
    """Moves what was found in a part of an image, and keeps to the frame that was asked for."""

    def __init__(self, request: Request) -> None:
        self._offset = offset(request.params)
        self._frame = request.params.get("frame")

    def __call__(self, annotation: Any) -> bool:
        if self._frame not in (None, annotation.frame):
            raise at(["annotations"], f"frame {annotation.frame} was not asked for")
        if any(self._offset):
            for shape in (annotation, *getattr(annotation, "elements", ())):
                if points := getattr(shape, "points", None):
                    shape.points = moved(shape.type, points, self._offset)
        return True


def offset(params: Mapping[str, Any]) -> tuple[int, int]:
    """Return where the part of the image that an agent sees begins: left, top."""
    left, top, *_ = params.get("roi") or (0, 0)
    return left, top


def moved(kind: str, points: list[float], by: tuple[int, int]) -> list[float]:
    """Return the points of a shape that was found in a part of an image, in the whole image.

    >>> moved("rectangle", [0, 1, 5, 5], (10, 20))
    [10, 21, 15, 25]
    >>> moved("mask", [0, 4, 1, 1, 2, 2], (10, 20))
    [0, 4, 11, 21, 12, 22]
    """
    if kind == "mask":
        return points[:-4] + moved("", points[-4:], by)
    return [value + by[index % 2] for index, value in enumerate(points)]


def interaction(request: Request, sent: Complete) -> bytes:
    """Return what the asker of an `interact` reads."""
    shapes = _shapes(sent)
    by = offset(request.params)
    for index, shape in enumerate(shapes):
        if shape is None:
            raise at(["shapes", index], "expected a shape")
        shape.points = moved(shape.type, shape.points, by)
    return _encode({"shapes": shapes})


def states(request: Request, sent: Complete) -> list[str]:
    """Return the agent's own names of the states that it made, one for each shape."""
    count = len(request.params["shapes"])
    if sent.states is UNSET or len(sent.states) != count:
        raise at(["states"], f"expected {count}, one for each shape")
    return list(sent.states)


def tracked(request: Request, sent: Complete) -> list[ResultShape | None]:
    """Return where the shapes of states are now; None is lost."""
    shapes, count = _shapes(sent), len(request.params["states"])
    if len(shapes) != count:
        raise at(["shapes"], f"expected {count}, one for each state")
    return shapes


def _shapes(sent: Complete) -> list[ResultShape | None]:
    if sent.shapes is UNSET:
        raise at(["shapes"], "This field is required.")
    for index, shape in enumerate(sent.shapes):
        if shape is not None:
            try:
                check_points(shape.type, shape.points)
            except ValueError as error:
                raise at(["shapes", index, "points"], str(error)) from None
    return list(sent.shapes)
