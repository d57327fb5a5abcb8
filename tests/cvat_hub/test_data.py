"""Frames, chunks, previews and what is known of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import PIL.Image
import pytest


@dataclass
class Album:
    """A task of seven photos, in chunks of three and jobs of four."""

    client: Any
    task_id: int
    jobs: list[int]

    def __call__(self, path: str) -> Any:
        return self.client(
            "GET", path.format(task=self.task_id, first=self.jobs[0], second=self.jobs[1])
        )


@pytest.fixture(scope="module")
def album(hub: Any, new_task: Callable[..., Any]) -> Album:
    user = hub.new_user()
    task = new_task(user, frames=7, segment_size=4, data={"chunk_size": 3})
    jobs = user("GET", f"jobs?task_id={task['id']}&sort=id").json["results"]
    return Album(user, task["id"], [job["id"] for job in jobs])


def test_an_original_frame_is_the_uploaded_file(album: Album, photo: Callable[..., bytes]) -> None:
    for ending in ("", "/"):
        answer = album("tasks/{task}/data" + ending + "?type=frame&number=5&quality=original")
        assert (answer.headers["Content-Type"], answer.body) == ("image/jpeg", photo(5))
    job = album("jobs/{second}/data?type=frame&number=5&quality=original")
    assert job.body == photo(5)


def test_a_frame_is_compressed_unless_asked_otherwise(album: Album) -> None:
    plain = album("tasks/{task}/data?type=frame&number=1")
    assert plain.body == album("tasks/{task}/data?type=frame&number=1&quality=compressed").body
    assert PIL.Image.open(io.BytesIO(plain.body)).size == (32, 24)


@pytest.mark.parametrize(("number", "count"), [(0, 3), (1, 3), (2, 1)])
@pytest.mark.parametrize("quality", ["original", "compressed"])
def test_a_chunk_is_a_zip_of_frames(album: Album, number: int, count: int, quality: str) -> None:
    answer = album(f"tasks/{{task}}/data/?type=chunk&number={number}&quality={quality}")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        stems = [name.partition(".")[0] for name in archive.namelist()]
    assert stems == [f"{index:06}" for index in range(count)]


@pytest.mark.parametrize(
    ("query", "frames"), [("number=1", [4, 5]), ("number=2", [6]), ("index=0", [4, 5])]
)
def test_a_chunk_of_a_job_has_the_frames_of_the_job(
    album: Album, photo: Callable[..., bytes], query: str, frames: list[int]
) -> None:
    answer = album(f"jobs/{{second}}/data?type=chunk&quality=original&{query}")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        found = [archive.read(name) for name in archive.namelist()]
    assert found == [photo(frame) for frame in frames]


def test_the_preview_is_a_small_jpeg(album: Album) -> None:
    for path in ("tasks/{task}/preview", "jobs/{second}/preview", "tasks/{task}/data?type=preview"):
        answer = album(path)
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert max(PIL.Image.open(io.BytesIO(answer.body)).size) <= 256


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("tasks/{task}/data", 400, "Data type not specified"),
        ("tasks/{task}/data?type=bogus&number=0", 400, "Data type not specified"),
        ("tasks/{task}/data?type=frame", 400, "Number is not specified"),
        ("tasks/{task}/data?type=frame&number=x", 400, "Invalid number"),
        ("tasks/{task}/data?type=frame&number=-1", 400, "Invalid number"),
        ("tasks/{task}/data?type=frame&number=7", 400, "[0, 6] range"),
        ("tasks/{task}/data?type=frame&number=99999999999999", 400, "Invalid number"),
        ("tasks/{task}/data?type=frame&number=0&quality=bad", 400, "Wrong quality value"),
        ("tasks/{task}/data?type=chunk&number=3", 404, "[0, 2] range"),
        ("jobs/{second}/data?type=frame&number=3", 400, "[4, 6] range"),
        ("jobs/{second}/data?type=chunk&number=0", 404, "[1, 2] range"),
        ("jobs/{second}/data?type=chunk&index=2", 404, "[1, 2] range"),
    ],
)
def test_what_is_not_there_is_refused(album: Album, path: str, status: int, reason: str) -> None:
    answer = album(path)
    assert answer.status == status
    assert reason in answer.body.decode()


def test_a_task_without_data_has_no_frames(user: Any, new_task: Callable[..., Any]) -> None:
    task = new_task(user, frames=0)
    for path in ("data/meta", "data?type=frame&number=0", "preview"):
        assert user("GET", f"tasks/{task['id']}/{path}").status == 404


def test_frames_can_be_deleted_and_restored(user: Any, new_task: Callable[..., Any]) -> None:
    task = new_task(user, segment_size=2)
    [second, first] = user("GET", f"jobs?task_id={task['id']}").json["results"]
    task_meta = f"tasks/{task['id']}/data/meta"
    job_meta = f"jobs/{second['id']}/data/meta"
    assert user("PATCH", task_meta, {"deleted_frames": [1, 2, 1]}).json["deleted_frames"] == [1, 2]
    assert user("GET", job_meta).json["deleted_frames"] == [2]
    assert user("PATCH", job_meta, {"deleted_frames": [3]}).json["deleted_frames"] == [3]
    assert user("GET", task_meta).json["deleted_frames"] == [1, 3]
    assert user("GET", f"jobs/{first['id']}/data/meta").json["deleted_frames"] == [1]
    for wrong in ([4], [-1], ["0"], [0.5], 1):
        assert user("PATCH", task_meta, {"deleted_frames": wrong}).status == 400
    assert user("PATCH", job_meta, {"deleted_frames": [0]}).status == 400
    assert user("PATCH", task_meta, {"deleted_frames": []}).json["deleted_frames"] == []


@pytest.mark.parametrize("path", ["type=frame&number=0", "type=chunk&number=0"])
def test_frames_and_chunks_are_handed_out_whole(album: Album, path: str) -> None:
    url = f"tasks/{album.task_id}/data?{path}&quality=original"
    whole = album.client("GET", url)
    answer = album.client("GET", url, headers={"Range": "bytes=0-9"})
    assert answer.status == whole.status == 200
    assert answer.body == whole.body
    assert "ETag" not in answer.headers
