"""What of a function's results is new to a task. Pure: no client, no pixels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from cvat_sdk.auto_annotation.options import check_iou_threshold
from cvat_sdk.auto_annotation.overlap import FLAT, covered
from cvat_sdk.models import LabeledData, LabeledShape, LabeledShapeRequest


class Merger:
    """Leaves out the shapes that the task has already.

    Rectangles, polygons, ellipses and masks are compared, each type with each; shapes of other
    types are always kept. Tracks of the task are not looked at.

    Args:
        existing: the annotations of the task.
        threshold: over 0, at most 1: how much two shapes must have in common, as the area of both
            over the area of either (IoU), for them to be the same.

    Raises:
        ValueError: the threshold is out of its range.
    """

    def __init__(self, existing: LabeledData, threshold: float = 0.5) -> None:
        check_iou_threshold(threshold)
        self._threshold = threshold
        self._there: defaultdict[int, list[LabeledShape]] = defaultdict(list)
        for shape in existing.get("shapes") or ():
            if shape.type in FLAT:
                self._there[shape.frame].append(shape)

    def keep(self, frame: int, shapes: Sequence[LabeledShapeRequest]) -> list[LabeledShapeRequest]:
        """Return those of a frame's new shapes that no shape of the task with their label covers.

        Args:
            frame: its number in the task.
            shapes: with the ids of the task's labels.
        """
        there = self._there.get(frame)
        if there is None:
            return list(shapes)
        flat = [shape for shape in shapes if shape.type in FLAT]
        answers = iter(covered(flat, there, self._threshold))
        return [shape for shape in shapes if shape.type not in FLAT or not next(answers)]
