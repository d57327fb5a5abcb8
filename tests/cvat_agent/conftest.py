"""A server with a queue and a task of gray frames, which agents talk to over real sockets."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import queue
import re
import socket
import threading
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import PIL.Image
import pytest

from cvat_cli.functions import Source
from cvat_sdk.core.client import Client

SIZE_WH = (64, 48)
SPARE_S = 60.0


def gray_of(index: int) -> int:
    return 20 * index


def png(index: int, size_wh: tuple[int, int] = SIZE_WH) -> bytes:
    file = io.BytesIO()
    PIL.Image.new("RGB", size_wh, (gray_of(index),) * 3).save(file, "PNG")
    return file.getvalue()


@dataclass
class Outcome:
    """What became of a request, and what the agent sent with it."""

    verb: str
    body: dict[str, Any]


@dataclass
class QueueServer:
    """Function 7 and its queue, and task 5 with `frames` frames in chunks of three.

    Attributes:
        refused: ids of requests that are no longer the agent's.
        watched: what was said by those who opened streams.
        odd: frames of half the size.
        cut_off: how the paths end whose next request gets no answer.
    """

    frames: int = 8
    is_hub: bool = True
    function: dict[str, Any] = field(default_factory=dict)
    labels: list[dict[str, Any]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    acquired: list[dict[str, Any]] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    updates: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    watched: list[dict[str, Any]] = field(default_factory=list)
    odd: set[int] = field(default_factory=set)
    down: int = 0
    cut_off: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.waiting: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
        self.changed = threading.Condition()
        self.watchers: list[queue.SimpleQueue[bytes | None]] = []
        self.connections: list[socket.socket] = []

    def post(self, request_id: str, category: str = "interactive", **params: Any) -> None:
        """Put a request into the queue."""
        with self.changed:
            self.waiting[category].append((request_id, {"task": 5, **params}))
            for watcher in self.watchers:
                data = json.dumps({"request_category": category})
                watcher.put(f"event: newrequest\ndata: {data}\n\n".encode())

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until something is so, as it surely will be."""
        with self.changed:
            assert self.changed.wait_for(condition, SPARE_S)

    def result(self, request_id: str) -> Outcome:
        """Return what became of a request, when that is known."""
        self.wait(lambda: request_id in self.outcomes)
        return self.outcomes[request_id]

    def cut_streams(self) -> None:
        with self.changed:
            for watcher in self.watchers:
                watcher.put(None)

    def hang_up(self) -> None:
        """Close all connections, those that clients keep open for later among them."""
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def answer(self, method: str, path: str, query: dict[str, Any], body: Any) -> tuple[int, Any]:
        with self.changed:
            self.asked.append(f"{method} {path}")
            self.changed.notify_all()
            if found := re.fullmatch(r"/api/(hub/)?functions/queues/function%3A7/(.*)", path):
                return self._queue(found[2], body)
        match path:
            case "/api/server/about":
                about = {"name": "x", "description": "x", "version": "2.54.1"}
                return 200, {**about, **({"hub_version": "1"} if self.is_hub else {})}
            case "/api/functions/7":
                return 200, {"id": 7, "name": "f", "provider": "native", **self.function}
            case "/api/tasks/5" | "/api/tasks/8":
                return 200, self._task(int(path[-1]))
            case "/api/tasks/5/data/meta" | "/api/tasks/8/data/meta":
                return 200, self._meta()
            case "/api/labels":
                return 200, {"count": len(self.labels), "results": self.labels}
            case "/api/jobs/3":
                return 200, {"id": 3, "task_id": 5, "start_frame": 2, "stop_frame": 4}
            case "/api/tasks/5/data/" | "/api/tasks/8/data/":
                return 200, self._data(query)
        return 404, {"detail": "Not found."}

    def _queue(self, tail: str, body: Any) -> tuple[int, Any]:
        if tail == "requests/acquire":
            self.acquired.append(body)
            if self.down:
                self.down -= 1
                return 503, {"detail": "down"}
            if self.function.get("is_deleted"):
                return 404, {"detail": "Not found."}
            waiting = self.waiting[body["request_category"]]
            if not waiting:
                return 200, {"ar_assignment": None}
            request_id, params = waiting.pop(0)
            return 200, {
                "ar_assignment": {"function_id": 7, "ar_id": request_id, "ar_params": params}
            }
        _, request_id, verb = tail.split("/")
        if request_id in self.refused:
            self.outcomes.setdefault(request_id, Outcome("refused", body))
            return 409, {"detail": "not yours"}
        if verb == "update":
            self.updates[request_id].append(body["progress"])
        else:
            assert request_id not in self.outcomes, f"{request_id} ends twice"
            self.outcomes[request_id] = Outcome(verb, body)
        return 204, None

    def _task(self, task_id: int) -> dict[str, Any]:
        return {
            "id": task_id,
            "name": "t",
            "mode": "annotation",
            "dimension": "2d",
            "size": self.frames,
            "data_chunk_size": 3,
            "data_original_chunk_type": "imageset",
            "organization": None,
            "jobs": {"count": 1, "completed": 0, "validation": 0, "url": "x"},
            "labels": {"url": "x"},
        }

    def _meta(self) -> dict[str, Any]:
        sizes_wh = [self._size_wh(index) for index in range(self.frames)]
        return {
            "chunk_size": 3,
            "size": self.frames,
            "start_frame": 0,
            "stop_frame": self.frames - 1,
            "frame_filter": "",
            "deleted_frames": [],
            "frames": [
                {"name": f"p{i}.png", "width": width, "height": height}
                for i, (width, height) in enumerate(sizes_wh)
            ],
        }

    def _size_wh(self, index: int) -> tuple[int, int]:
        width, height = SIZE_WH
        return (width // 2, height // 2) if index in self.odd else SIZE_WH

    def _data(self, query: dict[str, Any]) -> bytes:
        number = int(query["number"][0])
        if query["type"] == ["frame"]:
            return png(number, self._size_wh(number))
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for index in range(3 * number, min(3 * number + 3, self.frames)):
                archive.writestr(f"{index % 3:06d}.png", png(index, self._size_wh(index)))
        return file.getvalue()

    def watch(self, write: Callable[[bytes], object]) -> None:
        watcher: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        with self.changed:
            self.watchers.append(watcher)
            self.changed.notify_all()
        write(b"retry: 1\n: hello\n\n")
        while (piece := watcher.get()) is not None:
            write(piece)
        with self.changed:
            self.watchers.remove(watcher)


def make_handler(server: QueueServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            server.connections.append(self.connection)

        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def _serve(self, method: str) -> None:
            parts = urlsplit(self.path)
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if parts.path.endswith("/watch"):
                server.watched.append(parse_qs(parts.query))
                self._stream()
                return
            if cut_off := [end for end in server.cut_off if parts.path.endswith(end)]:
                server.cut_off.remove(cut_off[0])
                self.close_connection = True
                return
            body = json.loads(data) if data else None
            status, reply = server.answer(method, parts.path, parse_qs(parts.query), body)
            content = reply if isinstance(reply, bytes) else b""
            if reply is not None and not isinstance(reply, bytes):
                content = json.dumps(reply).encode()
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            with server.changed:
                server.changed.notify_all()

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            server.watch(lambda piece: self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece)))
            self.wfile.write(b"0\r\n\r\n")
            self.close_connection = True

    return Handler


@pytest.fixture
def server() -> QueueServer:
    return QueueServer()


@pytest.fixture
def url(server: QueueServer) -> Iterator[str]:
    """The address at which the server listens."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(server))
    http.daemon_threads = False
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{http.server_address[1]}"
    server.cut_streams()
    http.shutdown()
    thread.join()
    server.hang_up()
    http.server_close()


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    logger = logging.getLogger("agent-under-test")
    with Client(url, check_server_version=False, logger=logger) as client:
        yield client


@pytest.fixture
def source(tmp_path: Path) -> Callable[[str], Source]:
    """Return where a function is whose code this is."""

    def write(code: str) -> Source:
        path = tmp_path / "fn.py"
        path.write_text(code, encoding="utf-8")
        return Source(file=path)

    return write
