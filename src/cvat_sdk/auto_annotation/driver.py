"""Immediate mode: run a detection function over a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cvat_sdk.auto_annotation.interface import DetectionFunction, DetectionFunctionSpec
from cvat_sdk.auto_annotation.mapping import LabelMapper
from cvat_sdk.auto_annotation.remapping import Remapper
from cvat_sdk.exceptions import BadFunctionError
from cvat_sdk.models import (
    LabeledData,
    LabeledImageRequest,
    LabeledShapeRequest,
    PatchedLabeledDataRequest,
)

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client
    from cvat_sdk.core.progress import ProgressReporter
    from cvat_sdk.core.proxies.tasks import Task


@dataclass(frozen=True, kw_only=True)
class DetectionContext:
    """What `detect` is told; see `DetectionFunctionContext`."""

    frame_name: str
    conf_threshold: float | None = None
    conv_mask_to_poly: bool = False


def annotate_task(
    client: Client,
    task_id: int,
    function: DetectionFunction,
    *,
    pbar: ProgressReporter | None = None,
    clear_existing: bool = False,
    allow_unmatched_labels: bool = False,
    conf_threshold: float | None = None,
    conv_mask_to_poly: bool = False,
    allow_unmatched_label: bool = False,
) -> None:
    """Annotate all frames of a task that are not deleted.

    Nothing is sent before the function has seen every frame, so that one that fails leaves the
    task as it was.

    Args:
        client: logged in.
        task_id: of a task of images or of a video.
        function: an object with `spec` and `detect`, see `DetectionFunction`.
        pbar: told of each frame.
        clear_existing: remove the annotations that were there at the start, once the new ones are
            safely on the server. By default they stay.
        allow_unmatched_labels: leave out what the task has no label, sublabel or attribute for.
        conf_threshold: from 0 to 1, handed to the function.
        conv_mask_to_poly: ask the function for polygons instead of masks.
        allow_unmatched_label: the same as `allow_unmatched_labels`.

    Raises:
        BadFunctionError: the function breaks its protocol, or doesn't fit the task.
        ValueError: `conf_threshold` is not between 0 and 1.
        UnsupportedDatasetError: the task has no images, or one cannot be read.
        ApiException: the server refuses.
        TransportError: the server cannot be reached.
    """
    if conf_threshold is not None and not 0 <= conf_threshold <= 1:
        raise ValueError(f"conf_threshold must be between 0 and 1, got {conf_threshold}")
    from cvat_sdk.core.progress import NullProgressReporter
    from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction

    spec = _detection_spec(function)
    task = client.tasks.retrieve(task_id)
    mapper = LabelMapper(
        logger=client.logger,
        allow_unmatched_labels=allow_unmatched_labels or allow_unmatched_label,
        conv_mask_to_poly=conv_mask_to_poly,
    )
    labels = mapper.map(spec.labels, task.get_labels())
    existing = _ids_by_kind(task.get_annotations()) if clear_existing else {}
    found = _detect(
        task,
        function,
        Remapper(labels, conv_mask_to_poly=conv_mask_to_poly),
        partial(
            DetectionContext, conf_threshold=conf_threshold, conv_mask_to_poly=conv_mask_to_poly
        ),
        pbar or NullProgressReporter(),
    )
    client.logger.info(
        "Uploading %d annotations to task %d...", len(found.tags) + len(found.shapes), task_id
    )
    task.update_annotations(found, action=AnnotationUpdateAction.CREATE)
    _remove(task, existing)
    client.logger.info("Upload complete")


def _detect(
    task: Task,
    function: DetectionFunction,
    remapper: Remapper,
    make_context: Callable[..., DetectionContext],
    pbar: ProgressReporter,
) -> PatchedLabeledDataRequest:
    from cvat_sdk.datasets.frames import TaskFrames

    tags: list[LabeledImageRequest] = []
    shapes: list[LabeledShapeRequest] = []
    with TaskFrames(task) as frames, pbar.task(total=len(frames), desc="Annotating", unit="frame"):
        for frame in pbar.iter(frames):
            image = frame.load_image()
            try:
                returned = function.detect(make_context(frame_name=frame.name), image)
            except Exception as error:
                error.add_note(f"on frame {frame.index} ({frame.name!r})")
                raise
            new_tags, new_shapes = remapper.remap(returned, frame.index, frame.name)
            tags += new_tags
            shapes += new_shapes
    return PatchedLabeledDataRequest(tags=tags, shapes=shapes)


def _ids_by_kind(annotations: LabeledData) -> dict[str, set[int | None]]:
    return {
        kind: {item.id for item in annotations.get(kind) or ()}
        for kind in ("tags", "shapes", "tracks")
    }


def _remove(task: Task, ids: dict[str, set[int | None]]) -> None:
    """Remove those annotations that are still there, and nothing that came since."""
    if not any(ids.values()):
        return
    from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction, to_remove

    there = task.get_annotations()
    chosen = {
        kind: [to_remove(item) for item in there.get(kind) or () if item.id in wanted]
        for kind, wanted in ids.items()
    }
    task.update_annotations(chosen, action=AnnotationUpdateAction.DELETE)


def _detection_spec(function: object) -> DetectionFunctionSpec:
    spec = getattr(function, "spec", None)
    if not isinstance(spec, DetectionFunctionSpec):
        kind = "no spec" if spec is None else f"a spec of type {type(spec).__name__!r}"
        raise BadFunctionError(
            f"{type(function).__name__} has {kind}; only detection functions, whose spec is a"
            " DetectionFunctionSpec, annotate tasks"
        )
    if not callable(getattr(function, "detect", None)):
        raise BadFunctionError(f"{type(function).__name__} has no method detect(context, image)")
    return spec
