"""Bodies: slow ones, large ones, and those of strangers."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from cvat_hub.call import THREADS, Lane


@pytest.fixture
def half_sent(hub: Any) -> Iterator[Callable[..., socket.socket]]:
    """Opens a connection, and sends the head of a request and a part of its body."""
    address = urlsplit(hub.address)
    with ExitStack() as stack:

        def connect(method: str, path: str, headers: dict[str, str], body: bytes) -> socket.socket:
            sent = {"Host": address.netloc, "Content-Length": "1000000"} | headers
            head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
            connection = socket.create_connection((str(address.hostname), address.port or 0), 30)
            stack.enter_context(connection)
            connection.sendall(f"{method} /api/{path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            return connection

        yield connect


def test_slow_bodies_keep_nobody_waiting(
    user: Any, new_task: Callable[..., Any], half_sent: Callable[..., socket.socket]
) -> None:
    task = new_task(user, frames=0)
    multipart = {"Upload-Multiple": "", "Content-Type": "multipart/form-data; boundary=b"}
    start = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n\r\nx'
    for _ in range(THREADS[Lane.UPLOAD] + 2):
        half_sent("POST", f"tasks/{task['id']}/data/", user.headers | multipart, start)
    for _ in range(THREADS[Lane.QUICK] + 2):
        half_sent("PUT", f"tasks/{task['id']}/annotations", user.headers, b'{"shapes": [')
    assert user("GET", "users/self").status == 200
    assert user("POST", "tasks", {"name": "meanwhile"}).status == 201


def test_a_stranger_is_refused_before_their_large_body_is_read(
    half_sent: Callable[..., socket.socket],
) -> None:
    for method, path in (("PUT", "tasks/1/annotations"), ("POST", "tasks/1/data")):
        connection = half_sent(method, path, {}, b"")
        assert connection.recv(1000).startswith(b"HTTP/1.1 401 ")


def test_a_body_that_is_too_large_is_refused(
    settings: Any, start: Callable[..., Any], new_task: Callable[..., Any]
) -> None:
    with start(dataclasses.replace(settings, max_json_bytes=100_000)) as hub:
        user = hub.new_user()
        path = f"tasks/{new_task(user, frames=0)['id']}/annotations"
        assert user("PUT", path, body=b" " * 99_998 + b"{}").status == 200
        assert user("PUT", path, body=b" " * 99_999 + b"{}").status == 413
        chunks = iter([b" " * 50_000] * 3)
        assert user("PUT", path, body=chunks).status == 413


def test_a_wrong_method_names_the_right_ones(user: Any) -> None:
    answer = user("PUT", "tasks")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert answer.json == {"detail": 'Method "PUT" not allowed.'}
    assert user("OPTIONS", "tasks").status == 200
    assert user("HEAD", "tasks").body == b""


def test_an_unknown_path_is_not_found(user: Any) -> None:
    for path in ("nothing", "tasks/x", "tasks/1/nothing", "tasks//1"):
        assert user("GET", path).status == 404
