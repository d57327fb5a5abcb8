"""A server in memory: requests are kept, answers are rows."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

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
