"""Annotations: tags, shapes, tracks, and the data that holds them.

`revision` is told by CVAT Hub alone: how often a tag, shape or track was written. Who sends it back
with a change, or with what is to be deleted, is refused (409) if somebody else was there meanwhile;
who doesn't send it overwrites.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, ValidationError, convert
from msgspec.structs import astuple

from .enums import ShapeType
from .record import UNSET, Numbers, Record, UnsetType

Degrees = Annotated[float, Meta(ge=0, le=360)]
Score = Annotated[float, Meta(ge=0, le=1)]


class AttributeValRequest(Record, gc=False):
    """The value of one attribute of an annotation."""

    spec_id: int
    value: Annotated[str, Meta(max_length=4096)]


AttributeVal = AttributeValRequest


class _Tag(Record, gc=False):
    label_id: int
    frame: int
    id: int | UnsetType | None = UNSET
    group: int | UnsetType | None = UNSET
    source: str | UnsetType = UNSET
    attributes: list[AttributeVal] | UnsetType = UNSET
    revision: int | UnsetType = UNSET


class LabeledImageRequest(_Tag, gc=False):
    """A tag: a label of a whole frame."""


class LabeledImage(_Tag, gc=False):
    """A tag that a server holds."""


class _Shape(Record, gc=False):
    type: ShapeType
    label_id: int
    frame: int
    occluded: bool | UnsetType = UNSET
    outside: bool | UnsetType = UNSET
    z_order: int | UnsetType = UNSET
    rotation: Degrees | UnsetType = UNSET
    points: list[float] | UnsetType = UNSET
    id: int | UnsetType | None = UNSET
    group: int | UnsetType | None = UNSET
    source: str | UnsetType = UNSET
    attributes: list[AttributeVal] | UnsetType = UNSET
    score: Score | UnsetType = UNSET


_WRITE = {field.name: field.write for field in _Shape._fields}
_WRITE_TYPE, _WRITE_POINTS = _WRITE["type"], _WRITE["points"]
_WRITE_LABEL_ID, _WRITE_FRAME, _WRITE_SOURCE = _WRITE["label_id"], _WRITE["frame"], _WRITE["source"]
_SHAPE_TYPES = {str(member): member for member in ShapeType}


class _SentShape(_Shape, gc=False):
    def __post_init__(self) -> None:
        # The common case unrolled, for speed: type, label, frame, points, and a score at most.
        values = astuple(self)
        points, score = values[7], values[12]
        if not (
            type(points) is list
            and type(values[1]) is type(values[2]) is int
            and (score is UNSET or (type(score) is float and 0 <= score <= 1))
            and values.count(UNSET) == len(values) - (4 if score is UNSET else 5)
        ):
            Record.__post_init__(self)
            return
        try:
            _WRITE_POINTS(self, convert((points,), Numbers).values)
            if type(values[0]) is not ShapeType:
                _WRITE_TYPE(self, _SHAPE_TYPES[values[0]])
        except (KeyError, TypeError, ValidationError):
            Record.__post_init__(self)

    def settle(self, label_id: int, frame: int) -> None:
        """Make the shape one of a task, found by a program. The numbers are not checked."""
        _WRITE_LABEL_ID(self, label_id)
        _WRITE_FRAME(self, frame)
        _WRITE_SOURCE(self, "auto")

    def settle_mask(self, numbers: list[int]) -> None:
        """Hold the numbers of a mask as integers."""
        _WRITE_POINTS(self, numbers)


class SubLabeledShapeRequest(_SentShape, gc=False):
    """An element of a skeleton."""


class LabeledShapeRequest(_SentShape, gc=False):
    """A shape on one frame.

    `points` are pixels, x before y, from the top left corner: `[x1, y1, x2, y2]` of a rectangle,
    `[x, y, x, y, ...]` of polygons, polylines and points, `[cx, cy, right x, top y]` of an ellipse,
    the eight corners of a cuboid, and for a mask what `cvat_sdk.masks.encode_mask` returns.
    """

    elements: list[SubLabeledShapeRequest] | UnsetType = UNSET
    revision: int | UnsetType = UNSET


class _ReceivedShape(_Shape, gc=False):
    def __post_init__(self) -> None:
        # The decoder has checked all fields already, and hands over a ShapeType.
        if type(self.type) is not ShapeType:
            Record.__post_init__(self)


class SubLabeledShape(_ReceivedShape, gc=False):
    """An element of a skeleton that a server holds."""


class LabeledShape(_ReceivedShape, gc=False):
    """A shape that a server holds."""

    elements: list[SubLabeledShape] | UnsetType = UNSET
    revision: int | UnsetType = UNSET


class _TrackedShape(Record, gc=False):
    type: ShapeType
    frame: int
    occluded: bool | UnsetType = UNSET
    outside: bool | UnsetType = UNSET
    z_order: int | UnsetType = UNSET
    rotation: Degrees | UnsetType = UNSET
    points: list[float] | UnsetType = UNSET
    attributes: list[AttributeVal] | UnsetType = UNSET
    id: int | UnsetType | None = UNSET


class TrackedShapeRequest(_TrackedShape, gc=False):
    """A key frame of a track."""


class TrackedShape(_TrackedShape, gc=False):
    """A key frame of a track that a server holds."""


class SubLabeledTrackRequest(Record, gc=False):
    """An element of a skeleton's track."""

    label_id: int
    frame: int
    shapes: list[TrackedShapeRequest]
    id: int | UnsetType | None = UNSET
    group: int | UnsetType | None = UNSET
    source: str | UnsetType = UNSET
    attributes: list[AttributeVal] | UnsetType = UNSET


class LabeledTrackRequest(SubLabeledTrackRequest, gc=False):
    """A shape that lives on many frames, given by its key frames."""

    elements: list[SubLabeledTrackRequest] | UnsetType = UNSET
    revision: int | UnsetType = UNSET


class SubLabeledTrack(Record, gc=False):
    """An element of a skeleton's track that a server holds."""

    label_id: int
    frame: int
    shapes: list[TrackedShape]
    id: int | UnsetType | None = UNSET
    group: int | UnsetType | None = UNSET
    source: str | UnsetType = UNSET
    attributes: list[AttributeVal] | UnsetType = UNSET


class LabeledTrack(SubLabeledTrack, gc=False):
    """A track that a server holds."""

    elements: list[SubLabeledTrack] | UnsetType = UNSET
    revision: int | UnsetType = UNSET


class LabeledIntervalRequest(Record, gc=False):
    """A label of a stretch of an audio recording, in milliseconds."""

    label_id: int
    start: int
    stop: int | None
    id: int | UnsetType | None = UNSET
    group: int | UnsetType | None = UNSET
    source: str | UnsetType = UNSET
    attributes: list[AttributeVal] | UnsetType = UNSET
    score: Score | UnsetType = UNSET


LabeledInterval = LabeledIntervalRequest


class PatchedLabeledDataRequest(Record, gc=False):
    """Annotations to be created, updated or deleted."""

    version: int | UnsetType = UNSET
    tags: list[LabeledImageRequest] | UnsetType = UNSET
    shapes: list[LabeledShapeRequest] | UnsetType = UNSET
    tracks: list[LabeledTrackRequest] | UnsetType = UNSET
    intervals: list[LabeledIntervalRequest] | UnsetType = UNSET


class LabeledDataRequest(PatchedLabeledDataRequest, gc=False):
    """Annotations that are to replace those of a task or job."""


class LabeledData(Record, gc=False):
    """The annotations of a task or job."""

    version: int | UnsetType = UNSET
    tags: list[LabeledImage] | UnsetType = UNSET
    shapes: list[LabeledShape] | UnsetType = UNSET
    tracks: list[LabeledTrack] | UnsetType = UNSET
    intervals: list[LabeledInterval] | UnsetType = UNSET
