from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation.trial import sample_frames
from cvat_sdk.auto_annotation.trial.speed import measure, peak_memory
from cvat_sdk.exceptions import BadFunctionError

SPEC = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("a", 1)])


class Clock:
    """A time that only passes when somebody works."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_medians_are_told_for_each_size_of_a_batch() -> None:
    clock, sizes = Clock(), []

    def detect_batch(contexts: Any, images: Any) -> Any:
        sizes.append(len(images))
        clock.now += 0.3 + 0.1 * len(images)
        return [[] for _ in images]

    function = SimpleNamespace(spec=SPEC, detect=None, detect_batch=detect_batch)
    frames = sample_frames()[:2]
    one, four = measure(function, frames, batch_sizes=(1, 4), turns=3, clock=clock)
    assert (one.detect_ms, one.images_per_s) == (pytest.approx(400), pytest.approx(2.5))
    assert (four.detect_ms, four.images_per_s) == (pytest.approx(175), pytest.approx(40 / 7))
    assert sizes == [1] * (1 + 3 * 2) + [4] * (1 + 3)


def test_without_batches_one_image_is_taken_at_a_time() -> None:
    function = SimpleNamespace(spec=SPEC, detect=lambda context, image: [])
    assert [speed.batch_size for speed in measure(function, sample_frames())] == [1]


@pytest.mark.parametrize(
    ("detect", "error"),
    [
        (lambda context, image: 1 / 0, ZeroDivisionError),
        (lambda context, image: None, BadFunctionError),
    ],
)
def test_a_function_that_fails_is_not_measured(detect: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        measure(SimpleNamespace(spec=SPEC, detect=detect), sample_frames())


def test_memory_is_counted_in_bytes() -> None:
    # Python with numpy takes more than 10 MB, and this machine has less than 10 TB.
    assert 10 << 20 < peak_memory()["cpu"] < 10 << 40
