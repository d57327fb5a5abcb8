"""One pass of a function over a task, from the first question to the server to the last."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cvat_sdk.auto_annotation import roi as regions
from cvat_sdk.auto_annotation import selection
from cvat_sdk.auto_annotation.calls import spec_of
from cvat_sdk.auto_annotation.interface import DetectionFunction, DetectionFunctionSpec
from cvat_sdk.auto_annotation.ledger import writable_folder
from cvat_sdk.auto_annotation.mapping import LabelMapper
from cvat_sdk.auto_annotation.options import Options
from cvat_sdk.auto_annotation.pipeline import (
    AutoBatchSize,
    Detection,
    Finder,
    Finding,
    FixedBatchSize,
    Journals,
    Outbox,
    Progress,
    Run,
    RunReport,
    ServerTask,
    SkippedFrame,
    bottleneck,
    fingerprint,
)
from cvat_sdk.auto_annotation.questions import Answers
from cvat_sdk.auto_annotation.remapping import Remapper
from cvat_sdk.exceptions import (
    ApiException,
    CvatSdkException,
    SelectionError,
)
from cvat_sdk.models import LabeledData

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client
    from cvat_sdk.core.progress import ProgressReporter
    from cvat_sdk.core.proxies.tasks import Task
    from cvat_sdk.models import DataMetaRead

# So many skipped frames are told with their reasons; the report has them all.
_MOST_TOLD = 20
# How long what is being sent is waited for when a run ends early, so that it needs not be asked
# for by the next one; and if that is by Ctrl-C.
_PATIENCE_S, _HASTE_S = 10.0, 0.5


@dataclass(frozen=True, kw_only=True)
class DetectionContext:
    """What `detect` is told; see `DetectionFunctionContext`."""

    frame_name: str
    conf_threshold: float | None = None
    conv_mask_to_poly: bool = False


@dataclass
class Work:
    """A function, and how it is to be run over a task.

    Args:
        parameters: what the function was made with, as far as that is known.
    """

    client: Client
    function: DetectionFunction
    options: Options
    parameters: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int | Literal["auto"] = "auto"
    skips_errors: bool = False
    streaming: bool = False
    pbar: ProgressReporter | None = None
    on_done: Callable[[RunReport], object] | None = None
    clock: Callable[[], float] = time.perf_counter

    def do(self, task_id: int, journal_dir: Path | None, *, resume: bool = False) -> RunReport:
        """Annotate a task. See `annotate_task` for the errors."""
        start = self.clock()
        spec = spec_of(
            self.function,
            DetectionFunctionSpec,
            methods=("detect(context, image)",),
            only="detection",
            do="annotate tasks",
        )
        answers = Answers.of(self.client, task_id)
        remapper = Remapper(
            self._mapper().map(spec.labels, answers.labels),
            conv_mask_to_poly=self.options.conv_mask_to_poly,
        )
        told = fingerprint(
            function=self.function,
            parameters=self.parameters,
            spec_labels=spec.labels,
            task_id=task_id,
            size=answers.meta.size or 0,
            task_labels=answers.labels,
            options=self.options.told(),
        )
        folder = writable_folder(journal_dir)
        journals = Journals(folder, self.client.api_map.host, task_id, self.client.logger)
        run, existing = self._begin(answers, journals, told, resume=resume)
        with run.journal, self._kept(run):
            self._carry_out(run, answers.meta, self._finder(remapper, run, existing))
            report = self._report(run, self.clock() - start)
            if self.on_done:
                self.on_done(report)
            run.journal.remove()
        return report

    def _mapper(self) -> LabelMapper:
        return LabelMapper(
            logger=self.client.logger,
            allow_unmatched_labels=self.options.allow_unmatched_labels,
            conv_mask_to_poly=self.options.conv_mask_to_poly,
            label_mapping=self.options.label_mapping,
        )

    def _begin(
        self,
        answers: Answers,
        journals: Journals,
        told: dict[str, Any],
        *,
        resume: bool,
    ) -> tuple[Run, LabeledData | None]:
        """Return a run, and what was there before it, as far as its results depend on that."""
        server = answers.server
        looks = self.options.only_unannotated or self.options.merge == "iou"
        existing = server.annotations() if looks else None
        opened = journals.resume(told) if resume else None
        if opened is None:
            frames = self._chosen(answers, existing)
            ids = server.ids() if self._needs_ids(server) else None
            opened = journals.begin(told, frames, ids)
        run = Run(*opened, server)
        self._resumed = len(run.state.done)
        return run, existing

    def _needs_ids(self, server: ServerTask) -> bool:
        removes = self.options.clear_existing or self.options.merge == "replace"
        return removes or self.options.merge == "iou" or not server.remembers_keys

    def _chosen(self, answers: Answers, existing: LabeledData | None) -> Sequence[int]:
        """Return the frames that are to be annotated.

        Raises:
            SelectionError: what is chosen is not there.
        """
        meta, task, annotated = answers.meta, answers.server.task, None
        if self.options.only_unannotated and existing:
            jobs = [(job.start_frame, job.stop_frame) for job in task.get_jobs()]
            annotated = selection.annotated_frames(existing, jobs)
        return selection.choose(
            set(range(meta.size or 0)) - set(meta.deleted_frames),
            frames=self.options.frames,
            job=self._job(task),
            annotated=annotated,
        )

    def _job(self, task: Task) -> selection.Job | None:
        if self.options.job_id is None:
            return None
        job = self.client.jobs.retrieve(self.options.job_id)
        if job.task_id != task.id:
            raise SelectionError(f"job_id: job {job.id} belongs to task {job.task_id}")
        return job.start_frame, job.stop_frame

    def _finder(self, remapper: Remapper, run: Run, existing: LabeledData | None) -> Finder:
        options = self.options
        detection = Detection(
            self.function,
            partial(_context, options.conf_threshold, conv_mask_to_poly=options.conv_mask_to_poly),
            prepare=partial(regions.crop, roi=options.roi) if options.roi else None,
            batch_size=(
                AutoBatchSize() if self.batch_size == "auto" else FixedBatchSize(self.batch_size)
            ),
            skips_errors=self.skips_errors,
            seconds=run.seconds,
        )
        keep = None
        if options.merge == "iou" and existing:
            from cvat_sdk.auto_annotation.merging import Merger

            keep = Merger(run.of_before(existing), options.iou_threshold).keep
        return Finder(detection, remapper, options.roi, keep, seconds=run.seconds)

    def _carry_out(self, run: Run, meta: DataMetaRead, finder: Finder) -> None:
        """Do what is left of a run."""
        from cvat_sdk.datasets.frames import TaskFrames

        run.settle()
        outbox = Outbox(run, streaming=self.streaming)
        try:
            outbox.begin()
            with TaskFrames(run.server.task, meta, indices=run.state.left) as frames:
                run.pixel_seconds = frames.seconds
                self._find(run, outbox, finder.find(frames))
            with run.timed("upload"):
                outbox.finish()
        except BaseException as error:
            outbox.stop(_PATIENCE_S if isinstance(error, Exception) else _HASTE_S)
            if error is run.refusal:
                self._withdraw(run, error)
            raise
        outbox.stop(_PATIENCE_S)
        self._remove_existing(run)

    def _find(self, run: Run, outbox: Outbox, findings: Iterator[Finding]) -> None:
        from cvat_sdk.core.progress import NullProgressReporter

        state, pbar = run.state, self.pbar or NullProgressReporter()
        total, before = len(state.frames), state.finished
        progress = Progress(total, before, run.stages, self.client.logger)
        with pbar.task(total=total, desc="Annotating", unit="frame"):
            if before:
                pbar.advance(before)
            for finding in findings:
                self._keep(run, outbox, finding)
                pbar.advance(1)
                progress.tell(state.finished, state.shapes)

    def _keep(self, run: Run, outbox: Outbox, finding: Finding) -> None:
        frame, error = finding.frame, finding.error
        if error:
            run.skipped(frame.index, frame.name, f"{type(error).__name__}: {error}")
            return
        with run.timed("check"):
            places = run.found(frame.index, finding.tags, finding.shapes)
        with run.timed("upload"):
            outbox.add(*places)

    def _withdraw(self, run: Run, refusal: ApiException) -> None:
        try:
            run.withdraw()
        except CvatSdkException as error:
            refusal.add_note(f"what was sent before stays on the server: {error}")

    def _remove_existing(self, run: Run) -> None:
        with run.timed("upload"):
            if self.options.clear_existing:
                run.remove_existing(lambda kind, item: True)
            elif self.options.merge == "replace":
                done = run.state.done
                run.remove_existing(lambda kind, item: kind != "tracks" and item.frame in done)

    @contextmanager
    def _kept(self, run: Run) -> Iterator[None]:
        """Say how to go on if a run ends early."""
        try:
            yield
        except BaseException:
            state = run.state
            if not (state.finished or state.has_sent):
                run.journal.remove()
                raise
            self.client.logger.warning(
                "The run over task %d has ended early. The results of %d of %d frames are kept;"
                " resume=True (--resume) goes on from there (%s).",
                *(run.server.task.id, len(state.done), len(state.frames), run.journal.path),
            )
            raise

    def _report(self, run: Run, seconds: float) -> RunReport:
        state, stages = run.state, run.stages()
        report = RunReport(
            run_id=state.begun.run_id,
            task_id=run.server.task.id,
            frames=len(state.done),
            resumed=self._resumed,
            skipped=[SkippedFrame(one.frame, one.name, one.reason) for one in state.skipped],
            tags=state.tags,
            shapes=state.shapes,
            seconds=seconds,
            stages=stages,
            bottleneck=bottleneck(stages),
        )
        self.client.logger.info("Task %d: %s", report.task_id, report)
        if report.skipped:
            self.client.logger.warning("%s", _told(report.skipped))
        return report


def _context(
    conf_threshold: float | None, frame_name: str, *, conv_mask_to_poly: bool
) -> DetectionContext:
    return DetectionContext(
        frame_name=frame_name,
        conf_threshold=conf_threshold,
        conv_mask_to_poly=conv_mask_to_poly,
    )


def _told(skipped: Sequence[SkippedFrame]) -> str:
    lines = [f"{one.index} ({one.name!r}): {one.reason}" for one in skipped[:_MOST_TOLD]]
    lines += [f"and {len(skipped) - _MOST_TOLD} more"] * (len(skipped) > _MOST_TOLD)
    again = ",".join(str(one.index) for one in skipped)
    return (
        f"{len(skipped)} frames were skipped; frames={again!r} (--frames) runs them again:\n  "
        + "\n  ".join(lines)
    )
