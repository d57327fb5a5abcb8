"""`interact`: requests for interaction functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cvat_agent.failures import BadRequestError
from cvat_agent.frames import parse_roi
from cvat_agent.host import Missing
from cvat_agent.jobs import Bench, Job
from cvat_sdk.auto_annotation import calls
from cvat_sdk.auto_annotation.interface import InteractionFunctionSpec


def interact(bench: Bench, job: Job) -> dict[str, Any]:
    """Return the shapes that a user's prompts mean.

    Raises:
        BadRequestError: the prompts are not those that the function takes.
        BadFunctionError: the function breaks a rule.
    """
    params = job.params
    prompts = parse_prompts(params)
    check_prompts(prompts, bench.spec)
    known = bench.frames.task(params.get("task"))
    info = known.frame(params.get("frame"))
    box = parse_roi(params.get("roi"), (info.width, info.height))
    key = known.key(info.index, box)
    with bench.timed("compute"):
        shapes = bench.worker.call("interact", key, None, prompts, again=True).value
    if isinstance(shapes, Missing):
        with bench.timed("fetch"):
            image = bench.frames.image(known, info.index)
        with image as picture, bench.timed("compute"):
            call = bench.worker.call
            shapes = call("interact", key, picture.cut(box), prompts, again=True).value
    return {"shapes": [_told(shape) for shape in shapes]}


def parse_prompts(params: Mapping[str, Any]) -> calls.Prompts:
    """Return the prompts of a request.

    Raises:
        BadRequestError: they are not points.
    """
    positive, negative, box = (
        _points(params.get(name) or (), name) for name in ("pos_points", "neg_points", "obj_bbox")
    )
    if len(box) not in (0, 2):
        raise BadRequestError("obj_bbox is not two points")
    return calls.Prompts(
        pos_points=positive, neg_points=negative, bounding_box=(box[0], box[1]) if box else None
    )


def check_prompts(prompts: calls.Prompts, spec: InteractionFunctionSpec) -> None:
    """Check that prompts are those that a function takes.

    Raises:
        BadRequestError: they aren't.
    """
    if len(prompts.pos_points) < spec.min_pos_points:
        raise BadRequestError(f"the function needs {spec.min_pos_points} positive points or more")
    if spec.min_neg_points is None and prompts.neg_points:
        raise BadRequestError("the function takes no negative points")
    if len(prompts.neg_points) < (spec.min_neg_points or 0):
        raise BadRequestError(f"the function needs {spec.min_neg_points} negative points or more")
    if spec.min_bounding_boxes is None and prompts.bounding_box is not None:
        raise BadRequestError("the function takes no box")
    if spec.min_bounding_boxes == 1 and prompts.bounding_box is None:
        raise BadRequestError("the function needs a box")


def _points(given: Any, name: str) -> tuple[tuple[float, float], ...]:
    try:
        return tuple((float(x), float(y)) for x, y in given)
    except (TypeError, ValueError) as error:
        raise BadRequestError(f"{name} is not a list of points") from error


def _told(shape: Any) -> dict[str, Any]:
    return {"type": str(shape.type), "points": shape.points, "attributes": shape.attributes}
