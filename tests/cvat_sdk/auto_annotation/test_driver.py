"""Immediate mode against a server in memory: what is sent, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation import BadFunctionError
from cvat_sdk.core.client import Client
from cvat_sdk.core.progress import BaseProgressReporter
from cvat_sdk.exceptions import BadRequestException

ANNOTATIONS = "/api/tasks/5/annotations/"


class GrayFunction:
    """Puts a point at (index, index) of each gray frame, and remembers what it was told."""

    spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("thing", 0)])

    def __init__(self, gray: Callable[[Any], int], fails_at: int | None = None) -> None:
        self.gray = gray
        self.fails_at = fails_at
        self.contexts: list[Any] = []

    def detect(self, context: Any, image: Any) -> Sequence[Any]:
        self.contexts.append(context)
        index = self.gray(image)
        if index == self.fails_at:
            return [cvataa.shape(99, type="points", points=[0, 0])]
        return [cvataa.shape(0, type="points", points=[index, index])]


class Counter(BaseProgressReporter):
    def __init__(self) -> None:
        super().__init__()
        self.total = self.done = 0

    def start2(self, total: int, **kwargs: Any) -> None:
        self.total = total

    def advance(self, delta: int) -> None:
        self.done += delta

    def report_status(self, progress: int) -> None:
        self.done = progress

    def finish(self) -> None:
        pass


def accept_writes(server: Any) -> None:
    reply = {"version": 1, "tags": [], "shapes": [], "tracks": []}
    for method in ("PUT", "PATCH"):
        server.handle(method, ANNOTATIONS, lambda _: (200, reply, {}))


@pytest.fixture
def function(gray: Callable[[Any], int]) -> GrayFunction:
    return GrayFunction(gray)


def test_every_frame_that_is_not_deleted_is_annotated_in_order(
    client: Client, server: Any, gray_task: Any, function: GrayFunction
) -> None:
    gray_task(count=8, deleted=[0, 4])
    accept_writes(server)
    progress = Counter()
    cvataa.annotate_task(client, 5, function, pbar=progress, conf_threshold=0.25)
    [sent] = server.of("PATCH", ANNOTATIONS)
    assert sent.query["action"] == ["create"]
    assert [(shape["frame"], shape["points"]) for shape in sent.json["shapes"]] == [
        (index, [index, index]) for index in (1, 2, 3, 5, 6, 7)
    ]
    assert {shape["label_id"] for shape in sent.json["shapes"]} == {2}
    assert {shape["source"] for shape in sent.json["shapes"]} == {"auto"}
    assert [context.frame_name for context in function.contexts][:2] == ["p1.png", "p2.png"]
    assert {context.conf_threshold for context in function.contexts} == {0.25}
    assert not any(context.conv_mask_to_poly for context in function.contexts)
    assert (progress.total, progress.done) == (6, 6)


def test_a_video_is_annotated_too(
    client: Client,
    server: Any,
    gray_task: Any,
    video_bytes: Callable[..., bytes],
    function: GrayFunction,
) -> None:
    gray_task(count=8, video=True, make=video_bytes)
    accept_writes(server)
    cvataa.annotate_task(client, 5, function)
    [sent] = server.of("PATCH", ANNOTATIONS)
    assert [shape["points"][0] for shape in sent.json["shapes"]] == list(range(8))
    assert {context.frame_name for context in function.contexts} == {"clip.mp4"}


def test_nothing_is_sent_when_the_function_breaks_a_rule_on_the_last_frame(
    client: Client, server: Any, gray_task: Any, gray: Callable[[Any], int]
) -> None:
    gray_task(count=8)
    accept_writes(server)
    with pytest.raises(BadFunctionError, match=r"frame 7 \('p7.png'\), annotation 0: .*unknown"):
        cvataa.annotate_task(client, 5, GrayFunction(gray, fails_at=7), clear_existing=True)
    assert {sent.method for sent in server.sent} == {"GET"}


def test_a_function_that_does_not_fit_costs_no_pixels(
    client: Client, server: Any, gray_task: Any
) -> None:
    task = gray_task()

    class Stranger:
        spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("unicorn", 0)])

        def detect(self, context: Any, image: Any) -> list[Any]:
            raise AssertionError("it is not called")

    with pytest.raises(BadFunctionError, match="label 'unicorn' is not in dataset"):
        cvataa.annotate_task(client, 5, Stranger())
    assert task.fetched == []


@pytest.mark.parametrize("spelling", ["allow_unmatched_labels", "allow_unmatched_label"])
def test_labels_that_the_task_lacks_can_be_left_out(
    client: Client, server: Any, gray_task: Any, spelling: str
) -> None:
    gray_task(count=2)
    accept_writes(server)

    class Both:
        spec = cvataa.DetectionFunctionSpec(
            labels=[cvataa.label_spec("unicorn", 0), cvataa.label_spec("thing", 1)]
        )

        def detect(self, context: Any, image: Any) -> list[Any]:
            return [cvataa.shape(label, type="points", points=[1, 1]) for label in (0, 1)]

    options: dict[str, Any] = {spelling: True}
    cvataa.annotate_task(client, 5, Both(), **options)
    [sent] = server.of("PATCH", ANNOTATIONS)
    assert [shape["label_id"] for shape in sent.json["shapes"]] == [2, 2]


def test_what_was_there_is_removed_once_the_new_annotations_are_safe(
    client: Client, server: Any, gray_task: Any, function: GrayFunction
) -> None:
    gray_task(count=2)
    accept_writes(server)
    cvataa.annotate_task(client, 5, function, clear_existing=True)
    added, removed = server.of("PATCH", ANNOTATIONS)
    assert (added.query["action"], removed.query["action"]) == (["create"], ["delete"])
    assert [item["id"] for item in removed.json["tags"]] == [1]
    assert [item["id"] for item in removed.json["shapes"]] == [0, 1]


def test_what_came_while_the_function_ran_is_not_removed(
    client: Client, server: Any, gray_task: Any, function: GrayFunction
) -> None:
    gray_task(count=2)
    accept_writes(server)
    old = {"id": 4, "frame": 0, "label_id": 2, "type": "points", "points": [1, 1]}
    gone, came = {**old, "id": 3}, {**old, "id": 5}
    states = [[gone, old], [old, came]]
    answer = {"version": 0, "tags": [], "tracks": []}
    server.handle("GET", ANNOTATIONS, lambda _: (200, {**answer, "shapes": states.pop(0)}, {}))
    cvataa.annotate_task(client, 5, function, clear_existing=True)
    removed = server.of("PATCH", ANNOTATIONS)[-1]
    assert [item["id"] for item in removed.json["shapes"]] == [4]


def test_nothing_is_removed_when_the_new_annotations_are_refused(
    client: Client, server: Any, gray_task: Any, function: GrayFunction
) -> None:
    gray_task(count=2)
    server.handle("PATCH", ANNOTATIONS, lambda _: (400, ["no"], {}))
    with pytest.raises(BadRequestException):
        cvataa.annotate_task(client, 5, function, clear_existing=True)
    [sent] = [sent for sent in server.sent if sent.method != "GET"]
    assert sent.query["action"] == ["create"]


def test_an_error_of_the_function_itself_tells_the_frame(
    client: Client, server: Any, gray_task: Any, gray: Callable[[Any], int]
) -> None:
    gray_task(count=4)

    class Fragile(GrayFunction):
        def detect(self, context: Any, image: Any) -> Sequence[Any]:
            return [] if gray(image) < 2 else [1 / 0]

    with pytest.raises(ZeroDivisionError) as caught:
        cvataa.annotate_task(client, 5, Fragile(gray))
    assert caught.value.__notes__ == ["on frame 2 ('p2.png')"]


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_is_between_0_and_1(
    client: Client, server: Any, function: GrayFunction, threshold: float
) -> None:
    with pytest.raises(ValueError, match="conf_threshold must be between 0 and 1"):
        cvataa.annotate_task(client, 5, function, conf_threshold=threshold)
    assert server.sent == []


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (object(), "object has no spec"),
        (type("Odd", (), {"spec": 3})(), "Odd has a spec of type 'int'"),
        (
            type(
                "Tracker", (), {"spec": cvataa.TrackingFunctionSpec(supported_shape_types=["mask"])}
            )(),
            "Tracker has a spec of type 'TrackingFunctionSpec'",
        ),
        (type("Mute", (), {"spec": GrayFunction.spec})(), "Mute has no method detect"),
    ],
)
def test_what_is_not_a_detection_function_is_refused(
    client: Client, server: Any, thing: Any, message: str
) -> None:
    with pytest.raises(BadFunctionError, match=message):
        cvataa.annotate_task(client, 5, thing)
    assert server.sent == []


def test_what_detect_returns_must_be_a_sequence(
    client: Client, server: Any, gray_task: Any, function: GrayFunction
) -> None:
    gray_task(count=2)
    function.detect = lambda context, image: None  # type: ignore[method-assign,assignment,return-value]
    with pytest.raises(BadFunctionError, match=r"frame 0 \('p0.png'\): .*NoneType"):
        cvataa.annotate_task(client, 5, function)
