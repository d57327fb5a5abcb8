"""A server in memory: requests are kept, answers are rows; and a task of gray frames on it."""

from __future__ import annotations

import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import av
import numpy as np
import PIL.Image
import pytest
import urllib3

from cvat_sdk.core.client import Client, Config
from cvat_sdk.core.retries import RetryPolicy
from cvat_sdk.core.transport import Transport

HOST = "http://cvat.test:8080"
WIRE = Path(__file__).parents[2].parent / "shared" / "wire"


@dataclass
class Sent:
    """A request as the server saw it."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    host: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Handler = Callable[[Sent], tuple[int, Any, dict[str, str]]]


@dataclass
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]
    error: BaseException | None = None


class FakeServer:
    """Stands in for the pool of connections."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self._answers: dict[tuple[str, str], list[Answer]] = defaultdict(list)
        self._handlers: dict[tuple[str, str], Handler] = {}

    def answer(
        self,
        method: str,
        path: str,
        status: int = 200,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        error: BaseException | None = None,
    ) -> None:
        """Queue an answer; the last one queued for a method and path is given forever."""
        self._answers[method, path].append(Answer(status, _bytes(body), headers or {}, error))

    def handle(self, method: str, path: str, handler: Handler) -> None:
        """Have a function answer with status, body and headers."""
        self._handlers[method, path] = handler

    def handler(self, method: str, path: str) -> Handler:
        """Return the function that answers."""
        return self._handlers[method, path]

    def of(self, method: str, path: str) -> list[Sent]:
        return [sent for sent in self.sent if (sent.method, sent.path) == (method, path)]

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        preload_content: bool = True,
        timeout: Any = None,
        retries: Any = None,
    ) -> urllib3.HTTPResponse:
        parts = urlsplit(url)
        answer = self._next_answer(method, parts.path, peek=True)
        if answer is not None and isinstance(answer.error, urllib3.exceptions.NewConnectionError):
            self._next_answer(method, parts.path)
            raise answer.error
        data = body if isinstance(body, bytes) else b"".join(body or ())
        query = parse_qs(parts.query, keep_blank_values=True)
        sent = Sent(method, parts.path, query, dict(headers or {}), data, parts.netloc)
        self.sent.append(sent)
        if (method, parts.path) in self._handlers:
            status, content, extra = self._handlers[method, parts.path](sent)
            answer = Answer(status, _bytes(content), extra)
        else:
            answer = self._next_answer(method, parts.path)
        if answer is None:
            answer = Answer(404, b'{"detail": "Not found."}', {})
        if answer.error is not None:
            raise answer.error
        return urllib3.HTTPResponse(
            io.BytesIO(answer.body),
            headers=answer.headers,
            status=answer.status,
            reason={200: "OK", 404: "Not Found", 503: "Service Unavailable"}.get(answer.status),
            preload_content=preload_content,
        )

    def clear(self) -> None:
        """Closing a pool closes nothing here."""

    def _next_answer(self, method: str, path: str, *, peek: bool = False) -> Answer | None:
        queue = self._answers[method, path]
        if not queue:
            return None
        return queue[0] if peek or len(queue) == 1 else queue.pop(0)


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def waits() -> list[float]:
    """The seconds that were waited, instead of waiting them."""
    return []


@pytest.fixture
def transport(server: FakeServer, waits: list[float]) -> Transport:
    return Transport(
        pool=server,  # type: ignore[arg-type]
        policy=RetryPolicy(attempts=4, base_s=1, cap_s=60),
        sleep=waits.append,
        chance=lambda: 1.0,
    )


@pytest.fixture
def client(transport: Transport, tmp_path: Path) -> Iterator[Client]:
    config = Config(cache_dir=tmp_path / "cache")
    with Client(HOST, transport=transport, config=config, check_server_version=False) as client:
        yield client


@pytest.fixture
def recorded() -> Callable[[str], list[dict[str, Any]]]:
    """Return what a real server and client once said to each other, by `folder/name`."""

    def read(name: str) -> list[dict[str, Any]]:
        path = WIRE / f"{name}.jsonl"
        if not path.is_file():
            pytest.skip("the recordings of real servers are not on this machine")
        return [json.loads(line) for line in path.read_text().splitlines()]

    return read


@pytest.fixture
def recordings() -> Callable[[str], list[str]]:
    """Return the names of the recordings in a folder."""

    def names(folder: str) -> list[str]:
        if not WIRE.is_dir():
            pytest.skip("the recordings of real servers are not on this machine")
        return sorted(path.stem for path in (WIRE / folder).glob("*.jsonl"))

    return names


@pytest.fixture
def task_reply() -> dict[str, Any]:
    """A task of five images in chunks of three, as a server of version 2.54 tells it."""
    return {
        "id": 5,
        "name": "photos",
        "mode": "annotation",
        "dimension": "2d",
        "size": 5,
        "data_chunk_size": 3,
        "data_original_chunk_type": "imageset",
        "organization": None,
        "updated_date": "2026-11-23T00:13:27.065093Z",
        "jobs": {"count": 1, "completed": 0, "validation": 0, "url": f"{HOST}/api/jobs?task_id=5"},
        "labels": {"url": f"{HOST}/api/labels?task_id=5"},
    }


# The frames of the task below can be told apart by their colour: frame `i` is gray of `20 * i`.
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
        self.reply.update(
            size=self.count,
            data_chunk_size=self.chunk_size,
            data_original_chunk_type="video" if self.video else "imageset",
        )
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
