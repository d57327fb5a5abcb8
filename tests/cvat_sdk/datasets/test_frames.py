from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from cvat_sdk import exceptions, models
from cvat_sdk.core.client import Client
from cvat_sdk.datasets.frames import TaskFrames
from cvat_sdk.exceptions import UnsupportedDatasetError

MakeTask = Callable[..., Any]


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "cvat" in thread.name]


@pytest.mark.parametrize("prefetch", [0, 1, 5])
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
    prefetch: int,
) -> None:
    task = gray_task(**options)
    with TaskFrames(client.tasks.retrieve(5), prefetch=prefetch) as frames:
        assert len(frames) == len(indexes)
        seen = [(frame.index, frame.name, gray(frame.load_image())) for frame in frames]
    assert seen == [(i, f"p{i}.png", i) for i in indexes]
    assert task.fetched == [f"chunk {number}" for number in chunks]


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


def test_only_the_next_chunks_are_fetched_ahead(client: Client, gray_task: MakeTask) -> None:
    task = gray_task(count=30)
    with TaskFrames(client.tasks.retrieve(5), prefetch=1) as frames:
        iterator = iter(frames)
        next(iterator)
        for _ in range(3):
            next(iterator)
    assert task.fetched in ([f"chunk {i}" for i in range(n)] for n in (2, 3))
    assert _threads() == []


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
    with pytest.raises(exceptions.ForbiddenException):
        next(frames)


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
