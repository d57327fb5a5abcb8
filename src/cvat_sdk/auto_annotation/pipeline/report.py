"""What a run has done, and where its time went."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

# Where the thread of the function spends its time, and what to say of it.
_WAITING = "wait"
STAGES = (_WAITING, "detect", "check", "upload")
_PIXELS = ("fetch", "decode")


class SkippedFrame(msgspec.Struct, frozen=True):
    """A frame that was given up, and why."""

    index: int
    name: str
    reason: str


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has done.

    Attributes:
        frames: how many are done, those of earlier attempts (`resumed`) among them.
        tags, shapes: how many were found on them.
        seconds: from the call to its end.
        stages: seconds in which the function waited for images ("wait"), and ran ("detect"); in
            which its results were checked and kept ("check"), and waited for to be sent ("upload");
            and, of threads beside it, those in which pixels were fetched ("fetch") and decoded
            ("decode").
        bottleneck: the stage that a faster run would have to begin with.
    """

    run_id: str
    task_id: int
    frames: int
    resumed: int
    skipped: list[SkippedFrame]
    tags: int
    shapes: int
    seconds: float
    stages: dict[str, float]
    bottleneck: str

    def write(self, path: Path) -> None:
        """Write the report as JSON."""
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self)) + b"\n")

    def __str__(self) -> str:
        new = self.frames - self.resumed
        parts = [f"{self.frames} frames"]
        parts += [f"{self.resumed} of them before"] * bool(self.resumed)
        parts += [f"{len(self.skipped)} skipped"] * bool(self.skipped)
        parts += [f"{self.tags} tags"] * bool(self.tags)
        parts += [f"{self.shapes} shapes"]
        stages = ", ".join(f"{name} {spent:.1f}" for name, spent in self.stages.items())
        speed = f"{new / self.seconds:.1f} frames/s" if self.seconds else ""
        return (
            f"{', '.join(parts)} in {self.seconds:.1f} s ({speed}; seconds: {stages};"
            f" bottleneck: {self.bottleneck})"
        )


def bottleneck(stages: Mapping[str, float]) -> str:
    """Return the stage that took the longest; waiting for images is put down to what makes them.

    >>> bottleneck({"wait": 3, "detect": 1, "fetch": 1, "decode": 2})
    'decode'
    """
    longest = max(STAGES, key=lambda stage: stages.get(stage, 0.0))
    if longest == _WAITING:
        return max(_PIXELS, key=lambda stage: stages.get(stage, 0.0))
    return longest
