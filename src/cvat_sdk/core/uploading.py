"""Giving a task its data: which requests, with which files in each, read from disk as they go."""

from __future__ import annotations

import json
import logging
import mimetypes
import os
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvat_sdk import models
from cvat_sdk.api_client.rest import raise_for_status
from cvat_sdk.core.progress import NullProgressReporter
from cvat_sdk.core.tus import TusUpload
from cvat_sdk.exceptions import ApiException, ApiValueError

if TYPE_CHECKING:
    from cvat_sdk.api_client import ApiClient
    from cvat_sdk.core.progress import ProgressReporter

# Larger requests are cut off by common proxies.
MAX_REQUEST_SIZE = 100 << 20
DEFAULT_IMAGE_QUALITY = 70
_PIECE_SIZE = 1 << 18


def check_local_files(resources: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the files as paths.

    Raises:
        FileNotFoundError: one of them is not there, or is not a file.
        ApiValueError: two have the same name, or there is none at all. The server tells the files
            of a task apart by name, without the folder.
    """
    files = [Path(path) for path in resources]
    if not files:
        raise ApiValueError("a task needs at least one file")
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(f"{file}: there is no such file")
    name, count = Counter(file.name for file in files).most_common(1)[0]
    if count > 1:
        raise ApiValueError(f"{count} files are named {name!r}; within a task, names must differ")
    return files


def data_request(params: Mapping[str, Any], logger: logging.Logger) -> dict[str, Any]:
    """Return the request that finishes an upload, from the arguments that scripts give."""
    given = {name: value for name, value in params.items() if value is not None}
    request: dict[str, Any] = {"image_quality": DEFAULT_IMAGE_QUALITY}
    step = given.pop("frame_step", None)
    for name, value in given.items():
        if name in models.DataRequest.__struct_fields__:
            request[name] = value
        else:
            logger.warning("there is no data parameter %r; it is not sent", name)
    if step is not None:
        request["frame_filter"] = f"step={step}"
    return request


@dataclass(frozen=True)
class LocalFile:
    """A file with the size that it had when it was looked at."""

    path: Path
    size: int


def plan_requests(
    files: Iterable[LocalFile], *, limit: int = MAX_REQUEST_SIZE
) -> tuple[list[list[LocalFile]], list[LocalFile]]:
    """Return the groups of files that fit into one request each, and those that are too large.

    The order is kept within each of the two.
    """
    groups: list[list[LocalFile]] = []
    large: list[LocalFile] = []
    room = 0
    for file in files:
        if file.size > limit:
            large.append(file)
            continue
        if not groups or file.size > room:
            groups.append([])
            room = limit
        groups[-1].append(file)
        room -= file.size
    return groups, large


class DataUploader:
    """Sends the data of tasks, in memory that does not grow with the files."""

    def __init__(
        self, api_client: ApiClient, logger: logging.Logger, *, limit: int = MAX_REQUEST_SIZE
    ) -> None:
        self._api_client = api_client
        self._logger = logger
        self._limit = limit

    def upload(
        self,
        task_id: int,
        paths: Sequence[Path],
        request: Mapping[str, Any],
        *,
        pbar: ProgressReporter | None = None,
    ) -> dict[str, Any]:
        """Send files, and the request that has the server take them in; return its answer.

        Raises:
            ApiException: the server refuses, or a file changed while it was sent.
            TransportError: the server does not answer.
        """
        pbar = pbar or NullProgressReporter()
        files = [LocalFile(path, path.stat().st_size) for path in paths]
        groups, large = plan_requests(files, limit=self._limit)
        total = sum(file.size for file in files)
        self._logger.info("task %s: sending %d files, %d bytes", task_id, len(files), total)
        self._post(task_id, {"Upload-Start": ""})
        with pbar.task(
            total=total, desc="Uploading data", unit="B", unit_scale=True, unit_divisor=1024
        ):
            for group in groups:
                self._send_group(task_id, group, request["image_quality"], pbar)
            for file in large:
                TusUpload(self._api_client, _path(task_id)).send(file.path, pbar)
        if request.get("sorting_method") == "predefined":
            request = {**request, "upload_file_order": [path.name for path in paths]}
        return self.finish(task_id, request, {"Upload-Finish": ""})

    def finish(
        self, task_id: int, request: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Have the server take in what was sent, or what `request` names; return its answer."""
        answer: dict[str, Any] = self._post(task_id, headers or {}, dict(request))
        return answer

    def _send_group(
        self, task_id: int, group: Sequence[LocalFile], image_quality: int, pbar: ProgressReporter
    ) -> None:
        form = MultipartForm({"image_quality": str(image_quality)}, group)
        headers = {
            "Upload-Multiple": "",
            "Content-Type": form.content_type,
            "Content-Length": str(form.length),
        }
        self._post(task_id, headers, form.pieces(pbar))

    def _post(self, task_id: int, headers: Mapping[str, str], body: Any = None) -> dict[str, Any]:
        url = self._api_client.make_url(_path(task_id))
        response = self._api_client.send("POST", url, headers=headers, body=body)
        raise_for_status(response)
        answer = json.loads(response.data) if response.data else {}
        return answer if isinstance(answer, dict) else {}


class MultipartForm:
    """A `multipart/form-data` body (RFC 7578) of fields and files `client_files[i]`.

    Attributes:
        length: of the body in bytes.
    """

    def __init__(
        self, fields: Mapping[str, str], files: Sequence[LocalFile], *, boundary: str | None = None
    ) -> None:
        self._boundary = boundary or secrets.token_hex(16)
        self._fields = b"".join(
            self._head(f'name="{name}"') + f"{value}\r\n".encode() for name, value in fields.items()
        )
        self._files = [(self._file_head(i, file), file) for i, file in enumerate(files)]
        self._end = f"--{self._boundary}--\r\n".encode()
        parts = sum(len(head) + file.size + len(b"\r\n") for head, file in self._files)
        self.length = len(self._fields) + parts + len(self._end)

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self._boundary}"

    def pieces(self, pbar: ProgressReporter) -> Iterator[bytes]:
        """Yield the body, reading the files as it goes and reporting their bytes.

        Raises:
            ApiException: a file is no longer of the size that was announced.
        """
        yield self._fields
        for head, file in self._files:
            yield head
            yield from _read(file, pbar)
            yield b"\r\n"
        yield self._end

    def _file_head(self, index: int, file: LocalFile) -> bytes:
        kind = mimetypes.guess_type(file.path.name)[0] or "application/octet-stream"
        name = f'name="client_files[{index}]"; filename="{_quote(file.path.name)}"'
        return self._head(name, f"Content-Type: {kind}\r\n")

    def _head(self, disposition: str, more: str = "") -> bytes:
        head = f"--{self._boundary}\r\nContent-Disposition: form-data; {disposition}\r\n{more}\r\n"
        return head.encode()


def _path(task_id: int) -> str:
    return f"/api/tasks/{task_id}/data/"


def _quote(name: str) -> str:
    # As browsers do (WHATWG HTML, multipart/form-data encoding algorithm).
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _read(file: LocalFile, pbar: ProgressReporter) -> Iterator[bytes]:
    left = file.size
    with file.path.open("rb") as stream:
        while piece := stream.read(min(_PIECE_SIZE, left)):
            left -= len(piece)
            pbar.advance(len(piece))
            yield piece
        if left or stream.read(1):
            raise ApiException(reason=f"{file.path} has changed while it was sent")
