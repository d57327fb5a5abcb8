"""Connections that speak no HTTP, lie about it, or end too early: the hub goes on serving."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def connect(hub: Any) -> Iterator[Callable[[], socket.socket]]:
    """Opens a connection to the hub."""
    address = urlsplit(hub.address)
    with ExitStack() as stack:
        yield lambda: stack.enter_context(
            closing(socket.create_connection((str(address.hostname), address.port or 0), 30))
        )


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing of a test is worth a traceback, or an error, in the log."""
    caplog.set_level(logging.INFO)
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    bad = [record for record in records if record.exc_info or record.levelno >= logging.ERROR]
    assert not bad, [(record.name, record.getMessage()) for record in bad]


def _head(user: Any, line: str, *headers: str) -> bytes:
    own = [f"{name}: {value}" for name, value in user.headers.items()]
    return "\r\n".join([line, "Host: hub", *own, *headers, "", ""]).encode("latin-1")


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def _all(connection: socket.socket) -> bytes:
    """Return all that comes until the other side is done."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


_POST = "POST /api/tasks HTTP/1.1"
_CHUNKED = "Transfer-Encoding: chunked"
_LENGTH = "Content-Length: 13"
_BODY = b'{"name": "x"}'
# What is sent, each as the lines of a head and what follows; all is refused and closed.
REFUSED: dict[str, tuple[list[str], bytes]] = {
    "no HTTP": (["hello"], b""),
    "no method": (["/api/tasks HTTP/1.1"], b""),
    "no path": (["GET HTTP/1.1"], b""),
    "no version": (["GET /api/tasks HTTP/x.y"], b""),
    "version 9": (["GET /api/tasks HTTP/9.9"], b""),
    "an unknown method": (["FETCH! /api/tasks HTTP/1.1"], b""),
    "a blank in the path": (["GET /api/tasks and jobs HTTP/1.1"], b""),
    "a control character in the path": (["GET /api/\x01 HTTP/1.1"], b""),
    "a NUL in the path": (["GET /api/\0 HTTP/1.1"], b""),
    "a header without a colon": ([_POST, "X-Nothing"], b""),
    "a header without a name": ([_POST, ": x"], b""),
    "a NUL in a header": ([_POST, "X-Nothing: \0"], b""),
    "a blank in a header's name": ([_POST, "X Nothing: x"], b""),
    "a length that is no number": ([_POST, "Content-Length: x"], b""),
    "a negative length": ([_POST, "Content-Length: -1"], b""),
    "a huge length": ([_POST, "Content-Length: " + "9" * 40], b""),
    "two lengths": ([_POST, _LENGTH, "Content-Length: 14"], _BODY),
    "a length and chunks": ([_POST, _LENGTH, _CHUNKED], b"d\r\n" + _BODY + b"\r\n0\r\n\r\n"),
    "chunks and a length": ([_POST, _CHUNKED, _LENGTH], b"d\r\n" + _BODY + b"\r\n0\r\n\r\n"),
    "a chunk of no size": ([_POST, _CHUNKED], b"x\r\n" + _BODY),
    "a chunk of negative size": ([_POST, _CHUNKED], b"-1\r\n" + _BODY),
    "a chunk of huge size": ([_POST, _CHUNKED], b"f" * 20 + b"\r\n" + _BODY),
    "a chunk that is longer than it says": ([_POST, _CHUNKED], b"1\r\n" + _BODY + b"\r\n"),
    "an encoding that nobody knows": ([_POST, "Transfer-Encoding: zip"], _BODY),
    "a path without end": (["GET /" + "x" * 70_000 + " HTTP/1.1"], b""),
    "a header without end": ([_POST, "X-Nothing: " + "x" * 70_000], b""),
    "headers without end": ([_POST, *(f"X-{number}: x" for number in range(10_000))], b""),
    "TLS": (["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"], b"\0" * 500),
    "HTTP/2": (["PRI * HTTP/2.0"], b"SM\r\n\r\n"),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.usefixtures("quiet")
def test_what_is_no_http_is_refused_and_nothing_comes_of_it(
    user: Any, connect: Callable[[], socket.socket], what: str
) -> None:
    (line, *headers), rest = REFUSED[what]
    connection = connect()
    try:
        connection.sendall(_head(user, line, *headers) + rest)
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        # It is closed already.
        pass
    assert _status(_all(connection)) in (0, 400, 405, 413, 501)
    assert user("GET", "tasks").json["count"] == 0


@pytest.mark.usefixtures("quiet")
def test_what_follows_a_body_is_no_part_of_it(
    user: Any, connect: Callable[[], socket.socket]
) -> None:
    connection = connect()
    short = _head(user, _POST, "Content-Type: application/json", "Content-Length: 13")
    connection.sendall(short + _BODY + b"rest of the body\r\n\r\n")
    connection.shutdown(socket.SHUT_WR)
    # The rest is refused, perhaps before the request in front of it is answered.
    assert _status(_all(connection)) in (201, 400)
    assert {task["name"] for task in user("GET", "tasks").json["results"]} <= {"x"}


# Where a client hangs up: after so much of a request.
CUT: dict[str, tuple[list[str], bytes]] = {
    "before it says anything": ([], b""),
    "in the first line": ([], b"POST /api/ta"),
    "in a header": ([], b"POST /api/tasks HTTP/1.1\r\nHost: hub\r\nAuthor"),
    "before the body": ([_POST, "Content-Length: 1000"], b""),
    "in the body": ([_POST, "Content-Length: 1000"], b'{"name": '),
    "one byte before the end": ([_POST, "Content-Length: 14"], _BODY),
    "in a large body": ([_POST, "Content-Length: 10000000"], b" " * 200_000),
    "in the size of a chunk": ([_POST, _CHUNKED], b"d"),
    "in a chunk": ([_POST, _CHUNKED], b"d\r\n" + _BODY[:5]),
    "before the last chunk": ([_POST, _CHUNKED], b"d\r\n" + _BODY + b"\r\n"),
    "before the reply": (["GET /api/tasks HTTP/1.1"], b""),
    "in the annotations": (["PUT /api/tasks/1/annotations HTTP/1.1", "Content-Length: 99"], b"{"),
}


@pytest.mark.parametrize("when", CUT)
@pytest.mark.parametrize("how", ["closes", "resets", "says no more"])
@pytest.mark.usefixtures("quiet")
def test_a_client_that_hangs_up_leaves_nothing_behind(
    user: Any, connect: Callable[[], socket.socket], when: str, how: str
) -> None:
    lines, rest = CUT[when]
    head = _head(user, lines[0], *lines[1:]) if lines else b""
    connection = connect()
    connection.sendall(head + rest)
    if how == "resets":
        # A lingering of no time makes the system send a reset.
        linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    if how == "says no more":
        connection.shutdown(socket.SHUT_WR)
        assert _status(_all(connection)) in (0, 200, 400)
    connection.close()
    assert user("GET", "tasks").json["count"] == 0


@pytest.mark.usefixtures("quiet")
def test_many_half_requests_keep_nobody_waiting(
    user: Any, connect: Callable[[], socket.socket]
) -> None:
    for _ in range(100):
        connect().sendall(b"GET /api/tasks HTTP/1.1\r\nHost: hub\r\n")
        connect().sendall(_head(user, _POST, "Content-Length: 1000") + b"{")
    assert user("GET", "users/self").status == 200
    assert user("POST", "tasks", {"name": "meanwhile"}).status == 201
