"""Is a function right? Tried out on images, without a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cvat_sdk.auto_annotation.interface import (
    DetectionFunctionSpec,
    InteractionFunctionSpec,
    TrackingFunctionSpec,
)
from cvat_sdk.auto_annotation.trial import detection, interaction, tracking
from cvat_sdk.auto_annotation.trial.local_frames import LocalFrame, sample_frames
from cvat_sdk.auto_annotation.trial.problems import Problem

_Check = Callable[[Any, Sequence[LocalFrame]], Iterator[Problem]]

_KINDS: dict[type, tuple[tuple[str, ...], _Check]] = {
    DetectionFunctionSpec: (("detect",), detection.problems),
    InteractionFunctionSpec: (("detect",), interaction.problems),
    TrackingFunctionSpec: (("init_tracking_state", "track"), tracking.problems),
}


def check(function: Any, frames: Sequence[LocalFrame] | None = None) -> list[Problem]:
    """Return what is wrong with a function of any kind; nothing, if it keeps the protocol.

    Args:
        function: what the driver, or an agent, would be given.
        frames: images to try it on; by default, some that are drawn.
    """
    kind = _KINDS.get(type(getattr(function, "spec", None)))
    if kind is None:
        names = ", ".join(sorted(known.__name__ for known in _KINDS))
        given = type(getattr(function, "spec", None)).__name__
        return [Problem("spec", f"spec is of type {given!r}", f"make it one of {names}")]
    needed, problems = kind
    missing = [name for name in needed if not callable(getattr(function, name, None))]
    if missing:
        spec = type(function.spec).__name__
        return [
            Problem("spec", f"there is no {name}()", f"functions with a {spec} have it")
            for name in missing
        ]
    return list(problems(function, sample_frames() if frames is None else frames))
