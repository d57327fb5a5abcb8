"""How fast a detection function is, on images of this machine."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from cvat_sdk.auto_annotation.trial.local_frames import LocalFrame
from cvat_sdk.auto_annotation.trial.running import findings

BATCH_SIZES = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Speed:
    """Medians over turns, with batches of one size.

    Attributes:
        images_per_s: all stages together, one after the other.
        read_ms, detect_ms, check_ms: for each image: reading it, the function, checking its
            results.
    """

    batch_size: int
    images_per_s: float
    read_ms: float
    detect_ms: float
    check_ms: float


def measure(
    function: Any,
    frames: Sequence[LocalFrame],
    *,
    batch_sizes: Iterable[int] = BATCH_SIZES,
    turns: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Speed]:
    """Return the speed of a detection function at several sizes of batches.

    A first turn, which is not counted, warms up. Without `detect_batch` there is size 1 only. Fewer
    frames than the size of a batch are gone through repeatedly.

    Raises:
        What the function raises, and BadFunctionError, if it breaks a rule.
    """
    sizes = batch_sizes if takes_batches(function) else [1]
    return [_speed(function, _enough(frames, size), size, turns, clock) for size in sizes]


def takes_batches(function: Any) -> bool:
    """Return whether a function takes several images at a time."""
    return callable(getattr(function, "detect_batch", None))


def _enough(frames: Sequence[LocalFrame], size: int) -> list[LocalFrame]:
    return [*frames] * -(-size // len(frames))


def _speed(
    function: Any, frames: list[LocalFrame], size: int, turns: int, clock: Callable[[], float]
) -> Speed:
    _turn(function, frames[:size], size, clock)
    done = [_turn(function, frames, size, clock) for _ in range(turns)]
    per_image = [{stage: 1000 * s / len(frames) for stage, s in turn.items()} for turn in done]
    middle = {stage: median(turn[stage] for turn in per_image) for stage in per_image[0]}
    rate = 1000 / max(middle["total"], 1e-9)
    return Speed(size, rate, middle["wait"], middle["detect"], middle["check"])


def _turn(
    function: Any, frames: Sequence[LocalFrame], size: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Return the seconds of each stage, and of all."""
    seconds: dict[str, float] = {}
    start = clock()
    for finding in findings(function, frames, batch_size=size, seconds=seconds, clock=clock):
        if finding.error:
            raise finding.error
    return {**seconds, "total": clock() - start}


def peak_memory() -> dict[str, int]:
    """Return the most memory that this process has used so far, in bytes, by device."""
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kilobytes.
    peaks = {"cpu": most if sys.platform == "darwin" else most * 1024}
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        peaks["cuda"] = torch.cuda.max_memory_allocated()
    return peaks
