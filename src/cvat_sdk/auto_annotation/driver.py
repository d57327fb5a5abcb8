"""Immediate mode: run a detection function over a task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cvat_sdk.auto_annotation.interface import DetectionFunction
from cvat_sdk.auto_annotation.options import Merge, Options, check_batch_size, check_choice
from cvat_sdk.auto_annotation.pipeline import RunReport
from cvat_sdk.auto_annotation.work import Work

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client
    from cvat_sdk.core.progress import ProgressReporter


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
    batch_size: int | Literal["auto"] = "auto",
    frames: str | Iterable[int] | None = None,
    job_id: int | None = None,
    only_unannotated: bool = False,
    label_mapping: Mapping[str, str] | None = None,
    roi: tuple[float, float, float, float] | None = None,
    merge: Merge = "append",
    iou_threshold: float = 0.5,
    on_error: Literal["raise", "skip"] = "raise",
    upload: Literal["at_end", "streaming"] = "at_end",
    resume: bool = False,
    journal_dir: Path | None = None,
    report: Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    on_done: Callable[[RunReport], object] | None = None,
) -> RunReport:
    """Annotate the frames of a task that are not deleted.

    By default, nothing is sent before the function has seen every frame, so that one that fails
    leaves the task as it was. What is found is kept on disk until the server has it.

    Args:
        client: logged in.
        task_id: of a task of images or of a video.
        function: an object with `spec` and `detect`, see `DetectionFunction`. If it has
            `detect_batch(contexts, images)`, that is called instead; it returns a sequence with
            the annotations of each image.
        pbar: told of each frame.
        clear_existing: remove the annotations that were there at the start, once the new ones are
            safely on the server. By default they stay.
        allow_unmatched_labels: leave out what the task has no label, sublabel or attribute for.
        conf_threshold: from 0 to 1, handed to the function.
        conv_mask_to_poly: ask the function for polygons instead of masks.
        allow_unmatched_label: the same as `allow_unmatched_labels`.
        batch_size: how many images `detect_batch` is given at most; by default, as many as pay.
        frames: only these, as numbers or as in "0-10,20,30-100:5".
        job_id: only the frames of this job of the task.
        only_unannotated: only frames without tags, shapes and tracks.
        label_mapping: what is called otherwise in the task, see `LabelMapper`.
        roi: left, top, right and bottom, in pixels, of what the function sees of each image.
        merge: "replace" is `clear_existing` for the frames that are annotated, whose tags and
            shapes go; "iou" leaves out shapes that shapes of the same label cover already.
        iou_threshold: from which overlap on they do.
        on_error: "skip" goes on when a frame fails: its image cannot be read, the function raises
            an exception or breaks a rule. The report lists these frames.
        upload: "streaming" sends as results come. What was sent stays when the function fails.
        resume: go on with an unfinished run of the same function, parameters, labels and options.
            Without one, begin.
        journal_dir: where what is found is kept; by default, a folder of the user's.
        report: a file for what is returned, as JSON.
        parameters: what the function was made with. A run is gone on with only if they are the
            same.
        on_done: is called with what is returned, before the run is forgotten that could be resumed.

    Raises:
        BadFunctionError: the function breaks its protocol, or doesn't fit the task.
        ValueError: an argument is out of its range; a `SelectionError` chooses what isn't there.
        ResumeError: the unfinished run was another one; the message says what differs.
        UndecidedUploadError: an answer of a server that knows no `X-Idempotency-Key` was lost, and
            it cannot be told whether it took the request.
        UnsupportedDatasetError: the task has no images, or one cannot be read.
        ApiException: the server refuses. What this run has sent is removed again.
        TransportError: the server cannot be reached. The run can be resumed.
    """
    options = Options(
        clear_existing=clear_existing,
        allow_unmatched_labels=allow_unmatched_labels or allow_unmatched_label,
        conf_threshold=conf_threshold,
        conv_mask_to_poly=conv_mask_to_poly,
        frames=frames,
        job_id=job_id,
        only_unannotated=only_unannotated,
        label_mapping=label_mapping or {},
        roi=roi,
        merge=merge,
        iou_threshold=iou_threshold,
    )
    check_batch_size(batch_size)
    check_choice("on_error", on_error, ("raise", "skip"))
    check_choice("upload", upload, ("at_end", "streaming"))
    work = Work(
        client,
        function,
        options,
        parameters=parameters or {},
        batch_size=batch_size,
        skips_errors=on_error == "skip",
        streaming=upload == "streaming",
        pbar=pbar,
        on_done=on_done,
    )
    done = work.do(task_id, journal_dir, resume=resume)
    if report is not None:
        done.write(report)
    return done
