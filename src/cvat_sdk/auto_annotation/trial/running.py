"""Runs a detection function over frames of this machine, with the checks of the driver."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from cvat_sdk.auto_annotation.mapping import LabelMapper
from cvat_sdk.auto_annotation.pipeline import Detection, Finder, Finding, FixedBatchSize
from cvat_sdk.auto_annotation.remapping import Remapper
from cvat_sdk.auto_annotation.work import DetectionContext
from cvat_sdk.models import Label, PatchedLabelRequest

if TYPE_CHECKING:
    from cvat_sdk.auto_annotation.trial.local_frames import LocalFrame


class OneByOne:
    """A function whose `detect_batch` is hidden."""

    def __init__(self, function: Any) -> None:
        self.spec, self.detect = function.spec, function.detect


def findings(
    function: Any,
    frames: Iterable[LocalFrame],
    *,
    conf_threshold: float | None = None,
    conv_mask_to_poly: bool = False,
    batch_size: int = 1,
    seconds: dict[str, float] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Finding]:
    """Yield what a detection function finds on each frame, with the ids of its own spec.

    What it raises, and what of its results breaks a rule, is the `error` of the finding.

    Args:
        seconds: what the stages "wait", "detect" and "check" take is added there.
    """
    seconds = {} if seconds is None else seconds
    seconds |= {stage: seconds.get(stage, 0.0) for stage in ("wait", "detect", "check")}
    detection = Detection(
        function,
        partial(_context, conf_threshold=conf_threshold, conv_mask_to_poly=conv_mask_to_poly),
        batch_size=FixedBatchSize(batch_size),
        skips_errors=True,
        clock=clock,
        seconds=seconds,
    )
    remapper = _remapper(function.spec.labels, conv_mask_to_poly=conv_mask_to_poly)
    yield from Finder(detection, remapper, clock=clock, seconds=seconds).find(cast(Any, frames))


def _context(name: str, **told: Any) -> DetectionContext:
    return DetectionContext(frame_name=name, **told)


def _remapper(labels: Iterable[PatchedLabelRequest], *, conv_mask_to_poly: bool) -> Remapper:
    mapper = LabelMapper(logger=logging.getLogger(__name__), conv_mask_to_poly=conv_mask_to_poly)
    own = [_label(label, conv_mask_to_poly=conv_mask_to_poly) for label in labels]
    return Remapper(mapper.map(labels, own), conv_mask_to_poly=conv_mask_to_poly)


def _label(label: PatchedLabelRequest, *, conv_mask_to_poly: bool) -> Label:
    """Return the label of a task that was made for the function."""
    kind = label.get("type", "any")
    return Label(
        name=label.name,
        id=label.id,
        type="polygon" if kind == "mask" and conv_mask_to_poly else kind,
        attributes=cast(Any, label.get("attributes", [])),
        sublabels=cast(Any, label.get("sublabels", [])),
    )
