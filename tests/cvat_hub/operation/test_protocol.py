"""Heads of requests: endless ones, slow ones; and bodies that stop coming."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from cvat_hub import call
from cvat_hub.operation import protocol


@pytest.fixture
def connect(hub: Any) -> Iterator[Callable[[], socket.socket]]:
    address = urlsplit(hub.address)
    with ExitStack() as stack:
        yield lambda: stack.enter_context(
            socket.create_connection((str(address.hostname), address.port or 0), 30)
        )


def _all(connection: socket.socket) -> bytes:
    """Read until the hub closes the connection."""
    found = b""
    try:
        while some := connection.recv(65536):
            found += some
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize(
    "start",
    [
        b"GET /" + b"a" * 10_000_000,
        b"GET / HTTP/1.1\r\nX: " + b"a" * 10_000_000,
        b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 2_000_000,
    ],
    ids=["path", "header", "headers"],
)
def test_an_endless_head_is_refused(connect: Any, start: bytes) -> None:
    connection = connect()
    try:
        connection.sendall(start)
    except (BrokenPipeError, ConnectionResetError):
        return
    answer = _all(connection)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("start", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"], ids=["none", "half"])
def test_a_head_that_does_not_come_is_not_waited_for(
    connect: Any, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    connection = connect()
    connection.sendall(start)
    assert _all(connection) == b""


def test_a_second_head_that_does_not_come_is_not_waited_for(
    connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect()
    connection.sendall(b"GET /api/server/about HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    connection.sendall(b"GET /api/server/about HTTP/1.1\r\n")
    assert b"HTTP/1.1" not in _all(connection)


def test_many_requests_on_one_connection_are_answered(connect: Any) -> None:
    connection = connect()
    filler = b"X: " + b"a" * 30_000
    for _ in range(5):
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + filler + b"\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_stops_coming_is_not_waited_for(
    hub: Any, user: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call, "SILENCE_SECONDS", 0.1)
    connection = connect()
    token = user.headers["Authorization"]
    head = f"POST /api/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
    connection.sendall(head.encode() + b"Content-Length: 100\r\n\r\n{")
    answer = _all(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"for 0.1 seconds" in answer


def test_a_stranger_may_not_send_a_large_body_to_the_login(hub: Any) -> None:
    body = b'{"username": "' + b"x" * 1_000_000 + b'"}'
    assert hub.client()("POST", "auth/login", body=body).status == 413
