"""The rules for interaction functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cvat_sdk.auto_annotation.calls import NoContext, Prompts, prepare
from cvat_sdk.auto_annotation.interface import (
    InteractionFunctionSpec,
    InteractionResultAttributes,
    InteractionResultShape,
)
from cvat_sdk.auto_annotation.trial.local_frames import LocalFrame
from cvat_sdk.auto_annotation.trial.problems import Problem, told
from cvat_sdk.shapes import check_points


def problems(function: Any, frames: Sequence[LocalFrame]) -> Iterator[Problem]:
    """Yield what is wrong with an interaction function."""
    for frame in frames:
        where = f"frame {frame.index} ({frame.name!r})"
        try:
            prepared = prepare(function, frame.load_image())
        except Exception as error:
            yield Problem("preprocess_image", f"{where}: {told(error)}")
            continue
        for prompts in _prompts(function.spec, frame.width, frame.height):
            yield from _of_answer(function, frame, prepared, prompts, where)


def _prompts(spec: InteractionFunctionSpec, width: int, height: int) -> Iterator[Prompts]:
    """Yield the least that may be given, and as many kinds of prompts as are taken."""
    # The points of a kind lie side by side: positive ones in the middle, negative ones at the edge.
    middle = [(width * (0.5 + i / 100), height / 2) for i in range(max(1, spec.min_pos_points))]
    edge = [(width * i / 100, 1.0) for i in range(1, 1 + max(1, spec.min_neg_points or 0))]
    box = (width * 0.25, height * 0.2), (width * 0.75, height * 0.8)
    least = Prompts(
        pos_points=middle[: spec.min_pos_points],
        neg_points=edge[: spec.min_neg_points or 0],
        bounding_box=box if spec.min_bounding_boxes else None,
    )
    takes_neg, takes_box = spec.min_neg_points is not None, spec.min_bounding_boxes is not None
    if least != Prompts():
        yield least
    yield Prompts(
        pos_points=middle,
        neg_points=edge if takes_neg else (),
        bounding_box=box if takes_box else None,
    )


def _of_answer(
    function: Any, frame: LocalFrame, prepared: Any, prompts: Prompts, where: str
) -> Iterator[Problem]:
    try:
        answers = [function.detect(NoContext(), prepared, prompts) for _ in range(2)]
    except Exception as error:
        yield Problem("detect", f"{where}: for {prompts}: {told(error)}")
        return
    found = answers[0]
    if not isinstance(found, list):
        yield Problem("detect", f"{where}: it returns a {type(found).__name__}", "return a list")
        return
    if answers[1] != found:
        yield Problem(
            "detect",
            f"{where}: the second call with the same prompts finds something else",
            "pp_image must not be changed: it serves further prompts",
        )
    for index, shape in enumerate(found):
        yield from _of_shape(shape, frame, f"{where}, shape {index}")


def _of_shape(shape: object, frame: LocalFrame, where: str) -> Iterator[Problem]:
    if not isinstance(shape, InteractionResultShape):
        kind = type(shape).__name__
        yield Problem("detect", f"{where}: a {kind}", "return InteractionResultShape objects")
        return
    try:
        check_points(shape.type, shape.points)
    except (ValueError, KeyError) as error:
        yield Problem("detect", f"{where}: bad points of a {shape.type}: {error}")
        return
    if shape.type != "mask":
        hint = "annotation UIs use masks only"
        yield Problem("detect", f"{where} is a {shape.type}", hint, "warning")
        return
    left, top, right, bottom = shape.points[-4:]
    if not (0 <= left <= right < frame.width and 0 <= top <= bottom < frame.height):
        size = f"{frame.width} x {frame.height}"
        box = [left, top, right, bottom]
        yield Problem("detect", f"{where}: the mask's box {box} lies out of the image, {size}")
    for attribute in shape.attributes:
        if attribute.spec_id == InteractionResultAttributes.CONFIDENCE:
            yield from _of_confidence(attribute.value, where)


def _of_confidence(value: str, where: str) -> Iterator[Problem]:
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not 0 <= number <= 1:
        yield Problem("detect", f"{where}: confidence {value!r} is not a number from 0 to 1")
