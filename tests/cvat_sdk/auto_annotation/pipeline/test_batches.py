"""The size of batches is decided from told seconds alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cvat_sdk.auto_annotation.pipeline.batches import (
    AutoBatchSize,
    FixedBatchSize,
    is_out_of_memory,
)


def sizes(seconds: Callable[[int], float], *, calls: int = 20, most: int = 128) -> list[int]:
    """Return the sizes of the batches that a function is given which takes so many seconds."""
    chosen, asked = AutoBatchSize(most), []
    for _ in range(calls):
        asked.append(chosen.size)
        chosen.took(chosen.size, seconds(chosen.size))
    return asked


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (lambda size: 0.02, [1, 1, 2, 4, 8, 16, 32, 64, 128, 128]),
        (lambda size: 0.02 * size, [1, 1, 2, 2, 1, 1]),
        (lambda size: 0.02 * max(1, size / 8), [1, 1, 2, 4, 8, 16, 16, 8, 8]),
    ],
    ids=["the larger the better", "nothing gained", "full at 8"],
)
def test_batches_grow_as_long_as_that_pays(
    seconds: Callable[[int], float], expected: list[int]
) -> None:
    assert sizes(seconds)[: len(expected)] == expected
    assert set(sizes(seconds, calls=60)[20:]) == {expected[-1]}


def test_the_first_call_which_loads_much_is_not_judged() -> None:
    seconds = iter([5.0] + [0.02] * 20)
    assert sizes(lambda _: next(seconds))[:4] == [1, 1, 2, 4]


def test_one_slow_call_ends_no_growth() -> None:
    seconds = iter([1, 0.02, 0.5, 0.02, 0.02, 0.02, 0.02])
    assert sizes(lambda _: next(seconds), calls=7) == [1, 1, 2, 2, 4, 8, 16]


def test_a_batch_of_another_size_than_asked_for_tells_nothing() -> None:
    chosen = AutoBatchSize()
    for _ in range(2):
        chosen.took(1, 0.02)
    assert chosen.size == 2
    chosen.took(1, 100.0)
    chosen.took(1, 100.0)
    assert chosen.size == 2


def test_after_a_lack_of_memory_batches_are_half_as_large_and_stay_so() -> None:
    chosen = AutoBatchSize()
    for size in (1, 1, 2, 4):
        chosen.took(size, 0.02)
    assert chosen.size == 8
    assert chosen.ran_out_of_memory(8)
    assert chosen.size == 4
    chosen.took(4, 0.001)
    assert chosen.size == 4
    assert chosen.ran_out_of_memory(4)
    assert chosen.size == 2


def test_a_lack_of_memory_for_one_image_is_an_error() -> None:
    assert not AutoBatchSize().ran_out_of_memory(1)


def test_a_chosen_size_stays() -> None:
    chosen = FixedBatchSize(3)
    chosen.took(3, 0.001)
    assert not chosen.ran_out_of_memory(3)
    assert chosen.size == 3


def error_like(module: str, name: str, base: type[Exception] = RuntimeError) -> Exception:
    return type(name, (base,), {"__module__": module})("no")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (error_like("torch", "OutOfMemoryError"), True),
        (error_like("cupy.cuda.memory", "OutOfMemoryError", MemoryError), True),
        (error_like("tensorflow.errors", "ResourceExhaustedError", Exception), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("shapes do not match"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_a_lack_of_memory_is_recognized_without_the_library(
    error: Exception, expected: bool
) -> None:
    assert is_out_of_memory(error) is expected
