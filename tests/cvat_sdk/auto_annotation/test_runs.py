"""Runs against a server in memory: batches, skipped frames, streaming, resuming, reports."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation import BadFunctionError, ledger
from cvat_sdk.auto_annotation.pipeline import outbox, report
from cvat_sdk.auto_annotation.pipeline.parcels import ParcelMaker
from cvat_sdk.core.client import Client
from cvat_sdk.core.progress import BaseProgressReporter
from cvat_sdk.exceptions import ResumeError, SelectionError, UnauthorizedException

ANNOTATIONS = "/api/tasks/5/annotations/"


class Function:
    """Puts a point at (index, index) of each gray frame."""

    spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("thing", 0)])

    def __init__(self, gray: Callable[[Any], int], fails_at: Sequence[int] = ()) -> None:
        self.gray = gray
        self.fails_at = fails_at
        self.seen: list[int] = []

    def detect(self, context: Any, image: Any) -> Sequence[Any]:
        index = self.gray(image)
        if index in self.fails_at:
            raise ZeroDivisionError("no")
        self.seen.append(index)
        return [cvataa.shape(0, type="points", points=[index, index], score=0.5)]


class BatchFunction(Function):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.batches: list[int] = []

    def detect_batch(self, contexts: Sequence[Any], images: Sequence[Any]) -> Sequence[Any]:
        self.batches.append(len(images))
        return [self.detect(*pair) for pair in zip(contexts, images, strict=True)]


class Store:
    """The annotations of the task on the server in memory."""

    def __init__(self, server: Any, *, days: int | None = 30, keeps_scores: bool = True) -> None:
        self.shapes: list[Any] = []
        self.keys: list[str | None] = []
        self.refuses: int | None = None
        self.keeps_scores = keeps_scores
        about = {"name": "x", "description": "", "version": "2.80.0"}
        about |= {"idempotency_days": days} if days else {}
        server.handle("GET", "/api/server/about", lambda _: (200, about, {}))
        server.handle("GET", ANNOTATIONS, lambda _: (200, self.told(self.shapes), {}))
        server.handle("PATCH", ANNOTATIONS, self.patch)

    def told(self, shapes: list[Any]) -> Any:
        return {"version": 0, "tags": [], "shapes": shapes, "tracks": []}

    def patch(self, sent: Any) -> Any:
        shapes = sent.json["shapes"]
        if sent.query["action"] == ["delete"]:
            gone = {shape["id"] for shape in shapes}
            self.shapes = [shape for shape in self.shapes if shape["id"] not in gone]
            return 200, self.told(shapes), {}
        self.keys.append(sent.headers.get("X-Idempotency-Key"))
        if self.refuses:
            return self.refuses, ["no"], {}
        first = max((shape["id"] for shape in self.shapes), default=0) + 1
        new = [{**shape, "id": first + n} for n, shape in enumerate(shapes)]
        if not self.keeps_scores:
            new = [{k: v for k, v in shape.items() if k != "score"} for shape in new]
        self.shapes += new
        return 200, self.told(new), {}

    def frames(self) -> list[int]:
        return [shape["frame"] for shape in self.shapes]


@pytest.fixture
def store(server: Any, gray_task: Any) -> Store:
    gray_task(count=8)
    return Store(server)


@pytest.fixture
def annotate(client: Client, tmp_path: Path) -> Callable[..., Any]:
    return partial(cvataa.annotate_task, client, 5, journal_dir=tmp_path / "runs")


def test_a_function_with_batches_is_given_several_images(
    store: Store, annotate: Any, gray: Any
) -> None:
    function = BatchFunction(gray)
    annotate(function, batch_size=3)
    assert function.batches == [3, 3, 2]
    assert store.frames() == list(range(8))
    annotate(function)
    assert function.batches[3:6] == [1, 1, 2]


@pytest.mark.parametrize("make", [Function, BatchFunction])
def test_frames_that_fail_are_skipped_and_can_be_run_again(
    store: Store, annotate: Any, gray: Any, make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    done = annotate(make(gray, [2, 5]), on_error="skip")
    assert store.frames() == [0, 1, 3, 4, 6, 7]
    assert [(one.index, one.name, one.reason) for one in done.skipped] == [
        (2, "p2.png", "ZeroDivisionError: no"),
        (5, "p5.png", "ZeroDivisionError: no"),
    ]
    assert "2 frames were skipped; frames='2,5' (--frames) runs them again" in caplog.text
    annotate(make(gray), frames="2,5")
    assert sorted(store.frames()) == list(range(8))


def test_a_frame_on_which_a_rule_is_broken_is_skipped_too(
    store: Store, annotate: Any, gray: Any
) -> None:
    function = Function(gray)
    detect = function.detect
    function.detect = lambda context, image: (  # type: ignore[method-assign]
        [5] if gray(image) == 1 else detect(context, image)
    )
    done = annotate(function, on_error="skip")
    assert [one.index for one in done.skipped] == [1]
    assert "BadFunctionError: frame 1" in done.skipped[0].reason


def test_a_run_that_failed_goes_on_where_it_was(
    store: Store, annotate: Any, gray: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    function = Function(gray, [5])
    with pytest.raises(ZeroDivisionError):
        annotate(function)
    assert store.frames() == []
    assert "results of 5 of 8 frames are kept; resume=True (--resume)" in caplog.text
    function.fails_at = ()
    steps: list[int] = []

    class Bar(BaseProgressReporter):
        def advance(self, delta: int) -> None:
            steps.append(delta)

    done = annotate(function, resume=True, pbar=Bar())
    assert steps == [5, 1, 1, 1]
    assert (done.frames, done.resumed, done.shapes) == (8, 5, 8)
    assert function.seen == store.frames() == list(range(8))
    assert list((tmp_path / "runs").iterdir()) == []


def test_skipped_frames_stay_skipped_when_a_run_is_resumed(
    store: Store, annotate: Any, gray: Any
) -> None:
    function = Function(gray, [2])
    store.refuses = 401
    with pytest.raises(UnauthorizedException):
        annotate(function, on_error="skip")
    store.refuses, function.fails_at = None, ()
    done = annotate(function, resume=True)
    assert [one.index for one in done.skipped] == [2]
    assert store.frames() == [0, 1, 3, 4, 5, 6, 7]


def test_without_resume_a_run_begins_anew(
    store: Store, annotate: Any, gray: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    function = Function(gray, [5])
    with pytest.raises(ZeroDivisionError):
        annotate(function)
    function.fails_at = ()
    annotate(function)
    assert function.seen == [*range(5), *range(8)]
    assert "an unfinished run over task 5 is given up, with the results of 5 frames" in caplog.text
    assert list((tmp_path / "runs").iterdir()) == []


def test_with_nothing_to_resume_a_run_begins(store: Store, annotate: Any, gray: Any) -> None:
    assert annotate(Function(gray), resume=True).resumed == 0
    assert store.frames() == list(range(8))


def test_a_run_is_not_forgotten_before_it_is_told_to_be_done(
    store: Store, annotate: Any, gray: Any
) -> None:
    def die(report: cvataa.RunReport) -> None:
        assert report.shapes == 8
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        annotate(Function(gray), on_done=die)
    again = Function(gray)
    assert annotate(again, resume=True).resumed == 8
    assert again.seen == []
    assert store.frames() == list(range(8))


def test_a_run_that_did_nothing_leaves_no_journal(
    store: Store, annotate: Any, gray: Any, tmp_path: Path
) -> None:
    with pytest.raises(ZeroDivisionError):
        annotate(Function(gray, [0]))
    assert list((tmp_path / "runs").iterdir()) == []


class OtherFunction(Function):
    pass


class OtherLabels(Function):
    spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("thing", 1)])


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (OtherFunction, {}, r"function was '.*\.Function', now it is '.*\.OtherFunction'"),
        (OtherLabels, {}, r"labels of the function: thing has changed"),
        (Function, {"conf_threshold": 0.5}, r"conf_threshold was None, now it is 0.5"),
        (Function, {"frames": "0-6"}, r"frames was None, now it is '0-6'"),
        (Function, {"merge": "iou"}, r"merge was 'append', now it is 'iou'"),
        (Function, {"parameters": {"size": 3}}, r"parameters: size was 2, now it is 3"),
    ],
)
def test_another_run_is_not_gone_on_with(
    store: Store, annotate: Any, gray: Any, make: Any, options: Any, message: str
) -> None:
    with pytest.raises(ZeroDivisionError):
        annotate(Function(gray, [5]), parameters={"size": 2})
    other = make(gray)
    with pytest.raises(ResumeError, match=message):
        annotate(other, resume=True, **({"parameters": {"size": 2}} | options))
    assert other.seen == []
    annotate(Function(gray), resume=True, parameters={"size": 2})
    assert store.frames() == list(range(8))


def test_a_task_of_another_state_is_not_gone_on_with(
    store: Store, annotate: Any, gray: Any, server: Any
) -> None:
    with pytest.raises(ZeroDivisionError):
        annotate(Function(gray, [5]))
    labels = {"count": 1, "results": [{"id": 3, "name": "thing"}]}
    server.handle("GET", "/api/labels", lambda _: (200, labels, {}))
    with pytest.raises(ResumeError, match="labels of the task: thing has changed"):
        annotate(Function(gray), resume=True)


def test_results_are_sent_in_bounded_requests_at_the_end_or_as_they_come(
    store: Store, annotate: Any, gray: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "ParcelMaker", partial(ParcelMaker, most_annotations=3))
    with pytest.raises(ZeroDivisionError):
        annotate(Function(gray, [7]))
    assert store.frames() == []
    with pytest.raises(ZeroDivisionError):
        annotate(Function(gray, [7]), upload="streaming")
    assert sorted(store.frames()) == [0, 1, 2, 3, 4, 5]
    annotate(Function(gray), upload="streaming", resume=True)
    assert sorted(store.frames()) == list(range(8))
    assert len(store.keys) == len(set(store.keys)) == 4
    sizes = [len(sent.json["shapes"]) for sent in server.of("PATCH", ANNOTATIONS)]
    assert sorted(sizes) == [1, 1, 3, 3]


@pytest.mark.parametrize("days", [30, None])
def test_what_was_there_is_replaced_on_the_annotated_frames_alone(
    annotate: Any, gray: Any, gray_task: Any, server: Any, days: int | None
) -> None:
    gray_task(count=8)
    store = Store(server, days=days)
    annotate(Function(gray))
    before = {shape["frame"]: shape["id"] for shape in store.shapes}
    annotate(Function(gray, [2]), frames="1-3", merge="replace", on_error="skip")
    left = {shape["frame"]: shape["id"] for shape in store.shapes}
    assert sorted(store.frames()) == list(range(8))
    changed = {frame for frame in range(8) if before[frame] != left[frame]}
    assert changed == {1, 3}


def test_frames_that_have_annotations_are_left_out_even_when_resumed(
    store: Store, annotate: Any, gray: Any, server: Any
) -> None:
    job = {"id": 9, "task_id": 5, "start_frame": 0, "stop_frame": 7}
    server.handle("GET", "/api/jobs", lambda _: (200, {"count": 1, "results": [job]}, {}))
    annotate(Function(gray), frames="0-2")
    function = Function(gray, [6])
    with pytest.raises(ZeroDivisionError):
        annotate(function, only_unannotated=True, upload="streaming")
    function.fails_at = ()
    annotate(function, only_unannotated=True, resume=True)
    assert function.seen == [3, 4, 5, 6, 7]
    assert sorted(store.frames()) == list(range(8))


def test_a_server_without_scores_is_told_of_once(
    annotate: Any,
    gray: Any,
    gray_task: Any,
    server: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "ParcelMaker", partial(ParcelMaker, most_annotations=3))
    gray_task(count=8)
    store = Store(server, days=None, keeps_scores=False)
    annotate(Function(gray))
    assert caplog.text.count("this server keeps no scores of shapes") == 1
    assert store.frames() == list(range(8))


def test_scores_are_kept(store: Store, annotate: Any, gray: Any) -> None:
    annotate(Function(gray))
    assert {shape["score"] for shape in store.shapes} == {0.5}


def test_the_report_tells_what_was_done_and_where_the_time_went(
    store: Store, annotate: Any, gray: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    done = annotate(Function(gray, [2]), on_error="skip", report=tmp_path / "report.json")
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["skipped"] == [{"index": 2, "name": "p2.png", "reason": "ZeroDivisionError: no"}]
    assert (told["frames"], told["shapes"], told["tags"], told["task_id"]) == (7, 7, 0, 5)
    assert set(told["stages"]) == {"fetch", "decode", "wait", "detect", "check", "upload"}
    assert told["bottleneck"] == done.bottleneck
    assert f"Task 5: {done}" in caplog.text
    assert "7 frames, 1 skipped, 7 shapes in " in str(done)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be 'auto' or a number from 1 on, got 0"),
        ({"batch_size": "many"}, "batch_size must be 'auto'"),
        ({"on_error": "ignore"}, "on_error must be one of 'raise', 'skip', got 'ignore'"),
        ({"upload": "never"}, "upload must be one of 'at_end', 'streaming'"),
        ({"merge": "mix"}, "merge must be one of 'append', 'replace', 'iou'"),
        ({"iou_threshold": 0}, "iou_threshold must be over 0"),
        ({"roi": (5, 5, 5, 9)}, "roi: .* is empty"),
        ({"frames": "5-3"}, "the range '5-3' has no frames"),
    ],
)
def test_an_argument_out_of_its_range_is_refused_before_anything_is_sent(
    annotate: Any, server: Any, gray: Any, options: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        annotate(Function(gray), **options)
    assert server.sent == []


def test_a_job_of_another_task_is_refused(
    store: Store, annotate: Any, gray: Any, server: Any
) -> None:
    job = {"id": 9, "task_id": 6, "start_frame": 0, "stop_frame": 3}
    server.handle("GET", "/api/jobs/9", lambda _: (200, job, {}))
    with pytest.raises(SelectionError, match="job 9 belongs to task 6"):
        annotate(Function(gray), job_id=9)


def test_only_the_frames_of_a_job_are_annotated(
    store: Store, annotate: Any, gray: Any, server: Any
) -> None:
    job = {"id": 9, "task_id": 5, "start_frame": 2, "stop_frame": 4}
    server.handle("GET", "/api/jobs/9", lambda _: (200, job, {}))
    annotate(Function(gray), job_id=9)
    assert store.frames() == [2, 3, 4]


def test_what_is_found_in_a_part_of_an_image_is_moved_to_its_place(
    store: Store, annotate: Any, gray: Any
) -> None:
    sizes = set()
    function = Function(gray)
    detect = function.detect

    def look(context: Any, image: Any) -> Any:
        sizes.add(image.size)
        return detect(context, image)

    function.detect = look  # type: ignore[method-assign]
    annotate(function, roi=(10, 20, 40, 30))
    assert sizes == {(30, 10)}
    assert [shape["points"] for shape in store.shapes] == [[n + 10, n + 20] for n in range(8)]


def test_shapes_that_are_there_already_are_left_out(store: Store, annotate: Any, gray: Any) -> None:
    class Boxes(Function):
        def detect(self, context: Any, image: Any) -> Any:
            return [cvataa.rectangle(0, [0, 0, 10, 10 + gray(image)])]

    annotate(Boxes(gray), frames="0-3")
    annotate(Boxes(gray), merge="iou")
    assert sorted(store.frames()) == list(range(8))


def test_a_run_that_still_goes_on_is_not_resumed(store: Store, annotate: Any, gray: Any) -> None:
    function = Function(gray)

    def detect(context: Any, image: Any) -> Any:
        with pytest.raises(ResumeError, match="still going on"):
            annotate(Function(gray), resume=True)
        return []

    function.detect = detect  # type: ignore[method-assign]
    annotate(function, frames="0")


def test_where_the_users_folder_cannot_be_made_results_are_kept_elsewhere(
    store: Store,
    client: Client,
    gray: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(ledger, "default_folder", lambda: tmp_path / "file" / "runs")
    cvataa.annotate_task(client, 5, Function(gray))
    assert store.frames() == list(range(8))
    with pytest.raises(OSError, match="Not a directory"):
        cvataa.annotate_task(client, 5, Function(gray), journal_dir=tmp_path / "file" / "runs")


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ({"detect": 3, "wait": 1}, "detect"),
        ({"wait": 3, "fetch": 2, "decode": 1}, "fetch"),
        ({"wait": 3, "fetch": 1, "decode": 2}, "decode"),
        ({"upload": 3, "check": 2}, "upload"),
    ],
)
def test_the_bottleneck_is_what_the_function_waits_for(
    stages: dict[str, float], expected: str
) -> None:
    assert report.bottleneck(stages) == expected


def test_a_batch_function_that_answers_too_little_is_refused(
    store: Store, annotate: Any, gray: Any
) -> None:
    function = BatchFunction(gray)
    function.detect_batch = lambda contexts, images: []  # type: ignore[method-assign]
    with pytest.raises(BadFunctionError, match="returned 0 results for 1 images"):
        annotate(function, on_error="skip")
