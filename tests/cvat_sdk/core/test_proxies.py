from __future__ import annotations

import copy
import io
import logging
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from cvat_sdk import exceptions, models
from cvat_sdk.core.client import Client
from cvat_sdk.core.helpers import expect_status, get_paginated_collection, make_request_headers
from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction
from cvat_sdk.core.proxies.jobs import Job
from cvat_sdk.core.proxies.tasks import ResourceType, Task

TASK = "/api/tasks/5"
ANNOTATIONS = "/api/tasks/5/annotations/"
DATA = "/api/tasks/5/data/"


@pytest.fixture
def task(client: Client, server: Any, task_reply: dict[str, Any]) -> Task:
    server.answer("GET", TASK, 200, task_reply)
    found = client.tasks.retrieve(5)
    server.sent.clear()
    return found


def _png(color: str = "red") -> bytes:
    file = io.BytesIO()
    PIL.Image.new("RGB", (4, 3), color).save(file, "PNG")
    return file.getvalue()


def test_the_fields_of_the_record_are_attributes_of_the_object(task: Task) -> None:
    assert (task.id, task.name, task["size"]) == (5, "photos", 5)
    assert not hasattr(task, "project_id")
    assert getattr(task, "nonsense", None) is None
    assert (repr(task), task == copy.copy(task)) == ("<Task: id=5>", True)
    assert task != 5
    assert len({task, copy.copy(task)}) == 1
    assert "photos" in str(task)


def test_objects_can_be_changed_read_anew_and_removed(
    task: Task, server: Any, task_reply: dict[str, Any]
) -> None:
    server.answer("PATCH", TASK, 200, {**task_reply, "name": "new"})
    server.answer("DELETE", TASK, 204)
    assert task.update({"name": "new"}).name == "new"
    assert task.fetch().name == "photos"
    task.update(models.PatchedTaskWriteRequest(name="newer"))
    task.remove()
    assert [sent.json for sent in server.of("PATCH", TASK)] == [{"name": "new"}, {"name": "newer"}]
    assert server.of("DELETE", TASK)


def test_removing_many_passes_over_those_that_are_not_there(
    client: Client, server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer("DELETE", "/api/tasks/2", 204)
    client.tasks.remove_by_ids([1, 2])
    assert "Task 1 is not there" in caplog.text
    assert server.of("DELETE", "/api/tasks/2")
    server.answer("DELETE", "/api/tasks/3", 403)
    with pytest.raises(exceptions.ForbiddenException):
        client.tasks.remove_by_ids([3, 2])
    assert "Task 3 is not removed: 403" in caplog.text
    assert len(server.of("DELETE", "/api/tasks/2")) == 2


def _pages(server: Any, *pages: list[Any]) -> None:
    for number, results in enumerate(pages, 1):
        more = f"http://cvat.test/api/tasks?page={number + 1}" if number < len(pages) else None
        page = {"count": 3, "next": more, "previous": None, "results": results}
        server.answer("GET", "/api/tasks", 200, page)


def test_lists_are_read_to_the_last_page(client: Client, server: Any) -> None:
    _pages(server, [{"id": 1}, {"id": 2}], [{"id": 3}])
    assert [task.id for task in client.tasks.list(name="x")] == [1, 2, 3]
    assert [sent.query["page"] for sent in server.sent] == [["1"], ["2"]]
    assert server.sent[0].query["name"] == ["x"]


def test_lists_can_be_had_as_the_server_sent_them(client: Client, server: Any) -> None:
    _pages(server, [{"id": 1, "unknown": 2}])
    assert client.tasks.list(return_json=True, page_size=7) == '[{"id": 1, "unknown": 2}]'
    assert server.sent[0].query["page_size"] == ["7"]


@pytest.mark.parametrize(
    ("organization", "sent"),
    [({}, {}), ({"org_id": None}, {"org": [""]}), ({"org_id": 3}, {"org_id": ["3"]})],
)
def test_lists_are_made_in_the_organization_asked_for(
    client: Client, server: Any, organization: dict[str, Any], sent: dict[str, Any]
) -> None:
    _pages(server, [])
    with client.organization_context("others"):
        get_paginated_collection(client.api_client.tasks_api.list_endpoint, **organization)
    query, headers = server.sent[0].query, server.sent[0].headers
    assert {name: query[name] for name in query if name.startswith("org")} == sent
    # Servers refuse a request that names two.
    assert headers.get("X-Organization") == (None if sent else "others")


def test_labels_and_jobs_are_those_of_the_task(task: Task, server: Any) -> None:
    server.answer("GET", "/api/labels", 200, {"count": 1, "results": [{"id": 2, "name": "car"}]})
    server.answer("GET", "/api/jobs", 200, {"count": 1, "results": [{"id": 8, "task_id": 5}]})
    assert [label.name for label in task.get_labels()] == ["car"]
    (job,) = task.get_jobs()
    assert isinstance(job, Job)
    assert job.id == 8
    for sent in server.sent:
        assert sent.query["task_id"] == ["5"]
        assert sent.query["org"] == [""]


def test_frames_and_previews_are_files(task: Task, server: Any) -> None:
    server.answer("GET", DATA, 200, _png())
    server.answer("GET", f"{TASK}/preview", 200, _png("blue"))
    assert PIL.Image.open(task.get_frame(3, quality="original")).size == (4, 3)
    assert task.get_frame(3).read() == _png()
    assert task.get_preview().getvalue() == _png("blue")
    first, second, _ = server.sent
    assert first.query == {"type": ["frame"], "number": ["3"], "quality": ["original"]}
    assert second.query == {"type": ["frame"], "number": ["3"]}


def test_frames_are_written_as_they_came_unless_another_format_is_asked_for(
    task: Task, server: Any, tmp_path: Path
) -> None:
    server.answer("GET", DATA, 200, _png())
    outdir = tmp_path / "new" / "frames"
    assert task.download_frames([1, 20], outdir=outdir) is None
    task.download_frames(
        [3], outdir=outdir, image_extension="jpg", filename_pattern="f{frame_id}{frame_ext}"
    )
    assert (outdir / "frame_000020.png").read_bytes() == _png()
    with PIL.Image.open(outdir / "f3.jpg") as image:
        assert image.format == "JPEG"
    (unsaved,) = task.download_frames([1], outdir=None) or []
    assert unsaved.size == (4, 3)


def test_a_chunk_is_written_to_a_file(task: Task, server: Any) -> None:
    server.answer("GET", DATA, 200, b"PK...")
    file = io.BytesIO()
    task.download_chunk(2, file, quality="original")
    assert file.getvalue() == b"PK..."
    assert server.sent[0].query == {"type": ["chunk"], "number": ["2"], "quality": ["original"]}
    server.answer("GET", "/api/tasks/6/data/", 400, ["no such chunk"])
    other = Task(task._client, models.TaskRead(id=6))
    with pytest.raises(exceptions.BadRequestException, match="no such chunk"):
        other.download_chunk(9, file)


def test_the_frames_to_delete_replace_those_before(task: Task, server: Any) -> None:
    server.answer("PATCH", f"{TASK}/data/meta", 200, {"frames": [], "deleted_frames": [1]})
    task.remove_frames_by_ids([1])
    assert server.sent[0].json == {"deleted_frames": [1]}


def test_annotations_are_read_replaced_and_changed(task: Task, server: Any) -> None:
    server.answer("GET", ANNOTATIONS, 200, {"version": 0, "tags": [], "shapes": [], "tracks": []})
    server.answer("PUT", ANNOTATIONS, 200, {"version": 0})
    server.answer("PATCH", ANNOTATIONS, 200, {"version": 0})
    server.answer("DELETE", ANNOTATIONS, 204)
    assert task.get_annotations().shapes == []
    tag = models.LabeledImageRequest(label_id=1, frame=0)
    task.set_annotations(models.LabeledDataRequest(tags=[tag]))
    task.update_annotations(
        models.PatchedLabeledDataRequest(tags=[tag]), action=AnnotationUpdateAction.CREATE
    )
    task.remove_annotations()
    _, put, patch, delete = server.sent
    assert put.json["tags"] == patch.json["tags"] == [{"label_id": 1, "frame": 0}]
    assert patch.query == {"action": ["create"]}
    assert delete.method == "DELETE"


def test_only_the_annotations_of_the_given_ids_are_removed(task: Task, server: Any) -> None:
    tags = [{"id": i, "label_id": 1, "frame": 0} for i in (1, 2)]
    server.answer("GET", ANNOTATIONS, 200, {"version": 0, "tags": tags})
    server.answer("PATCH", ANNOTATIONS, 200, {"version": 0})
    task.remove_annotations(ids=[])
    assert server.sent == []
    task.remove_annotations(ids=[2])
    (patch,) = server.of("PATCH", ANNOTATIONS)
    assert [tag["id"] for tag in patch.json["tags"]] == [2]
    assert patch.query == {"action": ["delete"]}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    path.write_bytes(_png())
    return path


def _accept_uploads(server: Any, finish: Any) -> None:
    def post(sent: Any) -> tuple[int, Any, dict[str, str]]:
        return 202, finish if sent.headers.get("Content-Type") == "application/json" else None, {}

    server.handle("POST", DATA, post)


@pytest.fixture
def ready_request() -> dict[str, Any]:
    operation = {"type": "create:task", "target": "task", "task_id": 5}
    return {
        "status": "finished",
        "message": "",
        "id": "r",
        "operation": operation,
        "created_date": "2026-11-23T00:13:26.868171Z",
    }


def test_a_task_is_made_from_files(
    client: Client, server: Any, task_reply: dict[str, Any], photo: Path, ready_request: Any
) -> None:
    server.answer("POST", "/api/tasks", 201, {"id": 5, "name": "photos", "mode": ""})
    server.answer("GET", TASK, 200, task_reply)
    server.answer("GET", "/api/requests/r", 200, ready_request)
    _accept_uploads(server, {"rq_id": "r"})
    spec = models.TaskWriteRequest(name="photos", labels=[models.PatchedLabelRequest(name="car")])
    task = client.tasks.create_from_data(spec, [photo], data_params={"chunk_size": 3})
    assert task.size == 5
    assert server.of("POST", "/api/tasks")[0].json == {
        "name": "photos",
        "labels": [{"name": "car"}],
    }
    finish = server.of("POST", DATA)[-1]
    assert finish.headers["Upload-Finish"] == ""
    assert finish.json == {"image_quality": 70, "chunk_size": 3}


def test_an_older_server_is_asked_for_the_status_of_the_task(
    task: Task, server: Any, photo: Path, waits: list[float]
) -> None:
    _accept_uploads(server, {"chunk_size": None, "client_files": ["a.png"]})
    for state in ("Queued", "Started", "Finished"):
        server.answer("GET", f"{TASK}/status", 200, {"state": state, "message": ""})
    task.upload_data([photo])
    assert waits == pytest.approx([0.02, 0.03])


@pytest.mark.parametrize(
    ("kind", "name"), [(ResourceType.SHARE, "server_files"), (ResourceType.REMOTE, "remote_files")]
)
def test_other_resources_are_only_named(
    task: Task, server: Any, kind: ResourceType, name: str
) -> None:
    _accept_uploads(server, {"rq_id": "r"})
    task.upload_data(["x/a.jpg"], resource_type=kind, wait_for_completion=False)
    (sent,) = server.of("POST", DATA)
    assert sent.json == {"image_quality": 70, name: ["x/a.jpg"]}
    assert "Upload-Finish" not in sent.headers
    assert str(kind) == name.removesuffix("_files").replace("server", "share")


def test_a_missing_file_is_noticed_before_the_task_is_made(
    client: Client, server: Any, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        client.tasks.create_from_data({"name": "x"}, [tmp_path / "gone.jpg"])
    assert server.sent == []


def test_a_task_without_data_is_left_with_a_note(
    client: Client, server: Any, photo: Path, ready_request: dict[str, Any]
) -> None:
    server.answer("POST", "/api/tasks", 201, {"id": 5})
    _accept_uploads(server, {"rq_id": "r"})
    failed = {**ready_request, "status": "failed", "message": "cannot identify image file"}
    server.answer("GET", "/api/requests/r", 200, failed)
    with pytest.raises(exceptions.BackgroundRequestException) as caught:
        client.tasks.create_from_data({"name": "x"}, [photo])
    assert "cannot identify image file" in str(caught.value)
    assert caught.value.__notes__ == ["task 5 was created and is left without data"]


def test_a_job_has_frames_and_annotations_of_its_own_address(client: Client, server: Any) -> None:
    server.answer("GET", "/api/jobs/8", 200, {"id": 8, "task_id": 5, "organization": 2})
    server.answer("GET", "/api/jobs/8/data", 200, _png())
    server.answer("GET", "/api/jobs/8/annotations/", 200, {"version": 0})
    server.answer("PATCH", "/api/jobs/8", 200, {"id": 8, "state": "completed"})
    server.answer("GET", "/api/labels", 200, {"count": 0, "results": []})
    job = client.jobs.retrieve(8)
    job.get_frame(0)
    job.get_annotations()
    job.get_labels()
    assert server.sent[-1].query["org_id"] == ["2"]
    assert job.update({"state": "completed"}).state == "completed"


def test_statuses_can_be_expected(client: Client, server: Any) -> None:
    server.answer("GET", "/api/x", 202, {"a": 1})
    _, response = client.api_client.call_api("/api/x", "GET")
    expect_status(202, response)
    expect_status([200, 202], response)
    with pytest.raises(exceptions.ApiException, match="expected 200 or 201"):
        expect_status((200, 201), response)


def test_headers_for_requests_of_ones_own(client: Client) -> None:
    headers = make_request_headers(client.api_client, X="y")
    assert headers["X"] == "y"
    assert headers["User-Agent"] == "cvat_sdk/2.80.0"


def test_the_log_tells_what_is_uploaded(
    task: Task, server: Any, photo: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _accept_uploads(server, None)
    with caplog.at_level(logging.INFO):
        task.upload_data([photo], wait_for_completion=False)
    assert "task 5: sending 1 files" in caplog.text
