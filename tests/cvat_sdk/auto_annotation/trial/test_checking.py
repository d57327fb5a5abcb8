"""Each rule is broken by a function that breaks nothing else."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation.trial import LocalFrame, check
from cvat_sdk.masks import encode_mask
from cvat_sdk.models import AttributeValRequest

SIZES = [(40, 30), (30, 40)]
FRAMES = [
    LocalFrame(i, f"{i}.png", *size, lambda size=size: PIL.Image.new("RGB", size, (9, 9, 9)))
    for i, size in enumerate(SIZES)
]
SPEC = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("a", 1), cvataa.label_spec("b", 2)])


def rules_broken(function: Any) -> list[tuple[str, str]]:
    return [(problem.level, problem.rule) for problem in check(function, FRAMES)]


def found(context: Any) -> list[Any]:
    """Return a mask, or a polygon, and a rectangle, with scores of 0.4 and 0.9."""
    bitmap = np.zeros((20, 20), bool)
    bitmap[3:9, 4:8] = True
    outline = [4, 3, 8, 3, 8, 9]
    all_of_it = [
        cvataa.rectangle(1, [1, 2, 11, 12], score=0.9),
        cvataa.polygon(2, outline, score=0.4)
        if context.conv_mask_to_poly
        else cvataa.mask(2, encode_mask(bitmap), score=0.4),
    ]
    threshold = 0.3 if context.conf_threshold is None else context.conf_threshold
    return [shape for shape in all_of_it if shape.score >= threshold]


def detect_well(context: Any, image: PIL.Image.Image) -> list[Any]:
    return found(context)


def detect_batch_well(contexts: Any, images: Any) -> list[Any]:
    return [found(context) for context in contexts]


class Counting:
    """Finds something else at each call."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, context: Any, image: Any) -> list[Any]:
        self.calls += 1
        return [cvataa.rectangle(1, [1, 2, 11 + self.calls, 12], score=1.0)]


def fails_on_upright(context: Any, image: PIL.Image.Image) -> list[Any]:
    if image.height > image.width:
        raise KeyError("upright")
    return []


def takes_colours_only(context: Any, image: PIL.Image.Image) -> list[Any]:
    height, width, _ = np.asarray(image).shape
    assert (width, height) == image.size
    return []


def draws(context: Any, image: PIL.Image.Image) -> list[Any]:
    PIL.ImageDraw.Draw(image).line((0, 0, 9, 9), fill=1)
    return []


def rectangle(points: list[float], **more: Any) -> Callable[..., list[Any]]:
    return lambda context, image: [cvataa.rectangle(1, points, **{"score": 1.0, **more})]


def ignores_conversion(context: Any, image: Any) -> list[Any]:
    return found(SimpleNamespace(conf_threshold=context.conf_threshold, conv_mask_to_poly=False))


def drops_masks(context: Any, image: Any) -> list[Any]:
    return [] if context.conv_mask_to_poly else found(context)


def takes_zero_for_none(context: Any, image: Any) -> list[Any]:
    threshold = context.conf_threshold or 0.95
    scores = (0.4, 0.5, 0.96, 0.97)
    return [cvataa.rectangle(1, [1, 1, 5, 5], score=s) for s in scores if s >= threshold]


@pytest.mark.parametrize(
    ("detect", "broken"),
    [
        (detect_well, []),
        (Counting(), [("warning", "detect")]),
        (fails_on_upright, [("error", "detect")]),
        (takes_colours_only, [("error", "image")] * 3),
        (draws, [("error", "image")]),
        (lambda context, image: [cvataa.rectangle(7, [1, 1, 2, 2])], [("error", "detect")] * 2),
        (lambda context, image: None, [("error", "detect")] * 2),
        (rectangle([1, 1, 39, 39]), [("warning", "place")] * 2),
        (rectangle([9, 1, 3, 9]), [("warning", "place")] * 2),
        (rectangle([1, 1, 3, 9], score=1.5), [("error", "detect")] * 2),
        (lambda context, image: [cvataa.tag(1)], []),
        (lambda context, image: [cvataa.rectangle(1, [1, 1, 2, 2])], [("warning", "threshold")]),
        (rectangle([1, 1, 3, 9], score=0.5), [("error", "threshold")]),
        (takes_zero_for_none, [("error", "threshold")]),
        (ignores_conversion, [("error", "conversion")] * 2),
        (drops_masks, [("error", "conversion")] * 2),
    ],
)
def test_a_detection_function_that_breaks_a_rule_is_told(
    detect: Callable[..., Any], broken: list[tuple[str, str]]
) -> None:
    assert rules_broken(SimpleNamespace(spec=SPEC, detect=detect)) == broken


@pytest.mark.parametrize(
    ("detect_batch", "problem"),
    [
        (detect_batch_well, None),
        (lambda contexts, images: [], "returned 0 results for 1 images"),
        (lambda contexts, images: [[] for _ in images], "0 instead of 2 annotations"),
        (
            lambda contexts, images: [found(contexts[0])[::-1] for _ in images],
            "label_id 2 instead of 1",
        ),
        (lambda contexts, images: iter([]), "returned an object of type"),
    ],
)
def test_batches_are_compared_with_single_images(
    detect_batch: Callable[..., Any], problem: str | None
) -> None:
    function = SimpleNamespace(spec=SPEC, detect=detect_well, detect_batch=detect_batch)
    told = check(function, FRAMES)
    assert {one.rule for one in told} == ({"batch"} if problem else set())
    assert problem is None or problem in str(told[0])


def test_labels_of_one_name_and_no_labels_are_told() -> None:
    twice = [cvataa.label_spec("a", 1), cvataa.label_spec("a", 2)]
    for labels, text in [(twice, "2 labels are called 'a'"), ([], "there are no labels")]:
        spec = cvataa.DetectionFunctionSpec(labels=labels)
        problems = check(SimpleNamespace(spec=spec, detect=lambda context, image: []), FRAMES)
        assert [problem.problem for problem in problems] == [text]


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (SimpleNamespace(spec="x"), "spec is of type 'str'"),
        (SimpleNamespace(), "spec is of type 'NoneType'"),
        (SimpleNamespace(spec=SPEC), "there is no detect()"),
        (
            SimpleNamespace(spec=cvataa.TrackingFunctionSpec(supported_shape_types={"mask"})),
            "there is no init_tracking_state()",
        ),
    ],
)
def test_what_is_no_function_is_told(function: Any, text: str) -> None:
    assert check(function, FRAMES)[0].problem == text


def test_an_error_is_told_with_its_line_in_the_function() -> None:
    (problem,) = check(SimpleNamespace(spec=SPEC, detect=fails_on_upright), FRAMES)
    assert problem.problem.startswith("frame 1 ('1.png'): KeyError: 'upright'")
    assert f"{__file__}, line {fails_on_upright.__code__.co_firstlineno + 2}" in problem.problem


class Pointing:
    """An interaction function that answers with what it was made with."""

    spec = cvataa.InteractionFunctionSpec(min_pos_points=1, min_neg_points=0, min_bounding_boxes=0)

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self.answer = answer

    def preprocess_image(self, context: Any, image: PIL.Image.Image) -> list[int]:
        return [0]

    def detect(self, context: Any, pp_image: list[int], prompts: Any) -> Any:
        assert prompts.pos_points
        return self.answer(pp_image)


def a_mask(confidence: str = "0.5", points: list[float] | None = None) -> Any:
    return cvataa.InteractionResultShape(
        type="mask",
        points=points or [0, 4, 1, 1, 2, 2],
        attributes=[AttributeValRequest(0, confidence)],
    )


def changes_what_it_prepared(pp_image: list[int]) -> Any:
    pp_image[0] += 1
    return [a_mask(points=[0, 4 * pp_image[0], 1, 1, 2 * pp_image[0], 2])]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda _: [a_mask()], None),
        (lambda _: [], None),
        (lambda _: None, "it returns a NoneType"),
        (lambda _: [5], "a int"),
        (lambda _: [a_mask(points=[0, 3, 1, 1, 2, 2])], "bad points of a mask"),
        (lambda _: [a_mask(points=[0, 4, 39, 39, 40, 40])], "lies out of the image"),
        (lambda _: [a_mask(confidence="sure")], "confidence 'sure' is not a number from 0 to 1"),
        (
            lambda _: [cvataa.InteractionResultShape(type="rectangle", points=[1, 1, 2, 2])],
            "is a rectangle",
        ),
        (changes_what_it_prepared, "the second call with the same prompts finds something else"),
    ],
)
def test_an_interaction_function_is_checked(answer: Any, problem: str | None) -> None:
    told = check(Pointing(answer), FRAMES)
    assert bool(told) == bool(problem)
    assert problem is None or problem in told[0].problem


class Following:
    spec = cvataa.TrackingFunctionSpec(supported_shape_types={"rectangle", "mask"})

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self.answer = answer

    def init_tracking_state(self, context: Any, pp_image: Any, shape: Any) -> Any:
        return shape

    def track(self, context: Any, pp_image: Any, state: Any) -> Any:
        assert context.original_shape_type == state.type
        return self.answer(state)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda shape: shape, None),
        (lambda shape: None, None),
        (lambda shape: "here", "it returns a str"),
        (lambda shape: cvataa.TrackableShape(type="points", points=[1, 2]), "returns a points"),
        (lambda shape: cvataa.TrackableShape(type=shape.type, points=[1]), "bad points"),
        (lambda shape: shape.size, "AttributeError"),
    ],
)
def test_a_tracking_function_is_checked(answer: Any, problem: str | None) -> None:
    told = check(Following(answer), FRAMES)
    assert bool(told) == bool(problem)
    assert problem is None or problem in told[0].problem


def test_shapes_that_are_changed_at_the_start_are_told() -> None:
    function = Following(lambda shape: None)
    function.track = lambda context, image, state: None  # type: ignore[method-assign]
    function.init_tracking_state = lambda context, image, shape: shape.points.clear()  # type: ignore[method-assign]
    assert {problem.rule for problem in check(function, FRAMES)} == {"init_tracking_state"}


def test_without_images_some_are_drawn() -> None:
    sizes = set()

    def detect(context: Any, image: PIL.Image.Image) -> list[Any]:
        sizes.add(image.size)
        return []

    assert check(SimpleNamespace(spec=SPEC, detect=detect)) == []
    assert len(sizes) == 3
