"""Functions that know red squares: one finds them, one segments by colour, one follows."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.masks import encode_mask


def _is_red(image: Any) -> Any:
    """Return where an image is red, of shape (H, W)."""
    pixels = np.asarray(image.convert("RGB")).astype(int)
    return pixels[..., 0] > pixels[..., 2] + 60


def _box(inside: Any) -> list[float]:
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    edges = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return [float(edge) for edge in edges]


class Detector:
    """Finds the square; the further to the right it is, the surer."""

    spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("Square", 0, type="rectangle")])

    def detect(self, context: Any, image: Any) -> list[Any]:
        box = _box(_is_red(image))
        return [cvataa.rectangle(0, box, score=box[0] / image.width)]


class SlowDetector(Detector):
    """Comes to an end only when its agent has."""

    def detect(self, context: Any, image: Any) -> list[Any]:
        agent, pause = os.getppid(), threading.Event()
        while os.getppid() == agent:
            pause.wait(0.1)
        return []


class Interactor:
    """Takes what is red where somebody clicks, and leaves out what is left of a negative click."""

    spec = cvataa.InteractionFunctionSpec(min_pos_points=1, min_neg_points=0)

    def detect(self, context: Any, image: Any, prompts: Any) -> list[Any]:
        inside = _is_red(image)
        for x, _ in prompts.neg_points:
            inside[:, : int(x)] = False
        return [cvataa.InteractionResultShape(type="mask", points=encode_mask(inside))]


class Tracker:
    """Follows the square."""

    spec = cvataa.TrackingFunctionSpec(supported_shape_types=["rectangle"])

    def init_tracking_state(self, context: Any, image: Any, shape: Any) -> object:
        return {}

    def track(self, context: Any, image: Any, state: object) -> Any:
        return cvataa.TrackableShape(type="rectangle", points=_box(_is_red(image)))


def create(kind: str) -> Any:
    """Return the function of a kind."""
    kinds = {
        "detector": Detector,
        "slow detector": SlowDetector,
        "interactor": Interactor,
        "tracker": Tracker,
    }
    return kinds[kind]()
