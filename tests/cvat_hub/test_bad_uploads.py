"""Uploads that are refused: each with a clear 4xx in the wire's form, and nothing has changed."""

from __future__ import annotations

import base64
import io
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import PIL.Image
import pytest

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}
START, MULTIPLE, FINISH = ({f"Upload-{name}": ""} for name in ("Start", "Multiple", "Finish"))


@pytest.fixture
def task_id(user: Any, new_task: Callable[..., Any]) -> int:
    return int(new_task(user, frames=0)["id"])


def refused(answer: Any, status: int, reason: str = "") -> None:
    """Check that an answer is a refusal in a form that clients of the wire show to people."""
    assert answer.status == status, answer.body
    said = answer.json
    assert isinstance(said, list) or (isinstance(said, dict) and said)
    assert reason in answer.body.decode()
    assert b"Traceback" not in answer.body


def metadata(name: bytes, key: str = "filename") -> str:
    return f"{key} {base64.b64encode(name).decode()}"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("image_quality", 0, "image_quality"),
        ("image_quality", 101, "image_quality"),
        ("image_quality", -1, "image_quality"),
        ("image_quality", 70.5, "image_quality"),
        ("image_quality", "70", "image_quality"),
        ("image_quality", None, "image_quality"),
        ("image_quality", True, "image_quality"),
        ("chunk_size", -1, "chunk_size"),
        ("chunk_size", 2**31, "chunk_size"),
        ("chunk_size", 2**70, "chunk_size"),
        ("chunk_size", "9", "chunk_size"),
        ("chunk_size", [9], "chunk_size"),
        ("start_frame", -1, "start_frame"),
        ("start_frame", "0", "start_frame"),
        ("start_frame", 2**31, "start_frame"),
        ("stop_frame", -1, "stop_frame"),
        ("stop_frame", 1.5, "stop_frame"),
        ("stop_frame", 2**64, "stop_frame"),
        ("frame_filter", "step=0", "step=N"),
        ("frame_filter", "step=-1", "step=N"),
        ("frame_filter", "step=1.5", "step=N"),
        ("frame_filter", "step=" + "9" * 20, "step=N"),
        ("frame_filter", "step", "step=N"),
        ("frame_filter", "x" * 257, "frame_filter"),
        ("frame_filter", 2, "frame_filter"),
        ("sorting_method", "by colour", "sorting_method"),
        ("sorting_method", None, "sorting_method"),
        ("sorting_method", 1, "sorting_method"),
        ("upload_file_order", "a.jpg", "upload_file_order"),
        ("upload_file_order", [1], "upload_file_order"),
        ("upload_file_order", {"a.jpg": 1}, "upload_file_order"),
        ("use_zip_chunks", "yes", "use_zip_chunks"),
        ("use_zip_chunks", 1, "use_zip_chunks"),
        ("use_cache", None, "use_cache"),
        ("server_files", ["a.jpg"], "from the client only"),
        ("server_files", ["/etc/passwd"], "from the client only"),
        ("remote_files", ["http://localhost/a.jpg"], "from the client only"),
        ("remote_files", ["file:///etc/passwd"], "from the client only"),
        ("cloud_storage_id", 1, "from the client only"),
        ("filename_pattern", "*.jpg", "from the client only"),
        ("job_file_mapping", [["a.jpg"]], "segment_size"),
        ("validation_params", {"mode": "gt"}, "no validation jobs"),
        ("storage_method", "pigeon", "storage_method"),
    ],
)
def test_an_option_that_is_wrong_is_refused_before_anything_starts(
    user: Any, task_id: int, photo: Any, name: str, value: Any, reason: str
) -> None:
    url = f"tasks/{task_id}/data/"
    user("POST", url, headers=MULTIPLE, files={"a.jpg": photo()})
    refused(user("POST", url, {name: value}, headers=FINISH), 400, reason)
    assert user("GET", "requests").json["count"] == 0
    done = user("POST", url, {}, headers=FINISH)
    assert user.finished(done.json["rq_id"])["status"] == "finished"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"chunk_size": 0}, "chunk_size: expected 1 or more"),
        ({"start_frame": 1}, "start_frame: expected 0 to 0"),
        ({"start_frame": 2**31 - 1}, "start_frame: expected 0 to 0"),
        (
            {"sorting_method": "predefined", "upload_file_order": ["b.jpg"]},
            "does not name the uploaded 'a.jpg'",
        ),
        (
            {"sorting_method": "predefined", "upload_file_order": ["a.jpg", "../b.jpg"]},
            "must not hold empty parts",
        ),
    ],
)
def test_options_that_do_not_fit_the_files_make_the_request_fail(
    user: Any, task_id: int, photo: Any, options: dict[str, Any], reason: str
) -> None:
    request = user.upload(task_id, {"a.jpg": photo()}, **options)
    assert request["status"] == "failed"
    assert reason in request["message"]
    assert "data" not in user("GET", f"tasks/{task_id}").json


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b"nul", b'{"image_quality": NaN}'])
def test_an_end_with_a_broken_body_is_refused(
    user: Any, task_id: int, photo: Any, body: bytes
) -> None:
    url = f"tasks/{task_id}/data/"
    user("POST", url, headers=MULTIPLE, files={"a.jpg": photo()})
    refused(user("POST", url, headers=FINISH, body=body), 400)
    assert user("GET", "requests").json["count"] == 0


HEAD = b'--b\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n\r\n'
PART = HEAD % b"a.jpg" + b"x"
FORM = "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("", PART, "multipart/form-data"),
        ("text/plain", b"hello", "multipart/form-data"),
        ("application/json", b"{}", "multipart/form-data"),
        ("multipart/mixed; boundary=b", PART, "multipart/form-data"),
        ("multipart/form-data", PART, "multipart/form-data"),
        ("multipart/form-data; boundary=", PART, "multipart/form-data"),
        (FORM, b"", "cut off"),
        (FORM, b"hello", "broken"),
        (FORM, b"--b\r\n", "cut off"),
        (FORM, b"--other\r\n", "broken"),
        (FORM, PART, "cut off"),
        (FORM, PART + b"\r\n--b", "cut off"),
        (FORM, PART + b"\r\n--other--\r\n", "cut off"),
        (FORM, b"--b\r\nX: " + b"x" * 20_000 + b"\r\n\r\nx\r\n--b--\r\n", "header"),
        (FORM, b"--b\r\nno colon\r\n\r\nx\r\n--b--\r\n", "broken"),
        (FORM, b"--b\r\n(: x\r\n\r\nx\r\n--b--\r\n", "broken"),
        (FORM, HEAD % b"\xff.jpg" + b"x\r\n--b--\r\n", "UTF-8"),
        (FORM, HEAD % b"" + b"x\r\n--b--\r\n", "file name"),
        (FORM, HEAD % b".." + b"x\r\n--b--\r\n", "file name"),
        (FORM, HEAD % b"a/" + b"x\r\n--b--\r\n", "file name"),
        (FORM, HEAD % b"a\x01.jpg" + b"x\r\n--b--\r\n", "control characters"),
        (FORM, HEAD % (b"a" * 300 + b".jpg") + b"x\r\n--b--\r\n", "longer than"),
    ],
)
def test_a_broken_form_is_refused_and_its_broken_part_is_not_kept(
    hub: Any, user: Any, task_id: int, kind: str, body: bytes, reason: str
) -> None:
    url = f"tasks/{task_id}/data/"
    refused(user("POST", url, headers=MULTIPLE | {"Content-Type": kind}, body=body), 400, reason)
    refused(user("POST", url, {}, headers=FINISH), 400, "No media data found")
    folder = hub.settings.data_dir / "uploads" / str(task_id)
    assert not folder.exists() or list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("length", "told", "status", "reason"),
    [
        ("", metadata(b"a.jpg"), 400, "Upload-Length"),
        ("x", metadata(b"a.jpg"), 400, "Upload-Length"),
        ("-1", metadata(b"a.jpg"), 400, "Upload-Length"),
        ("1.5", metadata(b"a.jpg"), 400, "Upload-Length"),
        ("\u0663".encode().decode("latin-1"), metadata(b"a.jpg"), 400, "Upload-Length"),
        ("0", metadata(b"a.jpg"), 400, "1 byte or more"),
        ("9" * 30, metadata(b"a.jpg"), 400, "Upload-Length"),
        (str(2**36 + 1), metadata(b"a.jpg"), 413, "over the limit"),
        ("9" * 15, metadata(b"a.jpg"), 413, "over the limit"),
        ("3", "", 400, "filename"),
        ("3", "filename", 400, "filename"),
        ("3", metadata(b"a.jpg", "name"), 400, "filename"),
        ("3", metadata(b""), 400, "filename"),
        ("3", "filename !!!", 400, "base64"),
        ("3", "filename YQ", 400, "base64"),
        ("3", "filename /w==", 400, "base64"),
        ("3", metadata(b"/etc/passwd"), 400, "relative path"),
        ("3", metadata(b"C:\\a.jpg"), 400, "relative path"),
        ("3", metadata(b"../../a.jpg"), 400, "file name"),
        ("3", metadata(b"a/../../b.jpg"), 400, "file name"),
        ("3", metadata(b"a\\..\\..\\b.jpg"), 400, "file name"),
        ("3", metadata(b"a//b.jpg"), 400, "file name"),
        ("3", metadata(b"a\x00.jpg"), 400, "control characters"),
        ("3", metadata(b"a\nb.jpg"), 400, "control characters"),
        ("3", metadata(b"a" * 256), 400, "longer than"),
        ("3", metadata(b"a/" * 600 + b"b.jpg"), 400, "longer than"),
    ],
)
def test_a_file_in_pieces_that_is_announced_wrongly_is_refused(
    hub: Any, user: Any, task_id: int, length: str, told: str, status: int, reason: str
) -> None:
    headers = TUS | {"Upload-Length": length, "Upload-Metadata": told}
    refused(user("POST", f"tasks/{task_id}/data/", headers=headers), status, reason)
    assert not (hub.settings.data_dir / "uploads" / str(task_id)).exists()


@pytest.mark.parametrize(
    ("headers", "body", "status", "reason"),
    [
        ({"Upload-Offset": "0"}, b"cdef", 409, "continues at byte 2"),
        ({"Upload-Offset": "1"}, b"cd", 409, "continues at byte 2"),
        ({"Upload-Offset": "3"}, b"d", 409, "continues at byte 2"),
        ({"Upload-Offset": "4"}, b"", 409, "continues at byte 2"),
        ({"Upload-Offset": "999999999999999"}, b"c", 409, "continues at byte 2"),
        ({"Upload-Offset": "2"}, b"cdefg", 400, "more than the announced 4 bytes"),
        ({"Upload-Offset": "2"}, b"c" * 300_000, 400, "more than the announced 4 bytes"),
        ({"Upload-Offset": "-2"}, b"cd", 400, "Upload-Offset"),
        ({"Upload-Offset": "2.0"}, b"cd", 400, "Upload-Offset"),
        ({"Upload-Offset": "x"}, b"cd", 400, "Upload-Offset"),
        ({"Upload-Offset": ""}, b"cd", 400, "Upload-Offset"),
        ({"Upload-Offset": "9" * 40}, b"cd", 400, "Upload-Offset"),
        ({}, b"cd", 400, "Upload-Offset"),
        ({"Upload-Offset": "2", "Content-Type": "text/plain"}, b"cd", 400, "Content-Type"),
        ({"Upload-Offset": "2", "Content-Type": ""}, b"cd", 400, "Content-Type"),
    ],
)
def test_a_piece_that_does_not_fit_changes_nothing(
    user: Any, task_id: int, headers: dict[str, str], body: bytes, status: int, reason: str
) -> None:
    announced = TUS | {"Upload-Length": "4", "Upload-Metadata": metadata(b"a.jpg")}
    location = user("POST", f"tasks/{task_id}/data/", headers=announced).headers["Location"]
    user("PATCH", location, headers=PIECE | {"Upload-Offset": "0"}, body=b"ab")
    refused(user("PATCH", location, headers=PIECE | headers, body=body), status, reason)
    assert user("HEAD", location).headers["Upload-Offset"] == "2"
    rest = user("PATCH", location, headers=PIECE | {"Upload-Offset": "2"}, body=b"cd")
    assert (rest.status, rest.headers["Upload-Offset"]) == (204, "4")


@pytest.mark.parametrize("method", ["HEAD", "PATCH"])
@pytest.mark.parametrize("file_id", ["0" * 32, "arrived.jsonl", "..%2f..%2fhub.lock", "%00", "é"])
def test_an_upload_that_is_not_known_is_not_found(
    user: Any, task_id: int, method: str, file_id: str
) -> None:
    headers = PIECE | {"Upload-Offset": "0"}
    assert user(method, f"tasks/{task_id}/data/{file_id}", headers=headers).status == 404


def test_an_upload_belongs_to_its_task(user: Any, task_id: int, new_task: Any) -> None:
    announced = TUS | {"Upload-Length": "4", "Upload-Metadata": metadata(b"a.jpg")}
    location = user("POST", f"tasks/{task_id}/data/", headers=announced).headers["Location"]
    other = new_task(user, frames=0)["id"]
    strange = location.replace(f"tasks/{task_id}/", f"tasks/{other}/")
    assert user("HEAD", strange).status == 404
    assert user("HEAD", location).status == 200


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "data", START),
        ("POST", "data", MULTIPLE),
        ("POST", "data", FINISH),
        ("POST", "data", TUS | {"Upload-Length": "3", "Upload-Metadata": metadata(b"a.jpg")}),
        ("HEAD", f"data/{'0' * 32}", TUS),
        ("PATCH", f"data/{'0' * 32}", PIECE | {"Upload-Offset": "0"}),
        ("PATCH", "data/meta", {}),
    ],
)
def test_nobody_uploads_to_a_task_that_is_missing_foreign_or_full(
    hub: Any, user: Any, new_task: Any, method: str, path: str, headers: dict[str, str]
) -> None:
    foreign, full = new_task(hub.new_user(), frames=0)["id"], new_task(user)["id"]
    for task_id in (foreign, 2**31 - 1, 2**31, 10**30):
        answer = user(method, f"tasks/{task_id}/{path}", headers=headers, body=b"{}")
        assert answer.status == 404, task_id
    stranger = hub.client()
    assert stranger(method, f"tasks/{full}/{path}", headers=headers, body=b"{}").status == 401
    if path != "data/meta":
        answer = user(method, f"tasks/{full}/{path}", headers=headers, body=b"{}")
        assert answer.status == 409
    assert user("GET", f"tasks/{full}").json["size"] == 4


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ([4], 400),
        ([-1], 400),
        ([2**31], 400),
        ([2**70], 400),
        (["0"], 400),
        ([0.5], 400),
        ([True], 400),
        ([None], 400),
        ([[0]], 400),
        (1, 400),
        ("0", 400),
        (None, 400),
        ({"0": 1}, 400),
    ],
)
def test_frames_that_are_not_there_are_not_deleted(
    user: Any, new_task: Any, wrong: Any, status: int
) -> None:
    task = new_task(user)
    url = f"tasks/{task['id']}/data/meta"
    assert user("PATCH", url, {"deleted_frames": [1]}).status == 200
    refused(user("PATCH", url, {"deleted_frames": wrong}), status, "deleted_frames")
    assert user("GET", url).json["deleted_frames"] == [1]


def png_bomb(width: int, height: int) -> bytes:
    """Make a small PNG that announces a huge picture, and holds the first rows of it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * 20))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def patched(form: str, offset: int, layout: str, *values: int) -> bytes:
    """Make a small image that announces another size."""
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(buffer, form)
    body = bytearray(buffer.getvalue())
    struct.pack_into(layout, body, offset, *values)
    return bytes(body)


def tiff_bomb() -> bytes:
    entries = [(256, 4, 1, 60_000), (257, 4, 1, 60_000), (258, 3, 1, 8), (259, 3, 1, 5),
               (262, 3, 1, 1), (273, 4, 1, 8), (278, 4, 1, 60_000), (279, 4, 1, 4)]  # fmt: skip
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries))
    return head + packed + bytes(4)


def cut(body: bytes, share: float) -> bytes:
    return body[: int(share * len(body))]


def bad_media(photo: Any, video: bytes) -> Iterator[tuple[str, str, bytes]]:
    picture = PIL.Image.new("RGB", (64, 64), (9, 99, 199))
    for form in ("png", "bmp", "gif", "webp", "tiff", "jpeg"):
        buffer = io.BytesIO()
        picture.save(buffer, form)
        yield f"cut {form}", f"a.{form}", cut(buffer.getvalue(), 0.7)
    yield "empty image", "a.jpg", b""
    yield "text", "a.jpg", b"hello"
    yield "html", "a.jpg", b"<html></html>"
    yield "program", "a.png", b"\x7fELF" + bytes(100)
    yield "video named as image", "a.jpg", video
    yield "image named as video", "a.mp4", b"\xff\xd8\xff\xe0" + bytes(100)
    yield "image named as zip", "a.zip", photo()
    yield "png bomb", "a.png", png_bomb(60_000, 60_000)
    yield "long png", "a.png", png_bomb(100_000, 1)
    yield "gif bomb", "a.gif", patched("gif", 6, "<HH", 60_000, 60_000)
    yield "bmp bomb", "a.bmp", patched("bmp", 18, "<ii", 60_000, 60_000)
    yield "tiff bomb", "a.tif", tiff_bomb()
    yield "cut video", "a.mp4", cut(video, 0.6)
    yield "empty video", "a.mkv", b""
    yield "head of a video", "a.mp4", video[:64]
    yield "playlist", "a.mp4", b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n"
    yield "list of files", "a.mkv", b"ffconcat version 1.0\nfile /etc/passwd\n"
    yield "unsupported", "a.pdf", b"%PDF-1.4"
    yield "no type", "README", b"hello"
    yield "points", "a.pcd", b"# .PCD"


def test_media_that_cannot_be_used_make_the_request_fail_and_the_task_stays_empty(
    user: Any, new_task: Any, photo: Any, video: bytes
) -> None:
    task_id = new_task(user, frames=0)["id"]
    for case, name, body in bad_media(photo, video):
        request = user.upload(task_id, {name: body})
        assert request["status"] == "failed", case
        assert name in request["message"], case
        assert "hub failed" not in request["message"], (case, request["message"])
        assert "data" not in user("GET", f"tasks/{task_id}").json
        assert user("GET", f"tasks/{task_id}/data/meta").status == 404
    # And of the tries nothing is left that would be in the way.
    assert user.upload(task_id, {"a.jpg": photo()})["status"] == "finished"


def test_a_body_that_ends_early_leaves_what_came_of_a_piece(user: Any, task_id: int) -> None:
    length = 600_000
    announced = TUS | {"Upload-Length": str(length), "Upload-Metadata": metadata(b"a.jpg")}
    location = user("POST", f"tasks/{task_id}/data/", headers=announced).headers["Location"]
    headers = PIECE | {"Upload-Offset": "0", "Content-Length": str(length)}
    with _sent(user, "PATCH", location, headers, bytes(length // 2)):
        while user("HEAD", location).headers["Upload-Offset"] == "0":
            pass
    status = 409  # as long as the hub doesn't know that the first one has gone
    while status == 409:
        offset = int(user("HEAD", location).headers["Upload-Offset"])
        headers = PIECE | {"Upload-Offset": str(offset)}
        status = user("PATCH", location, headers=headers, body=bytes(length - offset)).status
    assert status == 204
    assert 0 < offset <= length // 2


def test_a_form_that_ends_early_leaves_nothing(hub: Any, user: Any, task_id: int) -> None:
    url = f"{user.address}/api/tasks/{task_id}/data/"
    headers = MULTIPLE | {"Content-Type": FORM, "Content-Length": "999"}
    with _sent(user, "POST", url, headers, PART) as line:
        line.shutdown(socket.SHUT_WR)
        assert not line.recv(1)
    refused(user("POST", url, {}, headers=FINISH), 400, "No media data found")


def test_what_follows_a_body_is_not_part_of_it(user: Any, task_id: int) -> None:
    announced = TUS | {"Upload-Length": "9", "Upload-Metadata": metadata(b"a.jpg")}
    location = user("POST", f"tasks/{task_id}/data/", headers=announced).headers["Location"]
    headers = PIECE | {"Upload-Offset": "0", "Content-Length": "3"}
    with _sent(user, "PATCH", location, headers, b"abcdefghi") as line:
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert answer.startswith((b"HTTP/1.1 204", b"HTTP/1.1 400"))
    assert user("HEAD", location).headers["Upload-Offset"] in ("0", "3")


def test_a_whole_request_of_files_has_a_limit(
    settings: Any, start: Callable[..., Any], new_task: Any, photo: Any
) -> None:
    with start(replace(settings, max_upload_bytes=1000)) as hub:
        user = hub.new_user()
        url = f"tasks/{new_task(user, frames=0)['id']}/data/"
        files = {f"{number}.bin": bytes(400) for number in range(3)}
        refused(user("POST", url, headers=MULTIPLE, files=files), 413, "larger than 1000 bytes")
        announced = TUS | {"Upload-Length": "1001", "Upload-Metadata": metadata(b"a.jpg")}
        refused(user("POST", url, headers=announced), 413, "over the limit of 1000 bytes")
        told = user("OPTIONS", url)
        assert (told.status, told.headers["Tus-Max-Size"]) == (204, "1000")
        assert (told.headers["Tus-Version"], told.headers["Tus-Extension"]) == ("1.0.0", "creation")


def test_a_file_sent_again_in_pieces_takes_the_place_of_the_first(
    user: Any, task_id: int, photo: Any
) -> None:
    url = f"tasks/{task_id}/data/"
    for content in (photo(1), photo(2)):
        told = {"Upload-Length": str(len(content)), "Upload-Metadata": metadata(b"a.jpg")}
        location = user("POST", url, headers=TUS | told).headers["Location"]
        user("PATCH", location, headers=PIECE | {"Upload-Offset": "0"}, body=content)
    done = user("POST", url, {}, headers=FINISH)
    assert user.finished(done.json["rq_id"])["status"] == "finished"
    assert user("GET", f"tasks/{task_id}").json["size"] == 1
    assert user("GET", f"{url}?type=frame&number=0&quality=original").body == photo(2)


def test_two_ends_are_one_too_many(user: Any, task_id: int, photo: Any) -> None:
    url = f"tasks/{task_id}/data/"
    user("POST", url, headers=MULTIPLE, files={"a.jpg": photo()})
    first = user("POST", url, {}, headers=FINISH)
    refused(user("POST", url, {}, headers=FINISH), 409)
    assert user.finished(first.json["rq_id"])["status"] == "finished"
    refused(user("POST", url, {}, headers=FINISH), 409)


def _sent(user: Any, method: str, url: str, headers: dict[str, str], body: bytes) -> socket.socket:
    """Send a request byte by byte as given; return the open connection."""
    where = urlsplit(url)
    lines = [f"{method} {where.path} HTTP/1.1", "Host: hub", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (user.headers | headers).items()]
    line = socket.create_connection((where.hostname, where.port), timeout=30)
    line.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    return line
