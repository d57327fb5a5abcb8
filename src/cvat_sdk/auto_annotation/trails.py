"""Shapes that are followed, and the tracks that they become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Self

from cvat_sdk.auto_annotation.interface import TrackableShape
from cvat_sdk.auto_annotation.tracks import KeyFrame, Seen, key_frames, position
from cvat_sdk.models import (
    AttributeVal,
    Label,
    LabeledShape,
    LabeledShapeRequest,
    LabeledTrack,
    LabeledTrackRequest,
    ShapeType,
    TrackedShape,
    TrackedShapeRequest,
)

# What key frames have of the shape that is followed.
_LOOKS = ("occluded", "z_order", "rotation")


@dataclass
class Trail:
    """A shape that is followed, and where it was seen.

    Attributes:
        name: for people who read of an error.
        shape: where it begins.
        fields: of the track that it becomes, without its shapes.
        looks: what all its key frames have in common.
        before, after: key frames of a track that goes on, which stay.
        seen: in ascending order of frames. On the first one the shape is there.
    """

    name: str
    shape: TrackableShape
    fields: Mapping[str, Any]
    looks: Mapping[str, Any]
    before: Sequence[TrackedShape] = ()
    after: Sequence[TrackedShape] = ()
    seen: list[Seen] = field(default_factory=list)

    @classmethod
    def of_shape(cls, shape: LabeledShape | LabeledShapeRequest, mutable: Set[int]) -> Self:
        """Return the beginning of a new track.

        Args:
            mutable: the attributes whose values belong to key frames, see `mutable_attributes`.
        """
        values = shape.get("attributes") or []
        return cls(
            f"shape {shape.get('id')}",
            TrackableShape(type=str(shape.type), points=shape.points),
            {
                "label_id": shape.label_id,
                "group": shape.get("group") or 0,
                "source": "auto",
                "attributes": [value for value in values if value.spec_id not in mutable],
            },
            _looks(shape, [value for value in values if value.spec_id in mutable]),
        )

    @classmethod
    def of_track(cls, track: LabeledTrack, first: int, last: int) -> Self | None:
        """Return a track from a frame on, to be followed to another; None if it isn't there.

        Raises:
            ValueError: it is not known where on the first frame it is.
        """
        shapes = sorted(track.shapes, key=lambda shape: shape.frame)
        until = [shape for shape in shapes if shape.frame <= first]
        if not until:
            return None
        kind = str(until[-1].type)
        keys = [KeyFrame(one.frame, one.points, bool(one.get("outside"))) for one in shapes]
        points = position(kind, keys, first)
        if points is None:
            return None
        _check_turning(until[-1], shapes[len(until) :], first)
        return cls(
            f"track {track.id}",
            TrackableShape(type=kind, points=list(points)),
            {name: track[name] for name in track.__struct_fields__ if name in track},
            _looks(until[-1], _values(until)),
            before=[shape for shape in shapes if shape.frame < first],
            after=[shape for shape in shapes if shape.frame > last],
        )

    @property
    def is_lost(self) -> bool:
        """Whether the shape was not found on the last frame."""
        return self.seen[-1][1] is None

    def track(self, end: int | None) -> LabeledTrackRequest:
        """Return the track.

        Args:
            end: from this frame on it is outside, unless it goes on with key frames that stay.
        """
        end = None if self.after else end
        keys = key_frames(self.seen, end=end, is_held=not self.after)
        shapes = [*self.before, *map(self._key_frame, keys), *self.after]
        return LabeledTrackRequest(**{**self.fields, "frame": shapes[0].frame, "shapes": shapes})

    def _key_frame(self, key: KeyFrame) -> TrackedShapeRequest:
        return TrackedShapeRequest(
            type=ShapeType(self.shape.type),
            frame=key.frame,
            points=list(key.points),
            outside=key.outside,
            **self.looks,
        )


def mutable_attributes(labels: Iterable[Label]) -> set[int]:
    """Return the ids of the attributes that may change from frame to frame."""
    return {
        attribute.id
        for label in labels
        for attribute in label.get("attributes") or ()
        if attribute.mutable
    }


def _check_turning(before: TrackedShape, later: Sequence[TrackedShape], frame: int) -> None:
    if before.frame == frame or not later:
        return
    if before.get("rotation", 0) != later[0].get("rotation", 0):
        raise ValueError(
            f"frame {frame} is between the key frames {before.frame} and {later[0].frame},"
            " between which the shape turns"
        )


def _looks(
    shape: LabeledShape | LabeledShapeRequest | TrackedShape, values: list[AttributeVal]
) -> dict[str, Any]:
    given = {name: shape[name] for name in _LOOKS if name in shape}
    return {"occluded": False, **given, "attributes": values}


def _values(shapes: Iterable[TrackedShape]) -> list[AttributeVal]:
    """Return the values of attributes after key frames that may leave out what stays the same."""
    last = {value.spec_id: value for shape in shapes for value in shape.get("attributes") or ()}
    return list(last.values())
