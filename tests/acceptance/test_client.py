"""The client with a real hub."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
import pytest

from cvat_sdk import exceptions, models
from cvat_sdk.core.client import Client, make_client
from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction
from cvat_sdk.core.proxies.tasks import Task
from cvat_sdk.core.uploading import DataUploader, data_request
from cvat_sdk.datasets import TaskDataset, UpdatePolicy
from cvat_sdk.datasets.frames import TaskFrames

pytestmark = pytest.mark.acceptance

SIZE_WH = (64, 48)
SPEC = {
    "name": "photos",
    "labels": [{"name": "car", "type": "rectangle"}, {"name": "rainy", "type": "tag"}],
}
MakeTask = Callable[..., Task]


def _gray_of(image: PIL.Image.Image) -> int:
    return round(float(np.asarray(image.convert("L")).mean()) / 20)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Eight photos that can be told apart by their gray; the third lies on its side."""
    paths = [tmp_path / f"photo {i}.png" for i in range(8)]
    for i, path in enumerate(paths):
        image = PIL.Image.new("RGB", SIZE_WH, (20 * i,) * 3)
        if i == 2:
            exif = PIL.Image.Exif()
            exif[0x0112] = 6
            image.save(path, exif=exif)
        else:
            image.save(path)
    return paths


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("h264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE_WH, "yuv420p"
        for i in range(10):
            pixels = np.full((SIZE_WH[1], SIZE_WH[0], 3), 20 * i, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture
def make_task(hub_client: Client) -> Iterator[MakeTask]:
    made: list[Task] = []

    def make(files: list[Path], spec: dict[str, Any] = SPEC, **params: Any) -> Task:
        task = hub_client.tasks.create_from_data(spec, files, data_params=params)
        made.append(task)
        return task

    yield make
    hub_client.tasks.remove_by_ids([task.id for task in made])


def test_logging_in_and_out(hub: Any) -> None:
    with make_client(hub.url, credentials=(hub.user, hub.password)) as client:
        assert client.users.retrieve_current_user().username == "admin"
        client.logout()
        with pytest.raises(exceptions.UnauthorizedException):
            client.users.retrieve_current_user()


def test_a_wrong_password_is_told(hub: Any) -> None:
    with pytest.raises(exceptions.ApiException, match=r"(?i)unable to log in"):
        make_client(hub.url, credentials=("admin", "wrong"))


@pytest.mark.parametrize("chunk_size", [1, 3, 72])
def test_photos_come_back_as_frames(
    make_task: MakeTask, photos: list[Path], chunk_size: int
) -> None:
    task = make_task(photos, chunk_size=chunk_size)
    assert (task.size, task.mode, task.data_original_chunk_type) == (8, "annotation", "imageset")
    assert task.get_frame(3, quality="original").read() == photos[3].read_bytes()
    assert [info.name for info in task.get_frames_info()] == [path.name for path in photos]
    with TaskFrames(task) as frames:
        seen = [(f.index, f.name, _gray_of(f.load_image()), f.width) for f in frames]
    assert seen == [(i, path.name, i, 48 if i == 2 else 64) for i, path in enumerate(photos)]
    with PIL.Image.open(task.get_preview()) as preview:
        assert preview.width > 0


def test_deleted_frames_start_and_step(make_task: MakeTask, photos: list[Path]) -> None:
    task = make_task(photos, start_frame=1, frame_step=2, chunk_size=2)
    task.remove_frames_by_ids([1])
    with TaskFrames(task) as frames:
        seen = [(frame.index, _gray_of(frame.load_image())) for frame in frames]
    assert seen == [(0, 1), (2, 5), (3, 7)]


@pytest.mark.parametrize("zipped", [False, True])
def test_a_video_comes_back_as_frames(make_task: MakeTask, clip: Path, zipped: bool) -> None:
    task = make_task([clip], chunk_size=4, use_zip_chunks=zipped)
    assert (task.size, task.mode) == (10, "interpolation")
    with TaskFrames(task) as frames:
        seen = [(frame.index, frame.name, _gray_of(frame.load_image())) for frame in frames]
    assert seen == [(i, "clip.mp4", i) for i in range(10)]


def test_an_archive_comes_back_as_frames(
    make_task: MakeTask, photos: list[Path], tmp_path: Path
) -> None:
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for photo in photos:
            file.write(photo, f"folder/{photo.name}")
    with TaskFrames(make_task([archive])) as frames:
        assert [_gray_of(frame.load_image()) for frame in frames] == list(range(8))


def test_large_files_go_in_pieces(hub_client: Client, photos: list[Path]) -> None:
    task = hub_client.tasks.create(SPEC)
    uploader = DataUploader(hub_client.api_client, hub_client.logger, limit=100)
    answer = uploader.upload(task.id, photos, data_request({}, hub_client.logger))
    hub_client.wait_for_completion(answer["rq_id"])
    assert task.fetch().size == 8
    assert task.get_frame(7, quality="original").read() == photos[7].read_bytes()
    task.remove()


def test_bad_data_ends_with_one_line(hub_client: Client, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"not an image")
    with pytest.raises(exceptions.CvatSdkException) as caught:
        hub_client.tasks.create_from_data(SPEC, [bad])
    assert "\n" not in str(caught.value)
    (note,) = caught.value.__notes__
    hub_client.tasks.remove_by_ids([int(note.split()[1])])


def test_annotations_are_written_read_and_removed(make_task: MakeTask, photos: list[Path]) -> None:
    task = make_task(photos)
    labels = {label.name: label.id for label in task.get_labels()}
    shape = models.LabeledShapeRequest(
        type="rectangle", label_id=labels["car"], frame=3, points=[1, 2, 10, 20]
    )
    tag = models.LabeledImageRequest(label_id=labels["rainy"], frame=0)
    task.set_annotations(models.LabeledDataRequest(shapes=[shape], tags=[tag]))
    task.update_annotations(
        models.PatchedLabeledDataRequest(shapes=[shape]), action=AnnotationUpdateAction.CREATE
    )
    first, second = task.get_annotations().shapes
    assert (first.points, first.frame, first.type.value) == ([1, 2, 10, 20], 3, "rectangle")
    changed = {**second.to_dict(), "points": [0, 0, 5, 5]}
    task.update_annotations({"shapes": [changed]})
    assert [shape.points for shape in task.get_annotations().shapes][1] == [0, 0, 5, 5]
    task.remove_annotations(ids=[first.id])
    assert [shape.id for shape in task.get_annotations().shapes] == [second.id]
    task.remove_annotations()
    assert task.get_annotations().shapes == []


def test_a_change_that_brings_its_revision_overwrites_nobody(
    make_task: MakeTask, photos: list[Path]
) -> None:
    task = make_task(photos)
    box = {"type": "rectangle", "label_id": task.get_labels()[0].id, "frame": 0}
    request = models.PatchedLabeledDataRequest(shapes=[{**box, "points": [1, 2, 3, 4]}])
    task.update_annotations(request, action=AnnotationUpdateAction.CREATE)
    [mine] = task.get_annotations().shapes
    theirs = mine.to_dict() | {"points": [5, 6, 7, 8]}
    assert mine.revision == 1
    task.update_annotations(models.PatchedLabeledDataRequest(shapes=[theirs]))
    late = models.LabeledShapeRequest(
        **box, id=mine.id, revision=mine.revision, points=[0, 0, 1, 1]
    )
    for action in (AnnotationUpdateAction.UPDATE, AnnotationUpdateAction.DELETE):
        with pytest.raises(exceptions.ApiException, match=f"shapes {mine.id}") as caught:
            task.update_annotations({"shapes": [late]}, action=action)
        assert caught.value.status == 409
    [now] = task.get_annotations().shapes
    assert (now.points, now.revision) == ([5, 6, 7, 8], 2)
    del late.revision
    task.update_annotations({"shapes": [late]})
    task.remove_annotations(ids=[mine.id])
    assert task.get_annotations().shapes == []


def test_jobs_show_their_part_of_the_task(make_task: MakeTask, photos: list[Path]) -> None:
    task = make_task(photos, {**SPEC, "segment_size": 3})
    jobs = sorted(task.get_jobs(), key=lambda job: job.start_frame)
    assert [(job.start_frame, job.stop_frame) for job in jobs] == [(0, 2), (3, 5), (6, 7)]
    assert [label.name for label in jobs[1].get_labels()] == ["car", "rainy"]
    assert [info.name for info in jobs[1].get_frames_info()] == [p.name for p in photos[3:6]]
    assert _gray_of(PIL.Image.open(jobs[1].get_frame(4, quality="original"))) == 4
    assert jobs[0].update({"state": "completed"}).state == "completed"
    assert jobs[0].get_annotations().shapes == []


def test_a_task_is_a_dataset_that_works_offline(
    make_task: MakeTask, hub_client: Client, photos: list[Path]
) -> None:
    task = make_task(photos, chunk_size=3)
    TaskDataset(hub_client, task.id)
    offline = TaskDataset(hub_client, task.id, update_policy=UpdatePolicy.NEVER)
    with offline.iter_samples() as samples:
        assert [_gray_of(sample.media.load_image()) for sample in samples] == list(range(8))


def test_tasks_are_listed_renamed_and_removed(hub_client: Client) -> None:
    tasks = [hub_client.tasks.create({**SPEC, "name": f"list {i}"}) for i in range(3)]
    found = hub_client.tasks.list(page_size=2, sort="id")
    assert [task.id for task in found][-3:] == [task.id for task in tasks]
    assert tasks[0].update({"name": "new name"}).name == "new name"
    hub_client.tasks.remove_by_ids([task.id for task in tasks])
    with pytest.raises(exceptions.NotFoundException):
        tasks[0].fetch()


def test_an_access_token_is_as_good_as_a_password(hub: Any, hub_client: Client) -> None:
    request = models.AccessTokenWriteRequest(name="script", read_only=True)
    token, _ = hub_client.api_client.auth_api.create_access_tokens(request)
    with make_client(hub.url, access_token=token.value) as client:
        assert client.users.retrieve_current_user().username == "admin"
    hub_client.api_client.auth_api.destroy_access_tokens(token.id)


def test_chunks_are_files_that_others_can_read(make_task: MakeTask, photos: list[Path]) -> None:
    task = make_task(photos, chunk_size=3)
    file = io.BytesIO()
    task.download_chunk(2, file, quality="original")
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["000000.png", "000001.png"]
    with pytest.raises(exceptions.ApiException):
        task.download_chunk(3, io.BytesIO(), quality="original")
