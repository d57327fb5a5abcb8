"""A function over frames that are in memory: batches, errors, and where the time goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from cvat_sdk.auto_annotation.pipeline import detection as module
from cvat_sdk.auto_annotation.pipeline.batches import AutoBatchSize, FixedBatchSize
from cvat_sdk.auto_annotation.pipeline.detection import Detection
from cvat_sdk.exceptions import BadFunctionError, UnsupportedDatasetError


@dataclass(frozen=True)
class Frame:
    """Stands in for a frame; its image is its number."""

    index: int
    name: str = "x.png"
    width: int = 4
    height: int = 2
    is_corrupt: bool = False

    def load_image(self) -> Any:
        if self.is_corrupt:
            raise UnsupportedDatasetError("torn")
        return self.index


class Batches:
    """Remembers the batches that it is given; the images that it cannot do raise an error."""

    def __init__(self, errors: dict[int, Exception] | None = None, most: int = 99) -> None:
        self.errors = errors or {}
        self.most = most
        self.seen: list[list[int]] = []

    def detect_batch(self, contexts: Sequence[Any], images: Sequence[Any]) -> Sequence[Any]:
        assert contexts == [f"{image}.png" for image in images]
        self.seen.append(list(images))
        if len(images) > self.most:
            raise RuntimeError("CUDA out of memory")
        for image in images:
            if image in self.errors:
                raise self.errors[image]
        return [[image] for image in images]


class OneByOne(Batches):
    def detect(self, context: Any, image: Any) -> Any:
        return Batches.detect_batch(self, [context], [image])[0]

    detect_batch = None  # type: ignore[assignment]


def frames(count: int, *, corrupt: Sequence[int] = (), **size: int) -> list[Any]:
    return [Frame(n, f"{n}.png", is_corrupt=n in corrupt, **size) for n in range(count)]


def run(function: Any, given: Sequence[Any], **options: Any) -> list[Any]:
    results = Detection(function, lambda name: name, **options).results(given)
    return [
        (result.frame.index, result.annotations if result.error is None else str(result.error))
        for result in results
    ]


@pytest.mark.parametrize(
    ("size", "batches"),
    [(1, [[0], [1], [2], [3], [4]]), (2, [[0, 1], [2, 3], [4]]), (9, [[0, 1, 2, 3, 4]])],
)
def test_images_are_given_in_batches_and_results_come_in_order(
    size: int, batches: list[list[int]]
) -> None:
    function = Batches()
    found = run(function, frames(5), batch_size=FixedBatchSize(size))
    assert found == [(n, [n]) for n in range(5)]
    assert function.seen == batches


def test_a_function_without_batches_is_given_one_image_at_a_time() -> None:
    function = OneByOne()
    assert run(function, frames(3), batch_size=FixedBatchSize(2)) == [(n, [n]) for n in range(3)]
    assert function.seen == [[0], [1], [2]]


def test_images_of_a_batch_fit_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_BYTES", 60)
    function = Batches()
    run(function, frames(5), batch_size=FixedBatchSize(99))
    assert function.seen == [[0, 1], [2, 3], [4]]
    run(function, frames(2, width=1000), batch_size=FixedBatchSize(99))
    assert function.seen[3:] == [[0], [1]]


def test_a_batch_that_is_too_large_for_the_memory_is_done_in_halves() -> None:
    function, size = Batches(most=3), AutoBatchSize()
    size.size = 8
    assert run(function, frames(20), batch_size=size) == [(n, [n]) for n in range(20)]
    assert [len(batch) for batch in function.seen] == [8, 4, 2, 2, 4, 2, 2, *[2] * 6]
    assert size.size == 2


def test_no_memory_for_one_image_is_an_error_of_the_function() -> None:
    with pytest.raises(RuntimeError, match="out of memory") as caught:
        run(Batches(most=0), frames(3))
    assert caught.value.__notes__ == ["on frame 0 ('0.png')"]


@pytest.mark.parametrize(
    ("size", "place"), [(1, "frame 2 ('2.png')"), (4, "frames 0 ('0.png') to 3 ('3.png')")]
)
def test_an_error_tells_its_frames(size: int, place: str) -> None:
    function = Batches({2: ValueError("no")})
    with pytest.raises(ValueError, match="no") as caught:
        run(function, frames(6), batch_size=FixedBatchSize(size))
    assert caught.value.__notes__ == [f"on {place}"]


@pytest.mark.parametrize("make", [Batches, OneByOne])
def test_frames_that_fail_are_skipped_alone(make: Callable[..., Batches]) -> None:
    function = make({2: ValueError("no")})
    options = {"batch_size": FixedBatchSize(4), "skips_errors": True}
    found = run(function, frames(6, corrupt=[1, 5]), **options)
    assert found == [(0, [0]), (1, "torn"), (2, "no"), (3, [3]), (4, [4]), (5, "torn")]


def test_an_image_that_cannot_be_read_ends_it_otherwise() -> None:
    with pytest.raises(UnsupportedDatasetError):
        run(Batches(), frames(3, corrupt=[1]))


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ([[]], r"returned 1 results for 2 images"),
        (None, r"type 'NoneType' \(expected a sequence with the annotations of each image\)"),
        (iter([[], []]), r"expected a sequence"),
    ],
)
@pytest.mark.parametrize("skips_errors", [False, True])
def test_a_batch_must_be_answered_image_by_image(
    returned: Any, message: str, skips_errors: bool
) -> None:
    function = Batches()
    function.detect_batch = lambda contexts, images: returned  # type: ignore[method-assign]
    options = {"batch_size": FixedBatchSize(2), "skips_errors": skips_errors}
    with pytest.raises(BadFunctionError, match=message):
        run(function, frames(2), **options)


def test_images_are_prepared() -> None:
    function = Batches()
    detection = Detection(
        function, lambda name: name, prepare=lambda image: image, batch_size=FixedBatchSize(2)
    )
    detection.make_context = lambda name: f"{int(name[0]) * 10}.png"
    detection.prepare = lambda image: image * 10  # type: ignore[operator,return-value]
    assert [result.annotations for result in detection.results(frames(3))] == [[0], [10], [20]]


def test_seconds_are_put_down_to_stages() -> None:
    times = iter(range(1000))
    detection = Detection(
        Batches(), lambda name: name, batch_size=FixedBatchSize(2), clock=lambda: next(times)
    )
    list(detection.results(frames(4)))
    # Each wait for a frame, for its image, and each call lasts one tick; the last wait is in vain.
    assert detection.seconds == {"wait": 9, "detect": 2}
