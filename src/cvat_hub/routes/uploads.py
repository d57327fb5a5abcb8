"""Uploads of a task's data: a start, whole files by multipart, pieces by TUS 1.0.0, the end."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import quote

from sqlalchemy import Connection

from cvat_hub import schema
from cvat_hub.call import Call, Handler, Lane
from cvat_hub.errors import BadRequest, Conflict, NotFound, TooLarge, at
from cvat_hub.media.manifest import frame_step
from cvat_hub.media.uploads import UploadFolder
from cvat_hub.multipart import parts
from cvat_hub.replies import JSON, Reply, empty, json_reply
from cvat_hub.rights import access
from cvat_hub.rights.access import Right
from cvat_hub.store import requests, tasks
from cvat_sdk import models
from cvat_sdk.models.record import decoder

from .data import PIXELS, QUERY, show

T = TypeVar("T")
_finish_options = decoder(models.DataRequest)
_MAX_JSON = 1024 * 1024 * 64
_TUS = {
    "Tus-Resumable": "1.0.0",
    "Cache-Control": "no-store",
    "Access-Control-Expose-Headers": "Location, Upload-Offset, Upload-Length",
}
_CLIENT_ONLY = "this hub takes files from the client only"
_UNDERSTOOD = {
    "Tus-Version": "1.0.0",
    "Tus-Extension": "creation",
}
# What other servers do with data, and this one doesn't.
_NOT_HERE = {
    "server_files": _CLIENT_ONLY,
    "remote_files": _CLIENT_ONLY,
    "cloud_storage_id": _CLIENT_ONLY,
    "filename_pattern": _CLIENT_ONLY,
    "job_file_mapping": "this hub makes jobs by segment_size and overlap only",
    "validation_params": "this hub has no validation jobs",
}
_OPTIONS = (
    "image_quality",
    "chunk_size",
    "start_frame",
    "stop_frame",
    "frame_filter",
    "sorting_method",
    "upload_file_order",
    "use_zip_chunks",
    "use_cache",
)


def receive(call: Call) -> Reply:
    """Receive a part of an upload; a header tells which part."""
    headers = call.request.headers
    folder = _folder(call)
    if "Upload-Start" in headers:
        return _start(call)
    if "Upload-Length" in headers:
        return _start_file(call, folder)
    if "Upload-Multiple" in headers:
        _save_files(call, folder)
        return empty(200)
    if "Upload-Finish" in headers:
        return _finish(call, folder)
    raise BadRequest(
        "expected one of the headers Upload-Start, Upload-Multiple, Upload-Length, Upload-Finish"
    )


def show_offset(call: Call) -> Reply:
    """Tell how much of a file has come."""
    offset, length = _known(call, lambda folder, file_id: folder.offset(file_id))
    return empty(200, {**_TUS, "Upload-Offset": str(offset), "Upload-Length": str(length)})


def tell_tus(call: Call) -> Reply:
    """Tell a TUS client what is understood here."""
    most = str(call.hub.settings.max_upload_bytes)
    return empty(204, {**_TUS, **_UNDERSTOOD, "Tus-Max-Size": most})


def append(call: Call) -> Reply:
    """Receive a piece of a file; what arrived before a connection is cut stays."""
    if not call.request.headers.get("Content-Type", "").startswith(
        "application/offset+octet-stream"
    ):
        raise BadRequest("expected Content-Type: application/offset+octet-stream")
    offset = _length(call, "Upload-Offset")
    new = _known(call, lambda folder, file_id: folder.append(file_id, offset, call.chunks()))
    return empty(204, {**_TUS, "Upload-Offset": str(new)})


def _start(call: Call) -> Reply:
    """Begin anew, if the files of an earlier upload were of no use."""
    task_id = call.number("task_id")
    with call.hub.store.read() as connection:
        earlier = requests.get(connection, requests.creation_of(task_id))
    if earlier and earlier.status == "failed":
        call.hub.pixels.forget_uploads(task_id)
    return empty(202)


def _start_file(call: Call, folder: UploadFolder) -> Reply:
    name = _metadata(call.request.headers.get("Upload-Metadata", "")).get("filename")
    if not name:
        raise BadRequest("Upload-Metadata: expected a filename")
    length, most = _length(call, "Upload-Length"), call.hub.settings.max_upload_bytes
    if length > most:
        raise TooLarge(f"Upload-Length: {length} is over the limit of {most} bytes.")
    file_id = folder.start(name, length)
    location = call.link(f"tasks/{call.number('task_id')}/data/{file_id}")
    return empty(201, {**_TUS, "Location": location, "Upload-Filename": quote(name)})


def _save_files(call: Call, folder: UploadFolder) -> None:
    most = call.hub.settings.max_upload_bytes
    for part in parts(call.request.headers.get("Content-Type", ""), _bounded(call, most)):
        if part.filename is None:
            part.readall()
        else:
            # Clients send the path on their own machine, of which CVAT keeps the last part.
            folder.save(re.split(r"[/\\]", part.filename)[-1], cast(BinaryIO, part))


def _finish(call: Call, folder: UploadFolder) -> Reply:
    options = _read_options(call)
    if not folder.files():
        raise BadRequest("No media data found")
    folder.settle()
    task_id = call.number("task_id")
    with call.hub.store.write() as connection:
        tasks.lock(connection, task_id)
        _receiver(call, connection)
        request_id = requests.queue_creation(
            connection, task_id, call.user.id, options, call.hub.clock()
        )
    call.hub.preparation.submit(request_id)
    return json_reply(models.RqId(rq_id=request_id), 202)


def _read_options(call: Call) -> dict[str, Any]:
    """Return the options of the preparation, checked as far as that goes without the files."""
    asked = _finish_options.decode(b"".join(_bounded(call, _MAX_JSON)) or b"{}")
    for name, reason in _NOT_HERE.items():
        if asked.get(name):
            raise at([name], reason)
    frame_step(asked.get("frame_filter", ""))
    options = {name: asked[name] for name in _OPTIONS if name in asked}
    if "sorting_method" in options:
        options["sorting_method"] = options["sorting_method"].value
    return options


def _folder(call: Call) -> UploadFolder:
    with call.hub.store.read() as connection:
        task = _receiver(call, connection)
    return call.hub.pixels.uploads(task.id)


def _receiver(call: Call, connection: Connection) -> tasks.Task:
    """Return the task, if it may have data and has none."""
    task = access.task(connection, call.user, call.number("task_id"), Right.CHANGE)
    if task.data:
        raise Conflict("Adding more data is not allowed: the task has its data already.")
    running = requests.get(connection, requests.creation_of(task.id))
    if running and running.status in requests.UNFINISHED:
        raise Conflict("The data of this task is being prepared; wait until that is done.")
    return task


def _known(call: Call, action: Callable[[UploadFolder, str], T]) -> T:
    try:
        return action(_folder(call), call.request.path_params["file_id"])
    except KeyError:
        raise NotFound("There is no such upload.") from None


def _metadata(header: str) -> dict[str, str]:
    """Return what TUS tells of a file: names, each with a value in base64.

    >>> _metadata("filename YS5qcGc=,is_final")
    {'filename': 'a.jpg', 'is_final': ''}
    """
    pairs = (pair.strip().partition(" ") for pair in header.split(",") if pair.strip())
    try:
        return {name: base64.b64decode(value, validate=True).decode() for name, _, value in pairs}
    except ValueError:
        raise BadRequest("Upload-Metadata: expected names and values in base64") from None


def _length(call: Call, header: str) -> int:
    text = call.request.headers.get(header, "")
    if not text.isdecimal() or len(text) > 15:
        raise BadRequest(f"{header}: expected a number of bytes, got {text!r}")
    return int(text)


def _bounded(call: Call, most: int) -> Iterator[bytes]:
    """Read the body as it comes, up to a number of bytes."""
    length = 0
    for chunk in call.chunks():
        length += len(chunk)
        if length > most:
            raise TooLarge(f"The body is larger than {most} bytes.")
        yield chunk


_ANY: dict[str, Any] = {"type": "string"}
_BYTES = {"type": "integer", "minimum": 0, "maximum": 10**15 - 1}
_OFFSET = {"Upload-Offset": {"schema": _BYTES}}
_RECEIVES = {
    "parameters": [
        schema.header("Upload-Start", _ANY, "An upload begins; no body."),
        schema.header("Upload-Multiple", _ANY, "The body has whole files."),
        schema.header("Upload-Length", _BYTES, "A file begins, by TUS; no body."),
        schema.header("Upload-Metadata", _ANY, "`filename` and the name of that file in base64."),
        schema.header("Upload-Finish", _ANY, "All files are there; the body has the options."),
    ],
    "requestBody": {
        "content": {
            "application/json": {"schema": schema.reference(models.DataRequest)},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"client_files[0]": {"type": "string", "format": "binary"}},
                }
            },
        }
    },
    "responses": {
        "200": {"description": "Upload-Multiple: the files are there."},
        "201": {
            "description": "Upload-Length: pieces of the file go to this location.",
            "headers": {"Location": {"schema": _ANY}},
        },
        "202": {
            "description": "Upload-Start: go on. Upload-Finish: a request prepares the data.",
            "content": {JSON: {"schema": schema.reference(models.RqId)}},
        },
    },
}
_TELLS_OFFSET = {
    "responses": {
        "200": {
            "description": "So much has come.",
            "headers": {**_OFFSET, "Upload-Length": {"schema": _BYTES}},
        },
        "default": {"description": "Why not, in the status alone."},
    }
}
_APPENDS = {
    "parameters": [schema.header("Upload-Offset", _BYTES, "Where the piece belongs.")],
    "requestBody": {"content": {"application/offset+octet-stream": {"schema": {}}}},
    "responses": {"204": {"description": "So much has come.", "headers": _OFFSET}},
}
ROUTES = {
    "tasks/{task_id:id}/data": {
        "GET": Handler(show, Lane.PIXELS, query=QUERY, told=PIXELS),
        "POST": Handler(
            receive,
            Lane.UPLOAD,
            streams=True,
            decodes=models.DataRequest,
            gives=models.RqId,
            status=202,
            told=_RECEIVES,
        ),
        "OPTIONS": Handler(tell_tus, public=True, status=204),
    },
    "tasks/{task_id:id}/data/{file_id}": {
        "HEAD": Handler(show_offset, told=_TELLS_OFFSET),
        "PATCH": Handler(append, Lane.UPLOAD, streams=True, status=204, told=_APPENDS),
        "OPTIONS": Handler(tell_tus, public=True, status=204),
    },
}
