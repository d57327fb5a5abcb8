"""A task whose frames can be told apart by their colour: frame `i` is gray of value `20 * i`."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
import PIL.Image
import pytest

SIZE_WH = (64, 48)


def gray_of(index: int) -> int:
    return 20 * index


def make_zip(indexes: list[int]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for position, index in enumerate(indexes):
            image = io.BytesIO()
            PIL.Image.new("RGB", SIZE_WH, (gray_of(index),) * 3).save(image, "PNG")
            archive.writestr(f"{position:06d}.png", image.getvalue())
    return file.getvalue()


def make_video(indexes: list[int], size_wh: tuple[int, int] = SIZE_WH) -> bytes:
    file = io.BytesIO()
    width, height = size_wh
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream("h264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in indexes:
            pixels = np.full((height, width, 3), gray_of(index), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


@dataclass
class FakeTask:
    """Puts a task of gray frames on the server in memory."""

    server: Any
    reply: dict[str, Any]
    count: int = 8
    chunk_size: int = 3
    deleted: list[int] = field(default_factory=list)
    video: bool = False
    make: Callable[[list[int]], bytes] = make_zip
    size_wh: tuple[int, int] = SIZE_WH
    pixels_date: str = "2026-11-23T00:13:26.989408Z"

    def publish(self) -> None:
        width, height = self.size_wh
        names = ["clip.mp4"] if self.video else [f"p{i}.png" for i in range(self.count)]
        self.reply.update(size=self.count, data_chunk_size=self.chunk_size)
        meta = {
            "chunks_updated_date": self.pixels_date,
            "chunk_size": self.chunk_size,
            "size": self.count,
            "start_frame": 10,
            "stop_frame": 10 + 2 * self.count,
            "frame_filter": "step=2",
            "frames": [{"name": n, "width": width, "height": height} for n in names],
            "deleted_frames": self.deleted,
        }
        annotations = {
            "version": 0,
            "tags": [{"id": 1, "frame": 0, "label_id": 2}],
            "shapes": [
                {"id": i, "frame": i, "label_id": 2, "type": "points", "points": [i, i]}
                for i in range(self.count)
            ],
            "tracks": [],
        }
        labels = {"count": 1, "results": [{"id": 2, "name": "thing"}]}
        self.server.handle("GET", "/api/tasks/5", lambda _: (200, self.reply, {}))
        self.server.handle("GET", "/api/tasks/5/data/meta", lambda _: (200, meta, {}))
        self.server.handle("GET", "/api/tasks/5/annotations/", lambda _: (200, annotations, {}))
        self.server.handle("GET", "/api/labels", lambda _: (200, labels, {}))
        self.server.handle("GET", "/api/tasks/5/data/", self.data)

    def data(self, sent: Any) -> tuple[int, Any, dict[str, str]]:
        assert sent.query["quality"] == ["original"]
        number = int(sent.query["number"][0])
        if sent.query["type"] == ["frame"]:
            image = io.BytesIO()
            PIL.Image.new("RGB", self.size_wh, (gray_of(number),) * 3).save(image, "PNG")
            return 200, image.getvalue(), {}
        first = number * self.chunk_size
        if first >= self.count:
            return 404, {"detail": "no such chunk"}, {}
        return 200, self.make(list(range(first, min(first + self.chunk_size, self.count)))), {}

    @property
    def fetched(self) -> list[str]:
        """What was downloaded: `chunk 0`, `frame 3`, ..."""
        sent = self.server.of("GET", "/api/tasks/5/data/")
        return [f"{one.query['type'][0]} {one.query['number'][0]}" for one in sent]


@pytest.fixture
def gray_task(server: Any, task_reply: dict[str, Any]) -> Callable[..., FakeTask]:
    def make(**options: Any) -> FakeTask:
        task = FakeTask(server, task_reply, **options)
        task.publish()
        return task

    return make


@pytest.fixture
def video_bytes() -> Callable[..., bytes]:
    return make_video


@pytest.fixture
def zip_bytes() -> Callable[..., bytes]:
    return make_zip


@pytest.fixture
def gray() -> Callable[[PIL.Image.Image], int]:
    """Return the index of the frame that an image shows."""

    def read(image: PIL.Image.Image) -> int:
        return round(float(np.asarray(image.convert("L")).mean()) / 20)

    return read
