from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any

import PIL.Image
import pytest

from cvat_sdk import exceptions, models
from cvat_sdk.core.client import Client
from cvat_sdk.datasets import arriving
from cvat_sdk.datasets.arriving_chunks import ArrivingChunk
from cvat_sdk.datasets.frames import TaskFrames
from cvat_sdk.exceptions import UnsupportedDatasetError

MakeTask = Callable[..., Any]


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "cvat" in thread.name]


@pytest.mark.parametrize("requests", [1, 2, 5])
@pytest.mark.parametrize(
    ("options", "indexes", "chunks"),
    [
        ({}, [0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2]),
        ({"deleted": [0, 3, 4, 5]}, [1, 2, 6, 7], [0, 2]),
        ({"count": 3}, [0, 1, 2], [0]),
        ({"count": 1, "chunk_size": 72}, [0], [0]),
        ({"count": 2, "deleted": [0, 1]}, [], []),
    ],
)
def test_frames_come_in_order_without_the_deleted_ones(
    client: Client,
    gray_task: MakeTask,
    gray: Callable[..., int],
    options: dict[str, Any],
    indexes: list[int],
    chunks: list[int],
    requests: int,
) -> None:
    task = gray_task(**options)
    with TaskFrames(client.tasks.retrieve(5), requests=requests) as frames:
        assert len(frames) == len(indexes)
        seen = [(frame.index, frame.name, gray(frame.load_image())) for frame in frames]
    assert seen == [(i, f"p{i}.png", i) for i in indexes]
    assert sorted(task.fetched) == [f"chunk {number}" for number in chunks]


def test_the_frames_of_a_video_carry_its_name(
    client: Client,
    gray_task: MakeTask,
    gray: Callable[..., int],
    video_bytes: Callable[..., bytes],
) -> None:
    gray_task(video=True, make=video_bytes, deleted=[1, 4])
    with TaskFrames(client.tasks.retrieve(5)) as frames:
        seen = [(frame.index, frame.name, gray(frame.load_image())) for frame in frames]
    assert seen == [(i, "clip.mp4", i) for i in (0, 2, 3, 5, 6, 7)]


@pytest.mark.parametrize(
    ("indices", "seen", "fetched"),
    [
        ([7, 2, 1], [1, 2, 7], ["chunk 0", "chunk 2"]),
        (range(3, 6), [3, 4, 5], ["chunk 1"]),
        ({3, 4, 99, -1}, [3, 4], ["chunk 1"]),
        ([5], [], []),
        ([], [], []),
    ],
)
def test_only_the_wanted_frames_are_fetched(
    client: Client,
    gray_task: MakeTask,
    gray: Callable[..., int],
    indices: Collection[int],
    seen: list[int],
    fetched: list[str],
) -> None:
    task = gray_task(deleted=[] if 3 in indices else [5])
    with TaskFrames(client.tasks.retrieve(5), indices=indices) as frames:
        assert len(frames) == len(seen)
        assert [(f.index, gray(f.load_image())) for f in frames] == [(i, i) for i in seen]
    assert sorted(task.fetched) == fetched


def test_frames_that_lie_far_apart_are_fetched_alone(
    client: Client, gray_task: MakeTask, gray: Callable[..., int]
) -> None:
    task = gray_task(count=12, chunk_size=8)
    with TaskFrames(client.tasks.retrieve(5), indices=[2, 7, 8, 9, 10]) as frames:
        assert [gray(frame.load_image()) for frame in frames] == [2, 7, 8, 9, 10]
    assert sorted(task.fetched) == ["chunk 1", "frame 2", "frame 7"]


def test_images_outlast_the_frames_after_them_and_the_iteration(
    client: Client, gray_task: MakeTask, gray: Callable[..., int]
) -> None:
    gray_task()
    with TaskFrames(client.tasks.retrieve(5)) as frames:
        batch = list(frames)
    assert [gray(frame.load_image()) for frame in batch] == list(range(8))
    assert batch[3].load_image() is batch[3].load_image()


def _with_damage(zip_bytes: Callable[..., bytes], indexes: list[int]) -> bytes:
    """Return an archive whose frame 4 is no image."""
    output = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(zip_bytes(indexes))) as good,
        zipfile.ZipFile(output, "w") as archive,
    ):
        for index, name in zip(indexes, good.namelist(), strict=True):
            archive.writestr(name, b"no image" if index == 4 else good.read(name))
    return output.getvalue()


def test_a_damaged_image_is_the_error_of_its_frame_alone(
    client: Client,
    gray_task: MakeTask,
    gray: Callable[..., int],
    zip_bytes: Callable[..., bytes],
) -> None:
    gray_task(make=partial(_with_damage, zip_bytes))
    with TaskFrames(client.tasks.retrieve(5)) as frames:
        good = []
        for frame in frames:
            if frame.index == 4:
                for _ in range(2):
                    with pytest.raises(UnsupportedDatasetError, match=r"chunk 1, frame 4 .*read"):
                        frame.load_image()
            else:
                good.append(gray(frame.load_image()))
    assert good == [0, 1, 2, 3, 5, 6, 7]


def test_a_chunk_that_is_no_chunk_is_the_error_of_its_frames(
    client: Client, gray_task: MakeTask, zip_bytes: Callable[..., bytes]
) -> None:
    gray_task(make=lambda indexes: zip_bytes(indexes) if indexes[0] else b"<html>")
    with TaskFrames(client.tasks.retrieve(5)) as frames:
        for frame in frames:
            if frame.index > 2:
                assert frame.load_image().size == (64, 48)
            else:
                with pytest.raises(UnsupportedDatasetError, match="chunk 0: neither"):
                    frame.load_image()


def test_no_more_is_decoded_ahead_than_allowed(
    client: Client, gray_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []

    def count(self: ArrivingChunk, position: int, **announced: Any) -> PIL.Image.Image:
        decoded.append(position)
        return PIL.Image.new("RGB", (64, 48))

    monkeypatch.setattr(ArrivingChunk, "load", count)
    gray_task(count=40)
    one = 64 * 48 * 4
    with TaskFrames(client.tasks.retrieve(5), decoded_bytes=5 * one) as frames:
        for number, _ in enumerate(frames):
            assert len(decoded) <= number + 5
    assert len(decoded) == 40


def test_an_image_beyond_the_limit_comes_alone(
    client: Client, gray_task: MakeTask, gray: Callable[..., int]
) -> None:
    gray_task()
    with TaskFrames(client.tasks.retrieve(5), decoded_bytes=1) as frames:
        assert [gray(frame.load_image()) for frame in frames] == list(range(8))


@pytest.mark.parametrize("seen", [1, 10])
def test_closing_in_the_middle_leaves_no_threads_and_no_files(
    client: Client, gray_task: MakeTask, monkeypatch: pytest.MonkeyPatch, seen: int
) -> None:
    made: list[Any] = []

    class Noted(SpooledTemporaryFile[bytes]):
        def __init__(self, **options: Any) -> None:
            super().__init__(max_size=1)
            made.append(self)

    monkeypatch.setattr(arriving, "SpooledTemporaryFile", Noted)
    gray_task(count=30)
    frames = TaskFrames(client.tasks.retrieve(5))
    iterator = iter(frames)
    for _ in range(seen):
        next(iterator)
    frames.close()
    assert _threads() == []
    assert [file for file in made if not file.closed] == []
    assert list(iterator) == []


def test_frames_that_are_closed_cannot_be_gone_through(client: Client, gray_task: MakeTask) -> None:
    task = gray_task()
    with TaskFrames(client.tasks.retrieve(5)) as frames:
        iterator = iter(frames)
    for later in (iterator, iter(frames)):
        with pytest.raises(RuntimeError, match="task 5 are closed"):
            next(later)
    assert task.fetched == []


def test_closing_from_another_thread_ends_a_reader_that_waits(
    client: Client, gray_task: MakeTask, server: Any
) -> None:
    task, asked, allowed = gray_task(), threading.Event(), threading.Event()

    def data(sent: Any) -> Any:
        asked.set()
        assert allowed.wait(10)
        return task.data(sent)

    server.handle("GET", "/api/tasks/5/data/", data)
    frames = TaskFrames(client.tasks.retrieve(5))
    with ThreadPoolExecutor(1, thread_name_prefix="reader") as reader:
        seen = reader.submit(list, frames)
        assert asked.wait(10)
        frames.close()
        assert seen.result(10) == []
        allowed.set()


def test_the_seconds_of_each_stage_are_told(client: Client, gray_task: MakeTask) -> None:
    gray_task()
    with TaskFrames(client.tasks.retrieve(5)) as frames:
        assert frames.seconds == {"fetch": 0, "decode": 0, "wait": 0}
        assert len(list(frames)) == 8
    assert all(seconds > 0 for seconds in frames.seconds.values())


def test_every_iteration_starts_at_the_first_frame(client: Client, gray_task: MakeTask) -> None:
    gray_task(count=4)
    with TaskFrames(client.tasks.retrieve(5)) as frames:
        assert [frame.index for frame in frames] == [frame.index for frame in frames]
    assert frames.meta.size == 4


def test_an_iteration_that_is_dropped_leaves_no_thread(client: Client, gray_task: MakeTask) -> None:
    gray_task(count=30)
    for _ in TaskFrames(client.tasks.retrieve(5)):
        break
    assert _threads() == []


def test_the_error_of_a_chunk_arrives_where_its_frames_are_wanted(
    client: Client, gray_task: MakeTask, server: Any
) -> None:
    task = gray_task(count=6)

    def data(sent: Any) -> tuple[int, Any, dict[str, str]]:
        if sent.query["number"] == ["1"]:
            return 403, {"detail": "no"}, {}
        answer: tuple[int, Any, dict[str, str]] = task.data(sent)
        return answer

    server.handle("GET", "/api/tasks/5/data/", data)
    frames = iter(TaskFrames(client.tasks.retrieve(5)))
    assert [next(frames).index for _ in range(3)] == [0, 1, 2]
    with pytest.raises(exceptions.ForbiddenException) as caught:
        next(frames)
    assert caught.value.__notes__ == ["while chunk 1 of task 5 was fetched"]


def test_a_chunk_whose_download_was_cut_is_fetched_again(
    client: Client, gray_task: MakeTask, gray: Callable[..., int], server: Any
) -> None:
    task = gray_task()
    cuts = [0.5, 0.9]

    def data(sent: Any) -> tuple[int, Any, dict[str, str]]:
        status, body, _ = task.data(sent)
        headers = {"Content-Length": str(len(body))}
        if sent.query["number"] == ["1"] and cuts:
            body = body[: int(len(body) * cuts.pop())]
        return status, body, headers

    server.handle("GET", "/api/tasks/5/data/", data)
    with TaskFrames(client.tasks.retrieve(5)) as frames:
        assert [gray(frame.load_image()) for frame in frames] == list(range(8))
    assert sorted(task.fetched) == ["chunk 0", "chunk 1", "chunk 1", "chunk 1", "chunk 2"]


def test_fewer_frames_than_announced_are_an_error_that_names_the_frame(
    client: Client, gray_task: MakeTask, zip_bytes: Callable[..., bytes]
) -> None:
    gray_task(make=lambda indexes: zip_bytes(indexes[:2]))
    with TaskFrames(client.tasks.retrieve(5)) as frames:
        iterator = iter(frames)
        assert [next(iterator).load_image().size for _ in range(2)] == [(64, 48)] * 2
        with pytest.raises(
            UnsupportedDatasetError, match=r"chunk 0, frame 2 \('p2.png'\): .*only 2"
        ):
            next(iterator).load_image()


@pytest.mark.parametrize(
    ("task", "meta", "problem"),
    [
        ({"dimension": "3d"}, {}, "point clouds"),
        ({}, {"size": 0, "frames": []}, "no data yet"),
        ({}, {"size": 3}, "announces 3 frames, but describes 2"),
    ],
)
def test_tasks_without_images_are_refused(
    client: Client,
    gray_task: MakeTask,
    task: dict[str, Any],
    meta: dict[str, Any],
    problem: str,
) -> None:
    gray_task().reply.update(task)
    described = [{"name": "a", "width": 1, "height": 1}] * 2
    announced = models.DataMetaRead(
        **{"frames": described, "deleted_frames": [], "chunk_size": 3, **meta}
    )
    with pytest.raises(UnsupportedDatasetError, match=problem):
        TaskFrames(client.tasks.retrieve(5), announced)
