"""From frames to annotations of the task: the function runs, and its results are checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cvat_sdk.auto_annotation import roi as regions
from cvat_sdk.auto_annotation.remapping import Remapper
from cvat_sdk.exceptions import BadFunctionError
from cvat_sdk.models import LabeledImageRequest, LabeledShapeRequest

from .detection import Detection, Result

if TYPE_CHECKING:
    from cvat_sdk.datasets.frames import Frame

Tags = Sequence[LabeledImageRequest]
Shapes = Sequence[LabeledShapeRequest]


@dataclass(frozen=True)
class Finding:
    """The annotations of a frame, with the ids of the task; or the error that it ended with."""

    frame: Frame
    tags: Tags = ()
    shapes: Shapes = ()
    error: Exception | None = None


@dataclass
class Finder:
    """Makes annotations of frames.

    Args:
        roi: the part of each image that the function sees.
        keep: chooses the shapes of a frame that are wanted.

    Attributes:
        seconds: how long it took to check results ("check").
    """

    detection: Detection
    remapper: Remapper
    roi: Sequence[float] | None = None
    keep: Callable[[int, Shapes], Shapes] | None = None
    clock: Callable[[], float] = time.perf_counter
    seconds: dict[str, float] = field(default_factory=lambda: {"check": 0.0})

    def find(self, frames: Iterable[Frame]) -> Iterator[Finding]:
        """Yield what is found on each frame, in their order.

        Raises:
            What `Detection.results` raises.
            BadFunctionError: the function breaks a rule, and errors are not skipped.
        """
        for result in self.detection.results(frames):
            if result.error:
                yield Finding(result.frame, error=result.error)
                continue
            start = self.clock()
            try:
                finding = self._checked(result)
            except BadFunctionError as error:
                if not self.detection.skips_errors:
                    raise
                finding = Finding(result.frame, error=error)
            self.seconds["check"] += self.clock() - start
            yield finding

    def _checked(self, result: Result) -> Finding:
        frame = result.frame
        tags, found = self.remapper.remap(result.annotations, frame.index, frame.name)
        if self.roi:
            regions.shift(tags, found, self.roi, (frame.width, frame.height))
        shapes = self.keep(frame.index, found) if self.keep else found
        return Finding(frame, tags, shapes)
