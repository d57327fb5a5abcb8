"""Frames, chunks, previews, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from sqlalchemy import Connection

from cvat_hub import records, schema
from cvat_hub.call import Call, Handler, Lane
from cvat_hub.errors import BadRequest, NotFound, at
from cvat_hub.media.reader import Media, Quality
from cvat_hub.pixels import Reader
from cvat_hub.replies import Reply, json_reply, media_reply
from cvat_hub.rights import access
from cvat_hub.rights.access import Right
from cvat_hub.store import jobs, tasks
from cvat_sdk import models

_QUALITIES: dict[str, Quality] = {"original": "original", "compressed": "compressed"}


def show_meta(call: Call) -> Reply:
    """Tell sizes and names of the frames."""
    with call.hub.store.read() as connection:
        job, _, data = _find(call, connection, Right.VIEW)
    return _meta(call, job, data)


def change_meta(call: Call, asked: models.PatchedDataMetaWriteRequest) -> Reply:
    """Say which frames are not to be annotated; for a job, which of its own."""
    with call.hub.store.write() as connection:
        job, task, data = _find(call, connection, Right.CHANGE)
        if "deleted_frames" in asked:
            first, last = (job.start_frame, job.stop_frame) if job else (0, data.size - 1)
            wanted = set(asked.deleted_frames)
            if not all(first <= frame <= last for frame in wanted):
                raise at(["deleted_frames"], f"expected frames from {first} to {last}")
            kept = {frame for frame in data.deleted_frames if not first <= frame <= last}
            tasks.set_deleted_frames(connection, data.id, sorted(kept | wanted))
            tasks.change(connection, task.id, {}, call.hub.clock())
        job, _, data = _find(call, connection, Right.CHANGE)
    return _meta(call, job, data)


def show(call: Call) -> Reply:
    """Return a frame, a chunk or the preview, as the parameters say."""
    kind = call.query.get("type", "")
    if kind not in _KINDS:
        raise BadRequest("Data type not specified or has wrong value")
    quality = _QUALITIES.get(call.query.get("quality", "compressed"))
    if quality is None:
        raise BadRequest("Wrong quality value")
    with call.hub.store.read() as connection:
        job, _, data = _find(call, connection, Right.VIEW)
    with _reader(call, data) as reader:
        return media_reply(_KINDS[kind](call, reader, job, quality))


def show_preview(call: Call) -> Reply:
    """Return a small picture of the first frame."""
    with call.hub.store.read() as connection:
        job, _, data = _find(call, connection, Right.VIEW)
    with _reader(call, data) as reader:
        return media_reply(_preview(call, reader, job, "compressed"))


def _frame(call: Call, reader: Reader, job: jobs.Job | None, quality: Quality) -> Media:
    number = _number(call, "number")
    size = reader.manifest.size
    first, last = (job.start_frame, job.stop_frame) if job else (0, size - 1)
    if not first <= number <= last:
        raise BadRequest(
            f"Invalid frame '{number}'. The frame number should be in the [{first}, {last}] range"
        )
    return reader.frame(number, quality)


def _chunk(call: Call, reader: Reader, job: jobs.Job | None, quality: Quality) -> Media:
    """Return a chunk; of a job's chunks, numbered as the task's are, only the job's frames."""
    size = reader.manifest.chunk_size
    frames = range(job.start_frame, job.stop_frame + 1) if job else range(reader.manifest.size)
    first, last = frames[0] // size, frames[-1] // size
    # `index` counts from the job's own first chunk.
    number = first + _number(call, "index") if "index" in call.query else _number(call, "number")
    if not first <= number <= last:
        raise NotFound(
            f"Invalid chunk number '{number}'. "
            f"The chunk number should be in the [{first}, {last}] range"
        )
    return reader.chunk(number, quality, frames if job else None)


def _preview(call: Call, reader: Reader, job: jobs.Job | None, quality: Quality) -> Media:
    return reader.preview(job.start_frame if job else 0)


_KINDS = {"frame": _frame, "chunk": _chunk, "preview": _preview}


def _number(call: Call, name: Literal["number", "index"]) -> int:
    text = call.query.get(name, "")
    if not text:
        raise BadRequest("Number is not specified")
    if not text.isdecimal() or len(text) > 9:
        raise BadRequest(f"Invalid number {text!r}")
    return int(text)


def _find(
    call: Call, connection: Connection, right: Right
) -> tuple[jobs.Job | None, tasks.Task, tasks.Data]:
    job = None
    if "job_id" in call.request.path_params:
        job, task = access.job(connection, call.user, call.number("job_id"), right)
    else:
        task = access.task(connection, call.user, call.number("task_id"), right)
    if task.data is None:
        raise NotFound(f"Task {task.id} has no data yet.")
    return job, task, task.data


def _meta(call: Call, job: jobs.Job | None, data: tasks.Data) -> Reply:
    frames = (job.start_frame, job.stop_frame) if job else None
    with _reader(call, data) as reader:
        return json_reply(records.meta(data, reader.manifest, frames))


@contextmanager
def _reader(call: Call, data: tasks.Data) -> Iterator[Reader]:
    """Open data; that of a task which is deleted in this moment is not found."""
    try:
        yield call.hub.pixels.reader(data.id)
    except FileNotFoundError:
        with call.hub.store.read() as connection:
            if data.id in tasks.data_ids(connection):
                raise
        raise NotFound from None


_META = {
    "GET": Handler(show_meta, gives=models.DataMetaRead),
    "PATCH": Handler(change_meta, gives=models.DataMetaRead),
}
_PREVIEW = {"GET": Handler(show_preview, Lane.PIXELS, told=schema.media("image/jpeg"))}
PIXELS = schema.media("image/*", "application/zip", "video/mp4")
QUERY: Mapping[str, Mapping[str, Any]] = {
    "type": {"type": "string", "enum": list(_KINDS)},
    "quality": {"type": "string", "enum": list(_QUALITIES)},
    "number": {"type": "integer", "minimum": 0},
    "index": {"type": "integer", "minimum": 0},
}
ROUTES = {
    "tasks/{task_id:id}/data/meta": _META,
    "jobs/{job_id:id}/data/meta": _META,
    "jobs/{job_id:id}/data": {"GET": Handler(show, Lane.PIXELS, query=QUERY, told=PIXELS)},
    "tasks/{task_id:id}/preview": _PREVIEW,
    "jobs/{job_id:id}/preview": _PREVIEW,
}
