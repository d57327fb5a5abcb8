"""Runs over a real hub that are cut anywhere: nothing is lost, and nothing is there twice."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk import Client, models
from cvat_sdk.auto_annotation import work
from cvat_sdk.auto_annotation.pipeline import Journals, outbox
from cvat_sdk.auto_annotation.pipeline.parcels import ParcelMaker
from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction
from cvat_sdk.core.proxies.tasks import Task
from cvat_sdk.core.retries import RetryPolicy
from cvat_sdk.core.transport import Transport
from cvat_sdk.exceptions import (
    BadRequestException,
    TransportError,
    UndecidedUploadError,
)

from .proxy import Faults, proxy

pytestmark = pytest.mark.acceptance
FRAMES = 6


class Gray:
    """Finds two points on each gray frame, and a tag; remembers the frames."""

    spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("thing", 0)])

    def __init__(self) -> None:
        self.seen: list[int] = []

    def detect(self, context: Any, image: PIL.Image.Image) -> Sequence[Any]:
        index = round(float(np.asarray(image.convert("L")).mean()) / 20)
        self.seen.append(index)
        points = [cvataa.shape(0, type="points", points=[index, y], score=0.5) for y in range(2)]
        return [*points, cvataa.tag(0)]


EXPECTED = Counter(
    [("points", frame, (frame, y)) for frame in range(FRAMES) for y in range(2)]
    + [("tag", frame, ()) for frame in range(FRAMES)]
)


def on(task: Task) -> Counter[Any]:
    """Return what a task holds."""
    found = task.get_annotations()
    shapes = [("points", shape.frame, tuple(shape.points)) for shape in found.shapes]
    tags = [("tag", tag.frame, ()) for tag in found.tags]
    return Counter(shapes + tags)


OLD = ("points", 0, (30.0, 30.0))


def begin_anew(task: Task) -> None:
    """Leave on a task what somebody drew."""
    task.remove_annotations()
    [label] = task.get_labels()
    old = models.LabeledShapeRequest("points", label.id, frame=0, points=[30, 30])
    task.update_annotations({"shapes": [old]}, action=AnnotationUpdateAction.CREATE)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photos")
    for index in range(FRAMES):
        PIL.Image.new("RGB", (64, 48), (20 * index,) * 3).save(folder / f"p{index}.png")
    return sorted(folder.iterdir())


@pytest.fixture
def task(hub_client: Client, photos: list[Path]) -> Task:
    """A task that somebody has begun to annotate."""
    task = hub_client.tasks.create_from_data(
        models.TaskWriteRequest("gray", labels=[{"name": "thing", "type": "any"}]),
        photos,
        data_params={"image_quality": 70, "chunk_size": 2},
    )
    begin_anew(task)
    return task


@pytest.fixture(autouse=True)
def _small_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "ParcelMaker", partial(ParcelMaker, most_annotations=6))


@pytest.fixture(scope="module")
def token(hub: Any) -> str:
    """What somebody is known by, without a password that takes time to check."""
    with hub.client() as client:
        login = {"username": hub.user, "password": hub.password}
        reply, _ = client.api_client.auth_api.create_login(login)
        return f"Token {reply.key}"


Through = Callable[..., AbstractContextManager[Client]]


@pytest.fixture
def through(hub: Any, token: str, monkeypatch: pytest.MonkeyPatch) -> Through:
    """Connects through a proxy with faults, for a `with` block."""
    # A run belongs to a server, and each proxy has an address of its own.
    monkeypatch.setattr(
        work, "Journals", lambda folder, host, *rest: Journals(folder, "the hub", *rest)
    )

    @contextmanager
    def connect(faults: Faults, *, read_timeout_s: float = 60) -> Iterator[Client]:
        transport = Transport(
            policy=RetryPolicy(attempts=2), sleep=lambda _: None, read_timeout_s=read_timeout_s
        )
        with (
            proxy(hub.url, faults) as address,
            Client(address, transport=transport, check_server_version=False) as client,
        ):
            client.api_client.set_default_header("Authorization", token)
            yield client

    return connect


@pytest.fixture
def annotate(tmp_path: Path) -> Callable[..., Any]:
    return partial(cvataa.annotate_task, journal_dir=tmp_path)


KEYS = pytest.mark.parametrize("forgets_keys", [False, True], ids=["keys", "no keys"])
UPLOAD = pytest.mark.parametrize("upload", ["at_end", "streaming"])


@KEYS
@UPLOAD
@pytest.mark.parametrize("kind", ["before", "after", "half"])
def test_a_run_whose_network_goes_at_any_request_is_gone_on_with(
    through: Through,
    annotate: Any,
    task: Task,
    tmp_path: Path,
    forgets_keys: bool,
    upload: str,
    kind: str,
) -> None:
    options = {"upload": upload, "clear_existing": True}
    whole = Faults(forgets_keys=forgets_keys)
    with through(whole) as client:
        annotate(client, task.id, Gray(), **options)
    assert on(task) == EXPECTED
    writes = [number for number, (method, _) in enumerate(whole.seen) if method == "PATCH"]
    # Nobody reads the answer to the last one, which removes what was there.
    end = len(whole.seen) - (kind == "half")
    for last in range(0 if kind == "before" else writes[0], end):
        begin_anew(task)

        def fault(number: int, method: str, path: str, last: int = last) -> str:
            # What comes after the one that is cut finds no server.
            return kind if number == last else "before" if number > last else ""

        first, second = Gray(), Gray()
        with through(Faults(fault, forgets_keys)) as client, pytest.raises(TransportError):
            annotate(client, task.id, first, **options)
        with through(Faults(forgets_keys=forgets_keys)) as client:
            report = annotate(client, task.id, second, resume=True, **options)
        assert on(task) == EXPECTED, (last, whole.seen[last])
        assert not set(first.seen) & set(second.seen), (last, first.seen, second.seen)
        assert (report.frames, report.resumed) == (FRAMES, len(first.seen))
        assert list(tmp_path.glob("*.journal")) == []


@UPLOAD
@pytest.mark.parametrize("kind", ["before", "after", "half", "twice"])
def test_a_request_that_fails_once_fails_no_run(
    through: Through, annotate: Any, task: Task, upload: str, kind: str
) -> None:
    failed: set[tuple[str, str]] = set()

    def fault(number: int, method: str, path: str) -> str:
        if (method, path) in failed:
            return ""
        failed.add((method, path))
        return kind

    with through(Faults(fault)) as client:
        annotate(client, task.id, Gray(), upload=upload)
    assert on(task) == EXPECTED + Counter([OLD])


@KEYS
def test_an_answer_that_comes_too_late_is_not_waited_for_and_nothing_is_there_twice(
    through: Through, annotate: Any, task: Task, forgets_keys: bool
) -> None:
    late = threading.Event()
    faults = Faults(forgets_keys=forgets_keys)

    def wait(number: int) -> None:
        if faults.seen[number][0] == "PATCH":
            late.wait()

    faults.before_answer = wait
    first = Gray()
    with through(faults, read_timeout_s=0.3) as client:
        if forgets_keys:
            # What the server has by now tells that it took the request.
            late_reads = annotate(client, task.id, first)
            assert late_reads.frames == FRAMES
        else:
            with pytest.raises(TransportError, match="in time"):
                annotate(client, task.id, first)
        late.set()
    if not forgets_keys:
        with through(Faults()) as client:
            annotate(client, task.id, first, resume=True)
    assert first.seen == list(range(FRAMES))
    assert on(task) == EXPECTED + Counter([OLD])


@KEYS
@UPLOAD
def test_what_was_sent_is_removed_again_when_a_later_request_is_refused(
    through: Through, annotate: Any, task: Task, forgets_keys: bool, upload: str
) -> None:
    creations = itertools.count()

    def fault(number: int, method: str, path: str) -> str:
        return "refused" if "action=create" in path and next(creations) == 2 else ""

    function = Gray()
    with through(Faults(fault, forgets_keys)) as client:
        with pytest.raises(BadRequestException):
            annotate(client, task.id, function, upload=upload, clear_existing=True)
        assert on(task) == Counter([OLD])
        annotate(client, task.id, function, upload=upload, clear_existing=True, resume=True)
    assert on(task) == EXPECTED
    assert sorted(function.seen) == list(range(FRAMES))


def test_a_removal_that_is_cut_off_is_finished_first_when_the_run_is_resumed(
    through: Through, annotate: Any, task: Task
) -> None:
    creations = itertools.count()

    def fault(number: int, method: str, path: str) -> str:
        if "action=delete" in path:
            return "after"
        return "refused" if "action=create" in path and next(creations) == 2 else ""

    with through(Faults(fault)) as client, pytest.raises(BadRequestException) as caught:
        annotate(client, task.id, Gray())
    assert "stays on the server" in caught.value.__notes__[0]
    with through(Faults()) as client:
        annotate(client, task.id, Gray(), resume=True)
    assert on(task) == EXPECTED + Counter([OLD])


def test_a_server_that_has_half_of_what_was_sent_is_not_guessed_about(
    through: Through, annotate: Any, task: Task
) -> None:
    def meddle(number: int) -> None:
        if "action=create" in faults.seen[number][1]:
            there = task.get_annotations()
            task.remove_annotations(ids=[there.shapes[-1].id])

    faults = Faults(
        lambda _, method, path: "after" if "action=create" in path else "", forgets_keys=True
    )
    faults.before_answer = meddle
    with (
        through(faults) as client,
        pytest.raises(UndecidedUploadError, match=r"\d of 6 .* are there"),
    ):
        annotate(client, task.id, Gray())
