"""The work that is timed. It runs with either package: both are called `cvat_sdk`.

Where the two differ (how a list of annotations is checked, encoded and decoded), the steps come
from `official.py` or `ours.py`.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk import models

FRAME = 3
KEYPOINTS = 17
RUNS = 500

SPEC = cvataa.DetectionFunctionSpec(
    labels=[
        cvataa.label_spec("car", 0, type="rectangle"),
        cvataa.label_spec("road", 1, type="mask"),
        cvataa.skeleton_label_spec(
            "person", 2, [cvataa.keypoint_spec(f"joint {i}", i) for i in range(KEYPOINTS)]
        ),
    ]
)

TASK_LABELS = [
    models.Label(name="car", id=10, type="rectangle", attributes=[], sublabels=[]),
    models.Label(name="road", id=11, type="mask", attributes=[], sublabels=[]),
    models.Label(
        name="person",
        id=12,
        type="skeleton",
        attributes=[],
        sublabels=[
            models.Sublabel(name=f"joint {i}", id=20 + i, type="points", attributes=[])
            for i in range(KEYPOINTS)
        ],
    ),
]


class Steps(Protocol):
    """What a package does between a function's output and the wire, and back."""

    def remapper(self, spec: Any, task_labels: list[Any]) -> Callable[[list[Any], int], list[Any]]:
        """Return what checks annotations and gives them the task's ids and a frame number."""

    def encode(self, shapes: list[Any]) -> bytes:
        """Return the body of the request that creates the shapes."""

    def decode(self, body: bytes) -> Any:
        """Return the annotations that a server's reply tells."""


def rectangles(count: int) -> Callable[[], list[Any]]:
    boxes = [[0.5, 1.5, 100.25 + i % 500, 200.75] for i in range(count)]
    return lambda: [cvataa.rectangle(0, box) for box in boxes]


def scored_rectangles(count: int) -> Callable[[], list[Any]]:
    boxes = [[0.5, 1.5, 100.25 + i % 500, 200.75] for i in range(count)]
    return lambda: [cvataa.rectangle(0, box, score=0.875) for box in boxes]


def masks(count: int) -> Callable[[], list[Any]]:
    points = [RUNS, *[1] * (RUNS - 2), RUNS, 0, 0, 2 * RUNS - 1, 0]
    points[-1] = 0
    points[-2] = sum(points[:-4]) - 1
    return lambda: [cvataa.mask(1, points) for _ in range(count)]


def skeletons(count: int) -> Callable[[], list[Any]]:
    places = [(i, [10.5 * i, 20.25]) for i in range(KEYPOINTS)]
    return lambda: [
        cvataa.skeleton(2, [cvataa.keypoint(i, point) for i, point in places]) for _ in range(count)
    ]


OUTPUTS = {
    "rectangles": rectangles,
    "scored rectangles": scored_rectangles,
    "masks": masks,
    "skeletons": skeletons,
}


def annotate(steps: Steps, kind: str, count: int) -> tuple[dict[str, float], bytes]:
    """Return the seconds that each step of `count` annotations takes, and the body to be sent."""
    construct = OUTPUTS[kind](count)
    remap = steps.remapper(SPEC, TASK_LABELS)
    seconds: dict[str, float] = {}
    with _timed(seconds, "construct"):
        shapes = construct()
    with _timed(seconds, "check and remap"):
        shapes = remap(shapes, FRAME)
    with _timed(seconds, "encode"):
        body = steps.encode(shapes)
    return seconds, body


def read_back(steps: Steps, reply: bytes) -> tuple[float, Any]:
    """Return the seconds that decoding a reply takes, and its annotations."""
    seconds: dict[str, float] = {}
    with _timed(seconds, "decode"):
        annotations = steps.decode(reply)
    return seconds["decode"], annotations


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    # Both sides are measured with the garbage collection paused, as bulk work should be done.
    gc.collect()
    gc.disable()
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start
    gc.enable()
