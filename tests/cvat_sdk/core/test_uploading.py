from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from urllib3.exceptions import ProtocolError

from cvat_sdk.core.client import Client
from cvat_sdk.core.progress import BaseProgressReporter, NullProgressReporter
from cvat_sdk.core.tus import TusUpload
from cvat_sdk.core.uploading import (
    DataUploader,
    LocalFile,
    MultipartForm,
    check_local_files,
    data_request,
    plan_requests,
)
from cvat_sdk.exceptions import ApiException, ApiValueError

DATA = "/api/tasks/5/data/"
LOGGER = logging.getLogger(__name__)
MakeFiles = Callable[..., list[Path]]


@pytest.fixture
def files(tmp_path: Path) -> MakeFiles:
    def make(**sizes: int) -> list[Path]:
        paths = [tmp_path / f"{name}.jpg" for name in sizes]
        for path, size in zip(paths, sizes.values(), strict=True):
            path.write_bytes(path.stem[0].encode() * size)
        return paths

    return make


def _local(paths: list[Path]) -> list[LocalFile]:
    return [LocalFile(path, path.stat().st_size) for path in paths]


@pytest.mark.parametrize(
    ("sizes", "groups", "large"),
    [
        ({}, [], []),
        ({"a": 10}, ["a"], []),
        ({"a": 11}, [], ["a"]),
        ({"a": 4, "b": 4, "c": 4}, ["ab", "c"], []),
        ({"a": 4, "b": 12, "c": 4, "d": 0}, ["acd"], ["b"]),
        ({"a": 10, "b": 0, "c": 1}, ["ab", "c"], []),
    ],
)
def test_files_are_grouped_into_requests(
    files: MakeFiles, sizes: dict[str, int], groups: list[str], large: list[str]
) -> None:
    planned, too_large = plan_requests(_local(files(**sizes)), limit=10)
    assert ["".join(file.path.stem for file in group) for group in planned] == groups
    assert [file.path.stem for file in too_large] == large


def test_missing_and_ambiguous_files_are_refused(tmp_path: Path, files: MakeFiles) -> None:
    (present,) = files(a=1)
    (tmp_path / "sub").mkdir()
    other = tmp_path / "sub" / "a.jpg"
    other.write_bytes(b"")
    with pytest.raises(FileNotFoundError, match=r"gone\.jpg"):
        check_local_files([present, tmp_path / "gone.jpg"])
    with pytest.raises(FileNotFoundError, match="sub"):
        check_local_files([tmp_path / "sub"])
    with pytest.raises(ApiValueError, match=r"2 files are named 'a\.jpg'"):
        check_local_files([str(present), other])
    with pytest.raises(ApiValueError, match="at least one file"):
        check_local_files([])


def test_parameters_become_the_request(caplog: pytest.LogCaptureFixture) -> None:
    request = data_request(
        {"frame_step": 2, "chunk_size": 9, "sorting_method": None, "nonsense": 1}, LOGGER
    )
    assert request == {"image_quality": 70, "chunk_size": 9, "frame_filter": "step=2"}
    assert "nonsense" in caplog.text


def test_a_form_is_as_long_as_it_says_and_can_be_read(files: MakeFiles, tmp_path: Path) -> None:
    odd = tmp_path / 'ü "x"\n.png'
    odd.write_bytes(b"\r\n--")
    form = MultipartForm({"image_quality": "70"}, _local([*files(a=3), odd]), boundary="B")
    body = b"".join(form.pieces(NullProgressReporter()))
    assert len(body) == form.length
    head = f"Content-Type: {form.content_type}\r\n\r\n".encode()
    _, quality, first, second = message_from_bytes(head + body).walk()
    assert quality.get_payload() == "70"
    assert first.get_payload(decode=True) == b"aaa"
    assert first.get_content_type() == "image/jpeg"
    assert second.get_payload(decode=True) == b"\r\n--"
    assert 'filename="ü %22x%22%0A.png"'.encode() in body


def test_a_file_that_changes_while_it_is_sent_is_noticed(files: MakeFiles) -> None:
    (path,) = files(a=3)
    for announced in (2, 4):
        form = MultipartForm({}, [LocalFile(path, announced)])
        with pytest.raises(ApiException, match="has changed while it was sent"):
            list(form.pieces(NullProgressReporter()))


class Counter(BaseProgressReporter):
    def __init__(self) -> None:
        super().__init__()
        self.done = self.total = 0

    def start2(self, total: int, **kwargs: Any) -> None:
        super().start2(total)
        self.total = total

    def advance(self, delta: int) -> None:
        self.done += delta


class TusServer:
    """Takes files in pieces, and can lose answers or pieces."""

    def __init__(self, server: Any, *, trouble: list[Any] | None = None) -> None:
        self.received: dict[str, bytes] = {}
        self.trouble = trouble or []
        self.server = server
        server.handle("POST", DATA, self.post)

    def post(self, sent: Any) -> tuple[int, Any, dict[str, str]]:
        if "Upload-Metadata" in sent.headers:
            name = base64.b64decode(sent.headers["Upload-Metadata"].split()[1]).decode()
            path = f"{DATA}{len(self.received)}"
            self.received[path] = b""
            self.server.handle("PATCH", path, self.patch)
            self.server.handle("HEAD", path, self.head)
            return 201, name, {"Location": f"https://inside.test{path}"}
        if "Upload-Multiple" in sent.headers:
            return 200, None, {}
        return 202, {"rq_id": "r"} if "Upload-Finish" in sent.headers else None, {}

    def patch(self, sent: Any) -> tuple[int, Any, dict[str, str]]:
        trouble = self.trouble.pop(0) if self.trouble else None
        if trouble == "lose piece":
            raise ProtocolError("cut")
        if trouble == "cut piece":
            self.received[sent.path] += sent.body[: len(sent.body) // 2]
            raise ProtocolError("cut")
        if int(sent.headers["Upload-Offset"]) != len(self.received[sent.path]):
            return 409, None, {}
        self.received[sent.path] += sent.body
        if trouble == "lose answer":
            raise ProtocolError("cut")
        if isinstance(trouble, int):
            return trouble, None, {}
        return 204, None, {"Upload-Offset": str(len(self.received[sent.path]))}

    def head(self, sent: Any) -> tuple[int, Any, dict[str, str]]:
        return 200, None, {"Upload-Offset": str(len(self.received[sent.path]))}


def test_small_files_go_together_and_large_ones_in_pieces(
    client: Client, server: Any, files: MakeFiles
) -> None:
    tus, bar = TusServer(server), Counter()
    uploader = DataUploader(client.api_client, LOGGER, limit=10)
    answer = uploader.upload(
        5, files(a=4, b=25, c=4), {"image_quality": 80, "sorting_method": "predefined"}, pbar=bar
    )
    assert answer == {"rq_id": "r"}
    assert list(tus.received.values()) == [b"b" * 25]
    start, group, *_, finish = server.of("POST", DATA)
    assert "Upload-Start" in start.headers
    assert b"aaaa" in group.body
    assert b"cccc" in group.body
    assert finish.json == {
        "image_quality": 80,
        "sorting_method": "predefined",
        "upload_file_order": ["a.jpg", "b.jpg", "c.jpg"],
    }
    assert bar.done == bar.total == 33
    assert {sent.host for sent in server.sent} == {"cvat.test:8080"}


@pytest.mark.parametrize(
    "trouble",
    [
        ["lose piece"],
        ["lose answer"],
        ["cut piece"],
        [None, "cut piece", "cut piece", None, 502],
        [502],
        [None, "lose answer", "lose piece", 503],
        ["lose answer", "lose answer", "lose answer", "lose answer"],
    ],
)
def test_an_upload_goes_on_where_it_was_cut(
    client: Client, server: Any, files: MakeFiles, trouble: list[Any]
) -> None:
    server_state, bar = TusServer(server, trouble=trouble), Counter()
    (path,) = files(a=25)
    TusUpload(client.api_client, DATA, piece_size=4).send(path, bar)
    assert list(server_state.received.values()) == [b"a" * 25]
    assert bar.done == 25


def test_an_upload_to_a_server_that_stays_away_ends(
    client: Client, server: Any, files: MakeFiles, waits: list[float]
) -> None:
    TusServer(server, trouble=["lose piece"] * 100)
    with pytest.raises(Exception, match="broke off"):
        TusUpload(client.api_client, DATA, piece_size=4).send(files(a=8)[0], Counter())
    assert len(waits) == 3


def test_an_upload_that_is_refused_is_not_tried_again(
    client: Client, server: Any, files: MakeFiles, waits: list[float]
) -> None:
    TusServer(server, trouble=[413])
    with pytest.raises(ApiException, match="413"):
        TusUpload(client.api_client, DATA, piece_size=4).send(files(a=8)[0], Counter())
    assert waits == []


def test_a_server_that_does_not_say_where_to_is_an_error(
    client: Client, server: Any, files: MakeFiles
) -> None:
    server.answer("POST", DATA, 201)
    with pytest.raises(ApiException, match="does not say where the file goes"):
        TusUpload(client.api_client, DATA).send(files(a=8)[0], Counter())
