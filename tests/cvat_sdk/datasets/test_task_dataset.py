from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cvat_sdk.core.client import Client
from cvat_sdk.datasets import MediaDownloadPolicy, TaskDataset, UpdatePolicy

MakeTask = Callable[..., Any]
Gray = Callable[..., int]


def _files(client: Client) -> list[str]:
    folder = Path(client.config.cache_dir)
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("policy", "at_first", "later"),
    [
        (MediaDownloadPolicy.PRELOAD_ALL, ["chunk 0", "chunk 1", "chunk 2"], []),
        (MediaDownloadPolicy.FETCH_CHUNKS_ON_DEMAND, [], ["chunk 2", "chunk 0"]),
        (MediaDownloadPolicy.FETCH_FRAMES_ON_DEMAND, [], ["frame 7", "frame 0", "frame 6"]),
    ],
)
def test_pixels_are_downloaded_once_when_the_policy_says(
    client: Client,
    gray_task: MakeTask,
    gray: Gray,
    policy: MediaDownloadPolicy,
    at_first: list[str],
    later: list[str],
) -> None:
    task = gray_task()
    dataset = TaskDataset(client, 5, media_download_policy=policy)
    assert sorted(task.fetched) == at_first
    for index in (7, 0, 6, 7):
        assert gray(dataset.samples[index].media.load_image()) == index
    assert task.fetched[len(at_first) :] == later
    with dataset.iter_samples() as samples:
        assert [sample.frame_index for sample in samples] == list(range(8))
    assert len(set(task.fetched)) == len(task.fetched)


def test_samples_carry_names_and_annotations(client: Client, gray_task: MakeTask) -> None:
    gray_task(deleted=[2])
    dataset = TaskDataset(client, 5)
    assert [label.name for label in dataset.labels] == ["thing"]
    assert [sample.frame_index for sample in dataset.samples] == [0, 1, 3, 4, 5, 6, 7]
    first, second, third, *_ = dataset.samples
    assert first.annotations is not None
    assert third.annotations is not None
    assert [tag.id for tag in first.annotations.tags] == [1]
    assert [shape.points for shape in third.annotations.shapes] == [[3.0, 3.0]]
    assert (second.frame_name, third.frame_name) == ("p1.png", "p3.png")


def test_annotations_can_be_left_out(client: Client, gray_task: MakeTask, server: Any) -> None:
    gray_task()
    dataset = TaskDataset(client, 5, load_annotations=False)
    assert {sample.annotations for sample in dataset.samples} == {None}
    assert not server.of("GET", "/api/tasks/5/annotations/")


def test_a_video_is_a_dataset_as_well(
    client: Client, gray_task: MakeTask, gray: Gray, video_bytes: Callable[..., bytes]
) -> None:
    gray_task(video=True, make=video_bytes)
    dataset = TaskDataset(client, 5)
    with dataset.iter_samples() as samples:
        assert [gray(sample.media.load_image()) for sample in samples] == list(range(8))


def test_what_is_there_is_used_without_the_server(
    client: Client, gray_task: MakeTask, gray: Gray, server: Any
) -> None:
    gray_task()
    TaskDataset(client, 5)
    server.sent.clear()
    dataset = TaskDataset(client, 5, update_policy=UpdatePolicy.NEVER)
    with dataset.iter_samples() as samples:
        assert [gray(sample.media.load_image()) for sample in samples] == list(range(8))
    assert len(dataset.labels) == 1
    assert server.sent == []


@pytest.mark.parametrize("missing", ["task.json", "labels.json", "meta.json", "annotations.json"])
def test_what_was_not_downloaded_is_named_without_the_server(
    client: Client, gray_task: MakeTask, server: Any, missing: str
) -> None:
    gray_task()
    TaskDataset(client, 5)
    for path in Path(client.config.cache_dir).rglob(missing):
        path.unlink()
    server.sent.clear()
    with pytest.raises(FileNotFoundError, match=rf"{missing} is not there.*IF_MISSING_OR_STALE"):
        TaskDataset(client, 5, update_policy=UpdatePolicy.NEVER)
    assert server.sent == []


def test_what_has_not_changed_is_not_downloaded_again(
    client: Client, gray_task: MakeTask, server: Any
) -> None:
    gray_task()
    TaskDataset(client, 5)
    server.sent.clear()
    TaskDataset(client, 5)
    assert [sent.path for sent in server.sent] == ["/api/tasks/5"]


def test_what_has_changed_is_downloaded_again_but_not_the_pixels(
    client: Client, gray_task: MakeTask, server: Any
) -> None:
    task = gray_task()
    TaskDataset(client, 5)
    task.reply["updated_date"] = "2026-11-24T00:00:00Z"
    server.sent.clear()
    TaskDataset(client, 5)
    assert server.of("GET", "/api/tasks/5/annotations/")
    assert task.fetched == []


def test_pixels_that_have_changed_are_downloaded_again(
    client: Client, gray_task: MakeTask, server: Any
) -> None:
    task = gray_task()
    TaskDataset(client, 5)
    task.reply["updated_date"] = task.pixels_date = "2026-11-24T00:00:00Z"
    task.publish()
    server.sent.clear()
    TaskDataset(client, 5)
    assert sorted(task.fetched) == ["chunk 0", "chunk 1", "chunk 2"]


def test_temporary_chunks_are_removed_when_they_were_used(
    client: Client, gray_task: MakeTask, gray: Gray
) -> None:
    gray_task()
    dataset = TaskDataset(
        client, 5, media_download_policy=MediaDownloadPolicy.FETCH_CHUNKS_ON_DEMAND
    )
    with dataset.iter_samples(temporary_chunks=True) as samples:
        for sample in samples:
            assert gray(sample.media.load_image()) == sample.frame_index
            chunk = sample.frame_index // 3
            assert str(chunk) in _files(client)
            assert {"0", "1", "2"} & set(_files(client)) <= {str(chunk), str(chunk + 1)}
    assert not {"0", "1", "2"} & set(_files(client))


def test_the_next_chunk_is_downloaded_while_one_is_used(
    client: Client, gray_task: MakeTask
) -> None:
    task = gray_task()
    dataset = TaskDataset(
        client, 5, media_download_policy=MediaDownloadPolicy.FETCH_CHUNKS_ON_DEMAND
    )
    with dataset.iter_samples(temporary_chunks=True) as samples:
        next(samples)
    assert task.fetched == ["chunk 0", "chunk 1"]
    assert not {"0", "1", "2"} & set(_files(client))


def test_chunks_that_were_there_before_are_kept(client: Client, gray_task: MakeTask) -> None:
    gray_task()
    dataset = TaskDataset(
        client, 5, media_download_policy=MediaDownloadPolicy.FETCH_CHUNKS_ON_DEMAND
    )
    dataset.samples[4].media.load_image()
    with dataset.iter_samples(temporary_chunks=True) as samples:
        list(samples)
    assert {"0", "1", "2"} & set(_files(client)) == {"1"}


def test_a_chunk_that_cannot_be_had_is_told_where_its_frames_are_wanted(
    client: Client, gray_task: MakeTask, server: Any
) -> None:
    task = gray_task()
    dataset = TaskDataset(
        client, 5, media_download_policy=MediaDownloadPolicy.FETCH_CHUNKS_ON_DEMAND
    )

    def data(sent: Any) -> Any:
        return (500, None, {}) if sent.query["number"] == ["1"] else task.data(sent)

    server.handle("GET", "/api/tasks/5/data/", data)
    with dataset.iter_samples() as samples:
        assert [next(samples).frame_index for _ in range(3)] == [0, 1, 2]
        with pytest.raises(Exception, match="500"):
            next(samples)


def test_a_download_that_fails_leaves_no_file(
    client: Client, gray_task: MakeTask, server: Any
) -> None:
    gray_task()
    server.handle("GET", "/api/tasks/5/data/", lambda _: (500, None, {}))
    with pytest.raises(Exception, match="500"):
        TaskDataset(client, 5)
    assert _files(client) == ["labels.json", "meta.json", "pixels.json", "task.json"]


def test_a_damaged_record_is_downloaded_again(
    client: Client, gray_task: MakeTask, caplog: pytest.LogCaptureFixture
) -> None:
    gray_task()
    TaskDataset(client, 5)
    for path in Path(client.config.cache_dir).rglob("labels.json"):
        path.write_bytes(b"[{")
    assert len(TaskDataset(client, 5).labels) == 1
    assert "labels.json cannot be used" in caplog.text
