"""Immediate mode: follow the shapes of a task through its frames."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cvat_sdk.auto_annotation.interface import (
    TrackableShape,
    TrackingFunction,
    TrackingFunctionSpec,
)
from cvat_sdk.auto_annotation.tracks import Track, check_tracked, mutable_attributes
from cvat_sdk.exceptions import BadFunctionError, SelectionError

if TYPE_CHECKING:
    import PIL.Image

    from cvat_sdk.core.client import Client
    from cvat_sdk.core.progress import ProgressReporter
    from cvat_sdk.core.proxies.tasks import Task
    from cvat_sdk.datasets.reading import Frame
    from cvat_sdk.models import LabeledData, LabeledShape, LabeledTrack


@dataclass(frozen=True, kw_only=True)
class ShapeContext:
    """What a tracking function is told; see `TrackingFunctionShapeContext`."""

    original_shape_type: str


@dataclass(frozen=True)
class _ImageContext:
    """What a tracking function is told of an image: nothing yet."""


def track_task(
    client: Client,
    task_id: int,
    function: TrackingFunction[Any, Any],
    *,
    from_frame: int | None = None,
    to_frame: int | None = None,
    shapes: Collection[int] | None = None,
    track_id: int | None = None,
    pbar: ProgressReporter | None = None,
) -> list[dict[str, Any]]:
    """Follow shapes of one frame through the frames after it that are not deleted.

    Shapes become tracks, and are removed once these are on the server; a track is gone on with:
    its key frames on the frames that are looked at are replaced. Nothing is written before the
    function has seen all frames. Where a shape is lost, its track is outside.

    Args:
        client: logged in.
        task_id: of a task of images or of a video.
        function: an object with `spec`, `init_tracking_state` and `track`.
        from_frame: where the shapes are; a track is followed from its last key frame up to there,
            by default from its last one of all.
        to_frame: the last frame to look at; by default the task's.
        shapes: ids of shapes on `from_frame`; by default all of types that the function follows.
        track_id: of a track, in place of shapes.
        pbar: told of each frame.

    Returns:
        The tracks as they were sent, with their key frames.

    Raises:
        BadFunctionError: the function breaks its protocol.
        SelectionError: the frames, shapes or track are not there, or cannot be followed.
        UnsupportedDatasetError: the task has no images, or one cannot be read.
        ApiException: the server refuses. If it has taken the tracks, the shapes are still there.
        TransportError: the server cannot be reached.
    """
    kinds = _supported(function)
    task = client.tasks.retrieve(task_id)
    there = task.get_annotations()
    plan: _New | _Old
    if track_id is not None:
        if shapes is not None:
            raise SelectionError("either a track can be followed or shapes, not both")
        plan = _Old.of(there, track_id, from_frame, kinds)
    else:
        if from_frame is None:
            raise SelectionError("from_frame is needed: the frame that the shapes are on")
        plan = _New.of(task, there, from_frame, shapes, kinds)
    end = _follow(task, function, plan.start, to_frame, plan.tracks, pbar)
    return plan.write(task, end)


def _supported(function: TrackingFunction[Any, Any]) -> frozenset[str]:
    spec = getattr(function, "spec", None)
    if not isinstance(spec, TrackingFunctionSpec):
        raise BadFunctionError(
            f"the function's spec is of type {type(spec).__name__!r};"
            " to follow shapes it must be a TrackingFunctionSpec"
        )
    return frozenset(spec.supported_shape_types)


@dataclass
class _New:
    """Shapes that become tracks."""

    start: int
    tracks: list[Track]
    sources: list[LabeledShape]

    @classmethod
    def of(
        cls,
        task: Task,
        there: LabeledData,
        frame: int,
        ids: Collection[int] | None,
        kinds: frozenset[str],
    ) -> _New:
        here = [shape for shape in there.shapes if shape.frame == frame]
        chosen = [
            shape
            for shape in here
            if (shape.id in ids if ids is not None else _problem(shape, kinds) is None)
        ]
        _check_chosen(chosen, frame, ids, kinds)
        mutable = mutable_attributes(task.get_labels())
        return cls(frame, [_begun(shape, mutable) for shape in chosen], chosen)

    def write(self, task: Task, end: int) -> list[dict[str, Any]]:
        from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction, to_remove

        told = [track.told() for track in self.tracks]
        task.update_annotations({"tracks": told}, action=AnnotationUpdateAction.CREATE)
        gone = [to_remove(shape) for shape in self.sources]
        task.update_annotations({"shapes": gone}, action=AnnotationUpdateAction.DELETE)
        return told


def _check_chosen(
    chosen: Sequence[LabeledShape],
    frame: int,
    ids: Collection[int] | None,
    kinds: frozenset[str],
) -> None:
    missing = set(ids or ()) - {shape.id for shape in chosen}
    if missing:
        raise SelectionError(f"frame {frame} has no shapes {sorted(missing)}")
    if not chosen:
        raise SelectionError(f"frame {frame} has no shapes of types {sorted(kinds)}")
    for shape in chosen:
        if problem := _problem(shape, kinds):
            raise SelectionError(f"shape {shape.id} {problem}")


def _problem(shape: Any, kinds: frozenset[str]) -> str | None:
    if shape.type not in kinds:
        return f"is a {shape.type}; the function follows {', '.join(sorted(kinds))}"
    # A function is told of points only.
    return "is rotated, which functions are not told" if shape.get("rotation") else None


def _begun(shape: LabeledShape, mutable: set[int]) -> Track:
    fields: dict[str, Any] = {
        "label_id": shape.label_id,
        "group": shape.get("group") or 0,
        "source": "auto",
        "attributes": [],
    }
    track = Track(str(shape.type), fields)
    track.seen(shape.frame, TrackableShape(type=str(shape.type), points=shape.points))
    for value in shape.get("attributes") or ():
        holder = track.key_frames[0] if value.spec_id in mutable else fields
        holder["attributes"].append(value.to_dict())
    return track


@dataclass
class _Old:
    """A track that is gone on with."""

    start: int
    tracks: list[Track]
    source: LabeledTrack

    @classmethod
    def of(
        cls, there: LabeledData, track_id: int, frame: int | None, kinds: frozenset[str]
    ) -> _Old:
        found = next((track for track in there.tracks if track.id == track_id), None)
        if found is None:
            raise SelectionError(f"the task has no track {track_id}")
        shapes = sorted(found.shapes, key=lambda shape: shape.frame)
        seen = [shape for shape in shapes if frame is None or shape.frame <= frame]
        if frame is None:
            seen = [shape for shape in seen if not shape.get("outside")]
        if not seen or seen[-1].get("outside"):
            raise SelectionError(f"track {track_id} has no shape on frame {frame}")
        last = seen[-1]
        if problem := _problem(last, kinds):
            raise SelectionError(f"track {track_id} {problem}")
        track = Track(str(last.type), {})
        track.seen(last.frame, TrackableShape(type=str(last.type), points=last.points))
        return cls(last.frame, [track], found)

    def write(self, task: Task, end: int) -> list[dict[str, Any]]:
        (track,) = self.tracks
        seen = self.source.shapes
        before = [shape.to_dict() for shape in seen if shape.frame <= self.start]
        after = [shape.to_dict() for shape in seen if shape.frame > end]
        # What comes later stays as it is, and is led up to by where the shape was seen last.
        new = [key for key in track.key_frames[1:] if not after or key["frame"] <= end]
        told = {**self.source.to_dict(), "shapes": [*before, *new, *after]}
        task.update_annotations({"tracks": [told]})
        return [told]


def _follow(
    task: Task,
    function: TrackingFunction[Any, Any],
    start: int,
    to_frame: int | None,
    tracks: Sequence[Track],
    pbar: ProgressReporter | None,
) -> int:
    from cvat_sdk.core.progress import NullProgressReporter
    from cvat_sdk.datasets.frames import TaskFrames

    meta = task.get_meta()
    end = _last_frame(start, to_frame, meta.size)
    with TaskFrames(task, meta, indices=range(start, end + 1)) as frames:
        pbar = pbar or NullProgressReporter()
        with pbar.task(total=len(frames), desc="Tracking", unit="frame"):
            for _ in pbar.iter(_steps(function, start, frames, tracks)):
                pass
    for track in tracks:
        if end + 1 < meta.size:
            track.end(end + 1)
    return end


def _last_frame(start: int, to_frame: int | None, size: int) -> int:
    end = size - 1 if to_frame is None else to_frame
    if not 0 <= start < size:
        raise SelectionError(f"the task has no frame {start}; its frames are 0-{size - 1}")
    if not start < end < size:
        raise SelectionError(f"to_frame must be from {start + 1} to {size - 1}, got {end}")
    return end


def _steps(
    function: TrackingFunction[Any, Any],
    start: int,
    frames: Any,
    tracks: Sequence[Track],
) -> Iterator[None]:
    found = iter(frames)
    first: Frame | None = next(found, None)
    if first is None or first.index != start:
        raise SelectionError(f"frame {start} is deleted: there is no image to begin with")
    image = first.load_image()
    follower = _Follower(function, image, tracks)
    yield
    for frame in found:
        follower.follow(frame.index, frame.load_image())
        yield


class _Follower:
    """Shapes, and what the function remembers of them."""

    def __init__(
        self,
        function: TrackingFunction[Any, Any],
        image: PIL.Image.Image,
        tracks: Sequence[Track],
    ) -> None:
        self._function = function
        self._size = image.size
        self._tracks = tracks
        self._contexts = [ShapeContext(original_shape_type=track.kind) for track in tracks]
        prepared = self._prepare(image)
        self._states = [
            function.init_tracking_state(context, prepared, _last_seen(track))
            for context, track in zip(self._contexts, tracks, strict=True)
        ]

    def follow(self, index: int, image: PIL.Image.Image) -> None:
        """Look for the shapes on a frame. On one of another size, nothing can be followed."""
        if image.size != self._size:
            for track in self._tracks:
                track.seen(index, None)
            return
        prepared = self._prepare(image)
        for track, context, state in zip(self._tracks, self._contexts, self._states, strict=True):
            shape = self._function.track(context, prepared, state)
            check_tracked(shape, track.kind)
            track.seen(index, shape)

    def _prepare(self, image: PIL.Image.Image) -> Any:
        preprocess = getattr(self._function, "preprocess_image", None)
        return preprocess(_ImageContext(), image) if callable(preprocess) else image


def _last_seen(track: Track) -> TrackableShape:
    return TrackableShape(type=track.kind, points=track.key_frames[-1]["points"])
