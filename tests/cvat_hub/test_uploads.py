"""Uploads, and their preparation in the background."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from cvat_hub.hub import utc_now
from cvat_hub.store import requests

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def task_id(user: Any, new_task: Callable[..., Any]) -> int:
    return int(new_task(user, frames=0)["id"])


def test_photos_become_frames(user: Any, task_id: int, photo: Callable[..., bytes]) -> None:
    files = {f"{number}.jpg": photo(number) for number in range(3)}
    request = user.upload(task_id, files, chunk_size=2, image_quality=50)
    assert request["status"] == "finished"
    assert request["operation"] == {
        "type": "create:task",
        "target": "task",
        "task_id": task_id,
        "project_id": None,
        "job_id": None,
        "format": None,
        "lightweight": None,
    }
    assert (request["progress"], request["owner"]["id"]) == (1.0, user.user_id)
    task = user("GET", f"tasks/{task_id}").json
    assert (task["mode"], task["size"], task["data_chunk_size"]) == ("annotation", 3, 2)
    assert (task["image_quality"], task["segment_size"], task["overlap"]) == (50, 3, 0)
    assert user("GET", f"tasks/{task_id}/status").json == {
        "state": "Finished",
        "message": "",
        "progress": 100,
    }
    listed = user("GET", "requests").json["results"]
    assert [item["id"] for item in listed] == [request["id"]]


def test_a_video_becomes_a_task_that_is_annotated_along_time(
    user: Any, task_id: int, video: bytes
) -> None:
    assert user.upload(task_id, {"clip.mp4": video})["status"] == "finished"
    task = user("GET", f"tasks/{task_id}").json
    assert (task["mode"], task["size"], task["overlap"]) == ("interpolation", 20, 5)
    assert task["data_original_chunk_type"] == "video"
    meta = user("GET", f"tasks/{task_id}/data/meta").json
    [frame] = meta["frames"]
    assert (frame["name"], frame["width"], frame["height"]) == ("clip.mp4", 64, 48)
    png = user("GET", f"tasks/{task_id}/data/?type=frame&number=19")
    assert (png.headers["Content-Type"], png.body[:4]) == ("image/png", b"\x89PNG")
    chunk = user("GET", f"tasks/{task_id}/data/?type=chunk&number=0&quality=original")
    assert chunk.headers["Content-Type"] == "video/mp4"


def test_a_zip_is_unpacked(user: Any, task_id: int, photo: Callable[..., bytes]) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("b.jpg", photo())
        file.writestr("a.jpg", photo())
    assert user.upload(task_id, {"all.zip": archive.getvalue()})["status"] == "finished"
    frames = user("GET", f"tasks/{task_id}/data/meta").json["frames"]
    assert [frame["name"] for frame in frames] == ["a.jpg", "b.jpg"]


def test_the_folder_of_a_name_stays_with_its_owner(
    user: Any, task_id: int, photo: Callable[..., bytes]
) -> None:
    user.upload(task_id, {"/home/me/a.jpg": photo(), "C:\\b.jpg": photo(), "../../c.jpg": photo()})
    frames = user("GET", f"tasks/{task_id}/data/meta").json["frames"]
    assert [frame["name"] for frame in frames] == ["a.jpg", "b.jpg", "c.jpg"]


def test_broken_photos_make_the_request_fail_and_can_be_replaced(
    hub: Any, user: Any, task_id: int, photo: Callable[..., bytes]
) -> None:
    request = user.upload(task_id, {"a.jpg": b"nonsense"})
    assert request["status"] == "failed"
    assert "a.jpg" in request["message"]
    assert "Traceback" not in request["message"]
    assert user("GET", f"tasks/{task_id}/status").json["state"] == "Failed"
    assert user("GET", f"tasks/{task_id}").json["mode"] == ""
    assert user.upload(task_id, {"b.jpg": photo()})["status"] == "finished"
    assert user("GET", f"tasks/{task_id}").json["size"] == 1
    assert not (hub.settings.data_dir / "uploads" / str(task_id)).exists()


def test_data_comes_once(user: Any, new_task: Callable[..., Any], photo: Any) -> None:
    task = new_task(user)
    for header in ("Upload-Start", "Upload-Multiple", "Upload-Finish"):
        answer = user("POST", f"tasks/{task['id']}/data", {}, headers={header: ""})
        assert answer.status == 409


def test_pieces_make_a_file(user: Any, task_id: int, photo: Callable[..., bytes]) -> None:
    content = photo(size_wh=(640, 480))
    created = _announce(user, task_id, "dir/a.jpg", len(content))
    assert created.status == 201
    location = created.headers["Location"]
    assert location.startswith(f"{user.address}/api/tasks/{task_id}/data/")
    cut = len(content) // 2
    first = user("PATCH", location, headers=PIECE | {"Upload-Offset": "0"}, body=content[:cut])
    assert (first.status, first.headers["Upload-Offset"]) == (204, str(cut))
    # The connection breaks; the client asks how much has come.
    asked = user("HEAD", location, headers=TUS)
    assert (asked.status, asked.headers["Upload-Offset"]) == (200, str(cut))
    assert asked.headers["Upload-Length"] == str(len(content))
    again = user("PATCH", location, headers=PIECE | {"Upload-Offset": "0"}, body=content[:cut])
    assert again.status == 409
    rest = user("PATCH", location, headers=PIECE | {"Upload-Offset": str(cut)}, body=content[cut:])
    assert (rest.status, rest.headers["Upload-Offset"]) == (204, str(len(content)))
    finish = {"Upload-Finish": ""}
    request_id = user("POST", f"tasks/{task_id}/data/", {}, headers=finish).json["rq_id"]
    assert user.finished(request_id)["status"] == "finished"
    frame = user("GET", f"tasks/{task_id}/data?type=frame&number=0&quality=original")
    assert frame.body == content


def test_a_piece_that_does_not_fit_is_refused(user: Any, task_id: int) -> None:
    location = _announce(user, task_id, "a.jpg", 3).headers["Location"]

    def patch(body: bytes, **headers: str) -> int:
        sent = PIECE | {"Upload-Offset": "0"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return int(user("PATCH", location, headers=sent, body=body).status)

    assert patch(b"abcd") == 400
    assert patch(b"ab", Upload_Offset="1") == 409
    assert patch(b"ab", Upload_Offset="x") == 400
    assert patch(b"ab", Upload_Offset="-1") == 400
    assert patch(b"ab", Content_Type="text/plain") == 400
    assert patch(b"abc") == 204


@pytest.mark.parametrize(
    ("length", "metadata", "status"),
    [
        ("3", "", 400),
        ("3", "filename", 400),
        ("3", "filename !!!", 400),
        ("3", "filename /w==", 400),
        ("x", "filename YQ==", 400),
        ("-1", "filename YQ==", 400),
        ("9" * 30, "filename YQ==", 400),
        ("3", "filename " + base64.b64encode(b"/etc/passwd").decode(), 400),
        ("3", "filename " + base64.b64encode(b"../../a.jpg").decode(), 400),
        ("3", "filename YQ==,is_final", 201),
    ],
)
def test_a_file_in_pieces_is_announced_properly_or_refused(
    user: Any, task_id: int, length: str, metadata: str, status: int
) -> None:
    headers = TUS | {"Upload-Length": length, "Upload-Metadata": metadata}
    assert user("POST", f"tasks/{task_id}/data/", headers=headers).status == status


def test_an_upload_that_was_never_announced_is_not_found(user: Any, task_id: int) -> None:
    path = f"tasks/{task_id}/data/0123456789abcdef0123456789abcdef"
    assert user("HEAD", path).status == 404
    headers = PIECE | {"Upload-Offset": "0"}
    assert user("PATCH", path, headers=headers, body=b"a").status == 404
    assert user("GET", path).status == 405


@pytest.mark.parametrize(
    "options",
    [
        {"image_quality": 0},
        {"image_quality": 101},
        {"image_quality": "good"},
        {"chunk_size": -1},
        {"start_frame": -1},
        {"frame_filter": "every second one"},
        {"sorting_method": "by colour"},
        {"server_files": ["a.jpg"]},
        {"remote_files": ["http://localhost/a.jpg"]},
        {"cloud_storage_id": 1},
        [],
    ],
)
def test_wrong_options_are_refused_at_once(
    user: Any, task_id: int, options: Any, photo: Callable[..., bytes]
) -> None:
    url = f"tasks/{task_id}/data/"
    user("POST", url, headers={"Upload-Multiple": ""}, files={"a.jpg": photo()})
    assert user("POST", url, options, headers={"Upload-Finish": ""}).status == 400
    assert user("GET", "requests").json["count"] == 0


def test_an_end_without_files_is_refused(user: Any, task_id: int) -> None:
    answer = user("POST", f"tasks/{task_id}/data/", {}, headers={"Upload-Finish": ""})
    assert (answer.status, answer.json) == (400, ["No media data found"])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"hello"),
        ("multipart/form-data", b"hello"),
        ("multipart/form-data; boundary=b", b"hello"),
        ("multipart/form-data; boundary=b", b"--b\r\n"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n\r\ncut off',
        ),
    ],
)
def test_a_broken_multipart_body_is_refused_and_nothing_is_kept(
    user: Any, task_id: int, kind: str, body: bytes
) -> None:
    url = f"tasks/{task_id}/data/"
    headers = {"Upload-Multiple": "", "Content-Type": kind}
    assert user("POST", url, headers=headers, body=body).status == 400
    assert user("POST", url, {}, headers={"Upload-Finish": ""}).json == ["No media data found"]


def test_a_part_of_an_upload_says_what_it_is(user: Any, task_id: int) -> None:
    assert user("POST", f"tasks/{task_id}/data", {}).status == 400


def test_frames_can_be_chosen(user: Any, new_task: Callable[..., Any]) -> None:
    options = {"start_frame": 1, "stop_frame": 6, "frame_filter": "step=2"}
    task = new_task(user, frames=9, data=options, segment_size=2)
    assert task["size"] == 3
    meta = user("GET", f"tasks/{task['id']}/data/meta").json
    assert [frame["name"] for frame in meta["frames"]] == ["001.jpg", "003.jpg", "005.jpg"]
    assert (meta["start_frame"], meta["frame_filter"]) == (1, "step=2")
    job = user("GET", f"jobs?task_id={task['id']}").json["results"][0]
    own = user("GET", f"jobs/{job['id']}/data/meta").json
    assert [frame["name"] for frame in own["frames"]] == ["005.jpg"]
    assert (own["size"], own["start_frame"], own["stop_frame"]) == (1, 5, 5)


def test_a_hub_that_starts_goes_on_with_what_was_interrupted(
    settings: Any, start: Callable[..., Any], new_task: Callable[..., Any], photo: Any
) -> None:
    with start(settings) as hub:
        user = hub.new_user()
        task_id, lost_id = (new_task(user, frames=0)["id"] for _ in range(2))
        url = f"tasks/{task_id}/data/"
        user("POST", url, headers={"Upload-Multiple": ""}, files={"a.jpg": photo()})
        headers = user.headers
        # As if the hub had been killed right after its answer, and in the middle of its work.
        with hub.store.write() as connection:
            for number in (task_id, lost_id):
                now = utc_now()
                request = requests.queue_creation(connection, number, user.user_id, {}, now)
                requests.start(connection, request, "working", now)
        leavings = settings.data_dir / "data" / f"preparing-{task_id}"
        leavings.mkdir(parents=True)
        (leavings / "half a photo").write_bytes(b"x")
        (settings.data_dir / "data" / "77").mkdir()
    with start(settings) as hub:
        user = hub.client(headers)
        assert user.finished(requests.creation_of(task_id))["status"] == "finished"
        assert user.finished(requests.creation_of(lost_id))["status"] == "failed"
        task = user("GET", f"tasks/{task_id}").json
        assert task["size"] == 1
        kept = {child.name for child in (settings.data_dir / "data").iterdir()}
        assert kept == {str(task["data"])}


def _announce(user: Any, task_id: int, name: str, length: int) -> Any:
    encoded = base64.b64encode(name.encode()).decode()
    headers = TUS | {"Upload-Length": str(length), "Upload-Metadata": f"filename {encoded}"}
    return user("POST", f"tasks/{task_id}/data/", headers=headers)
