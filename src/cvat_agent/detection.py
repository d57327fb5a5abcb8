"""`annotate_frame` and `annotate_task`: requests for detection functions."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from cvat_agent.failures import BadRequestError
from cvat_agent.frames import KnownTask, parse_roi
from cvat_agent.jobs import Bench, Job
from cvat_agent.spool import Spool
from cvat_sdk.auto_annotation.mapping import LabelMapper, Place
from cvat_sdk.auto_annotation.pipeline import AutoBatchSize, Detection, Finder
from cvat_sdk.auto_annotation.remapping import Remapper
from cvat_sdk.auto_annotation.work import DetectionContext
from cvat_sdk.exceptions import ApiException, BadFunctionError

if TYPE_CHECKING:
    import PIL.Image


def annotate_frame(bench: Bench, job: Job) -> dict[str, Any]:
    """Return the annotations of a frame.

    Raises:
        BadRequestError: the request doesn't fit the task or the function.
        BadFunctionError: the function breaks a rule.
    """
    params = job.params
    known = bench.frames.task(params.get("task"))
    info = known.frame(params.get("frame"))
    box = parse_roi(params.get("roi"), (info.width, info.height))
    remapper = _remapper(bench, known, params)
    with bench.timed("fetch"):
        image = bench.frames.image(known, info.index)
    with image as picture, bench.timed("compute"):
        context = _context(params, info.name)
        answer = bench.worker.call("detect", [context], [picture.cut(box)], again=True)
    tags, shapes = remapper.remap(answer.value, info.index, info.name)
    return {"annotations": {"tags": tags, "shapes": shapes}}


def annotate_task(bench: Bench, job: Job) -> Spool:
    """Return the annotations of a task, or of one of its jobs.

    Raises:
        What `annotate_frame` raises.
        CancelledError: the request is not wanted any more.
    """
    from cvat_sdk.datasets.frames import TaskFrames

    params = job.params
    # Other things of the task may have changed than frames that are kept.
    bench.frames.forget(params.get("task"))
    known = bench.frames.task(params.get("task"))
    finder = Finder(_detection(bench, job), _remapper(bench, known, params))
    spool = job.resources.enter_context(Spool())
    indices = _frames_of_job(bench, params)
    with TaskFrames(known.task, known.meta, indices=indices) as frames:
        total = len(frames)
        for done, finding in enumerate(finder.find(frames), 1):
            job.check()
            spool.add(finding.tags, finding.shapes)
            job.progress = done / total
    return spool


def requested(labels: Iterable[Any], mapping: Mapping[str, Any]) -> dict[Place, str | None]:
    """Return what a request calls the function's labels, sublabels and attributes.

    What is left out is None. Where a request says nothing of attributes or sublabels at all, they
    keep their names, and are not in the result.

    Args:
        labels: the function's.
        mapping: as it stands in the request.
    """
    return dict(_requested(labels, mapping, (), "label"))


def _requested(
    ours: Iterable[Any], entries: Mapping[str, Any], owner: Place, noun: str
) -> Iterable[tuple[Place, str | None]]:
    for one in ours:
        place = (*owner, noun, one.name)
        entry = entries.get(one.name)
        if entry is None:
            yield place, None
            continue
        entry = {"name": entry} if isinstance(entry, str) else entry
        yield place, str(entry["name"])
        for key, inner in (("attributes", "attribute"), ("sublabels", "sublabel")):
            if entry.get(key) is not None:
                yield from _requested(one.get(key, ()), entry[key], place, inner)


def _remapper(bench: Bench, known: KnownTask, params: Mapping[str, Any]) -> Remapper:
    polygons = bool(params.get("conv_mask_to_poly"))
    try:
        names = requested(bench.spec.labels, params.get("mapping") or {})
    except (AttributeError, KeyError, TypeError) as error:
        raise BadRequestError("mapping is not one of names to names") from error
    mapper = LabelMapper(logger=_QUIET, conv_mask_to_poly=polygons, requested=names)
    try:
        labels = mapper.map(bench.spec.labels, known.labels())
    except BadFunctionError as error:
        raise BadRequestError(str(error).partition(";")[0]) from error
    return Remapper(labels, conv_mask_to_poly=polygons)


# What a request leaves out is no news.
_QUIET = logging.getLogger(f"{__name__}.quiet")
_QUIET.disabled = True


def _context(params: Mapping[str, Any], frame_name: str) -> DetectionContext:
    return DetectionContext(
        frame_name=frame_name,
        conf_threshold=params.get("threshold"),
        conv_mask_to_poly=bool(params.get("conv_mask_to_poly")),
    )


def _detection(bench: Bench, job: Job) -> Detection:
    about = bench.worker.start()
    function = (_RemoteBatches if about.has_batches else _Remote)(bench, job)
    roi = job.params.get("roi")
    return Detection(
        function,
        partial(_context, job.params),
        prepare=partial(_crop, roi=roi) if roi else None,
        batch_size=AutoBatchSize(),
    )


def _crop(image: PIL.Image.Image, roi: Sequence[float]) -> PIL.Image.Image:
    return image.crop(parse_roi(roi, image.size))


class _Remote:
    """A detection function in another process."""

    def __init__(self, bench: Bench, job: Job) -> None:
        self._bench = bench
        self._job = job

    def detect(self, context: DetectionContext, image: PIL.Image.Image) -> Any:
        return self._call("detect", [context], [image])

    def _call(self, name: str, contexts: Sequence[Any], images: Sequence[Any]) -> Any:
        self._job.check()
        with ExitStack() as held, self._bench.timed("compute"):
            shared = [held.enter_context(self._bench.frames.share(image)) for image in images]
            call = self._bench.worker.call
            return call(name, contexts, shared, hurry=False, again=True).value


class _RemoteBatches(_Remote):
    def detect_batch(self, contexts: Sequence[Any], images: Sequence[Any]) -> Any:
        return self._call("detect_batch", contexts, images)


def _frames_of_job(bench: Bench, params: Mapping[str, Any]) -> range | None:
    job_id = params.get("job")
    if job_id is None:
        return None
    try:
        job = bench.client.jobs.retrieve(job_id)
    except ApiException as error:
        # The server keeps only what belongs to the job.
        bench.logger.warning(
            "job %s cannot be read, so all frames are annotated: %s", job_id, error
        )
        return None
    return range(job.start_frame, job.stop_frame + 1)
