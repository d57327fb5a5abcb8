"""From where a shape is on each frame to a track of CVAT, with as few key frames as tell it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cvat_sdk.auto_annotation.interface import TrackableShape
from cvat_sdk.exceptions import BadFunctionError
from cvat_sdk.models import Label
from cvat_sdk.shapes import check_points

KeyFrame = dict[str, Any]


@dataclass
class Track:
    """A shape through many frames.

    Between two key frames that are the same, and after the last one, the shape stays as it is:
    what they tell is left out.

    Args:
        kind: the type of the shape.
        fields: of the track: `label_id`, `group`, `source`, `attributes`.
    """

    kind: str
    fields: Mapping[str, Any]
    key_frames: list[KeyFrame] = field(default_factory=list)

    def seen(self, frame: int, shape: TrackableShape | None) -> None:
        """Say where the shape is on a frame; None if it is lost."""
        if shape is not None:
            self._put(frame, shape.points, outside=False)
        else:
            self.end(frame)

    def end(self, frame: int) -> None:
        """Say that the shape is not on a frame, nor on those after it."""
        if self.key_frames and not self.key_frames[-1]["outside"]:
            self._put(frame, self.key_frames[-1]["points"], outside=True)

    def told(self) -> dict[str, Any]:
        """Return the track as CVAT has it. It is empty of shapes if nothing was said."""
        shapes = self.key_frames
        if len(shapes) > 1 and _are_same(*shapes[-2:]):
            shapes = shapes[:-1]
        first = shapes[0]["frame"] if shapes else 0
        return {**self.fields, "frame": first, "shapes": list(shapes), "elements": []}

    def _put(self, frame: int, points: Sequence[float], *, outside: bool) -> None:
        key_frame = {
            "type": self.kind,
            "frame": frame,
            "points": list(points),
            "occluded": False,
            "outside": outside,
            "attributes": [],
        }
        before = self.key_frames[-2:]
        is_still = len(before) == 2 and _are_same(*before)
        if is_still and before[1]["points"] == key_frame["points"]:
            self.key_frames.pop()
        self.key_frames.append(key_frame)


def _are_same(one: KeyFrame, other: KeyFrame) -> bool:
    return all(one[name] == other[name] for name in ("points", "outside"))


def check_tracked(shape: object, kind: str) -> None:
    """Check what `track` has returned for a shape of a type.

    Raises:
        BadFunctionError: it is neither None nor a `TrackableShape` of this type.
    """
    if shape is None:
        return
    if not isinstance(shape, TrackableShape):
        raise BadFunctionError(f"track returned a {type(shape).__name__!r}, not a TrackableShape")
    if shape.type != kind:
        raise BadFunctionError(
            f"track returned a shape of type {shape.type!r} for one of type {kind!r}"
        )
    try:
        check_points(shape.type, shape.points)
    except (ValueError, KeyError, TypeError) as error:
        raise BadFunctionError(f"track returned a shape with bad points: {error}") from error


def mutable_attributes(labels: Iterable[Label]) -> set[int]:
    """Return the ids of the attributes whose values belong to key frames, and not to tracks."""
    return {
        attribute.id
        for label in labels
        for attribute in label.get("attributes", ())
        if attribute.mutable
    }
