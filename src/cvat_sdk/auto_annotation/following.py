"""Immediate mode of tracking functions: follow shapes through the frames of a task."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from cvat_sdk.auto_annotation import calls
from cvat_sdk.auto_annotation.interface import TrackingFunction, TrackingFunctionSpec
from cvat_sdk.auto_annotation.questions import Answers
from cvat_sdk.auto_annotation.starts import Wish
from cvat_sdk.auto_annotation.trails import Trail, mutable_attributes
from cvat_sdk.exceptions import ApiException, ServiceException
from cvat_sdk.models import LabeledTrackRequest

if TYPE_CHECKING:
    import logging

    from cvat_sdk.auto_annotation.pipeline import ServerTask
    from cvat_sdk.core.client import Client
    from cvat_sdk.core.progress import ProgressReporter
    from cvat_sdk.datasets.frames import Frame, TaskFrames
    from cvat_sdk.models import LabeledData


class TrackingReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `track_task` has done.

    Attributes:
        first_frame, last_frame: through which shapes were followed.
        frames: how many images the function has seen.
        tracks: how many were written.
        lost: of these, how many were not found on the last frame.
        key_frames: how many the tracks have.
        seconds: from the call to its end.
    """

    task_id: int
    first_frame: int
    last_frame: int
    frames: int
    tracks: int
    lost: int
    key_frames: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.tracks} tracks with {self.key_frames} key frames, through {self.frames} frames"
            f" from {self.first_frame} to {self.last_frame}; {self.lost} were lost at the end;"
            f" {self.seconds:.1f} s"
        )


def track_task(
    client: Client,
    task_id: int,
    function: TrackingFunction[Any, Any],
    *,
    from_frame: int | None = None,
    to_frame: int | None = None,
    track_ids: Collection[int] | None = None,
    shape_ids: Collection[int] | None = None,
    pbar: ProgressReporter | None = None,
) -> TrackingReport:
    """Follow shapes from one frame of a task to another, and write them into the task as tracks.

    A track has key frames where it needs them, see `tracks`. It is outside where the function has
    lost the shape, and after the last frame. Label, attributes and group are those of the shape,
    which stays. All is written at once, when the function has seen every frame: one that fails
    leaves the task as it was.

    Args:
        client: logged in.
        task_id: of a task of images or of a video.
        function: an object with `spec`, `init_tracking_state` and `track`, see `TrackingFunction`.
        from_frame: where the shapes are; by default, where those of `shape_ids` are, or the first
            frame.
        to_frame: the last one; by default, that of the task. Deleted frames are passed over.
        track_ids: of tracks that go on from `from_frame`: their key frames are replaced from there
            to `to_frame`, those after it stay.
        shape_ids: of shapes that become tracks. Without either, all shapes on the first frame do
            that are of a type that the function follows.
        pbar: told of each frame.

    Raises:
        BadFunctionError: the function breaks its protocol.
        SelectionError: a frame, shape or track is not there, or cannot be followed.
        UndecidedUploadError: an answer of a server that knows no `X-Idempotency-Key` was lost, and
            it cannot be told whether it took the tracks.
        UnsupportedDatasetError: the task has no images, or one cannot be read.
        ApiException: the server refuses: somebody else may have changed a track meanwhile (409).
        TransportError: the server cannot be reached.
    """
    from cvat_sdk.core.progress import NullProgressReporter
    from cvat_sdk.datasets.frames import TaskFrames

    start = time.perf_counter()
    wish = Wish(from_frame, to_frame, _listed(track_ids), _listed(shape_ids))
    spec = calls.spec_of(
        function,
        TrackingFunctionSpec,
        methods=("init_tracking_state()", "track()"),
        only="tracking",
        do="follow shapes",
    )
    answers = Answers.of(client, task_id)
    data, size = answers.server.annotations(), answers.meta.size or 0
    there = frozenset(range(size)) - set(answers.meta.deleted_frames)
    span = wish.frames(there, size, data)
    mutable = mutable_attributes(answers.labels)
    trails = wish.trails(data, span, spec.supported_shape_types, mutable)
    following = Following(function, trails, span)
    with (
        following.told(task_id, client.logger),
        TaskFrames(answers.server.task, answers.meta, indices=span) as frames,
    ):
        following.follow(frames, pbar or NullProgressReporter())
        tracks = [trail.track(span.stop if span.stop < size else None) for trail in trails]
        following.is_writing = True
        _write(answers.server, tracks, data, are_there=wish.track_ids is not None)
    report = TrackingReport(
        task_id=task_id,
        first_frame=span[0],
        last_frame=span[-1],
        frames=len(frames),
        tracks=len(tracks),
        lost=sum(trail.is_lost for trail in trails),
        key_frames=sum(len(track.shapes) for track in tracks),
        seconds=time.perf_counter() - start,
    )
    client.logger.info("Task %d: %s", task_id, report)
    return report


@dataclass
class Following:
    """A function on its way through frames.

    Attributes:
        at: the frame that it is at.
        is_writing: whether something may be on the server already.
    """

    function: Any
    trails: Sequence[Trail]
    span: range
    at: int = field(init=False)
    is_writing: bool = False

    def __post_init__(self) -> None:
        self.at = self.span[0]

    def follow(self, frames: TaskFrames, pbar: ProgressReporter) -> None:
        """Have the function see all frames; the shapes are on the first one."""
        states: list[Any] = []
        size_wh = (0, 0)
        with pbar.task(total=len(frames), desc="Tracking", unit="frame"):
            for frame in frames:
                self.at = frame.index
                if not states:
                    states, size_wh = self._begin(frame), (frame.width, frame.height)
                elif (frame.width, frame.height) == size_wh:
                    self._follow(frame, states)
                else:
                    self._lose_all()
                pbar.advance(1)

    def _begin(self, frame: Frame) -> list[Any]:
        pp_image = calls.prepare(self.function, frame.load_image())
        states = []
        for trail in self.trails:
            with _named(trail, frame):
                states.append(calls.begin(self.function, pp_image, trail.shape))
            trail.seen.append((frame.index, trail.shape))
        return states

    def _follow(self, frame: Frame, states: Sequence[Any]) -> None:
        pp_image = calls.prepare(self.function, frame.load_image())
        for trail, state in zip(self.trails, states, strict=True):
            with _named(trail, frame):
                found = calls.follow(self.function, pp_image, state, trail.shape.type)
            trail.seen.append((frame.index, found))

    def _lose_all(self) -> None:
        # A state serves images of the size of the one that it was made of.
        for trail in self.trails:
            trail.seen.append((self.at, None))

    @contextmanager
    def told(self, task_id: int, logger: logging.Logger) -> Iterator[None]:
        """Say how far it came, and whether the task is as it was, if it ends early."""
        try:
            yield
        except BaseException as error:
            refused = isinstance(error, ApiException) and not isinstance(error, ServiceException)
            logger.warning(
                "Tracking in task %d has ended early, at frame %d of %d to %d; %s.",
                *(task_id, self.at, self.span[0], self.span[-1]),
                "its tracks were being written: look whether they are there"
                if self.is_writing and not refused
                else "the task is as it was",
            )
            raise


@contextmanager
def _named(trail: Trail, frame: Frame) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        error.add_note(f"frame {frame.index} ({frame.name!r}), {trail.name}")
        raise


def _write(
    server: ServerTask,
    tracks: Sequence[LabeledTrackRequest],
    before: LabeledData,
    *,
    are_there: bool,
) -> None:
    """Write all tracks in one request."""
    from cvat_sdk.api_client.wire import encode
    from cvat_sdk.auto_annotation.pipeline.ids import Ids
    from cvat_sdk.auto_annotation.pipeline.state import KINDS
    from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction

    if are_there:
        server.task.update_annotations({"tracks": tracks}, action=AnnotationUpdateAction.UPDATE)
        return
    known = {kind: Ids(item.id for item in before.get(kind) or ()) for kind in KINDS}
    key = f"track-{secrets.token_hex(16)}"
    server.create(encode({"tracks": tracks}), key, lambda: [known], again=False)


def _listed(ids: Collection[int] | None) -> list[int] | None:
    return None if ids is None else list(ids)
