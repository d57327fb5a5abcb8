"""The transport over real connections."""

from __future__ import annotations

import contextlib
import http.server
import io
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from cvat_sdk.core.retries import RetryPolicy
from cvat_sdk.core.transport import NoAnswerError, Transport

BODY = bytes(range(256)) * 4096


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, dict[str, str], int]]
    cuts: list[int]

    def do_GET(self) -> None:
        self.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, 0))
        if self.path == "/away":
            self.send_response(302)
            port = self.server.server_address[1]
            self.send_header("Location", f"http://localhost:{port}/there")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY[: self.cuts.pop(0)] if self.cuts else BODY)
        if len(self.seen) == 1:
            self.close_connection = True

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        received = self.rfile.read(length)
        self.seen.append((self.path, {}, len(received)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def handler() -> type[Handler]:
    return type("OwnHandler", (Handler,), {"seen": [], "cuts": []})


@pytest.fixture
def address(handler: type[Handler]) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def transport(waits: list[float]) -> Iterator[Transport]:
    with contextlib.closing(
        Transport(policy=RetryPolicy(attempts=3), sleep=waits.append, chance=lambda: 1.0)
    ) as transport:
        yield transport


def test_secrets_do_not_follow_to_another_host(
    transport: Transport, address: str, handler: type[Handler]
) -> None:
    secrets = {"Authorization": "Token x", "Cookie": "sessionid=x", "X-CSRFToken": "x"}
    response = transport.request("GET", f"{address}/away", headers={**secrets, "X-Other": "y"})
    assert response.data == BODY
    (_, first, _), (path, second, _) = handler.seen
    assert first["authorization"] == "Token x"
    assert path == "/there"
    assert second["x-other"] == "y"
    assert not {"authorization", "cookie", "x-csrftoken"} & set(second)


def test_an_answer_that_is_cut_is_asked_for_again(
    transport: Transport, address: str, handler: type[Handler], waits: list[float]
) -> None:
    handler.cuts.append(1000)
    assert transport.request("GET", f"{address}/x").data == BODY
    assert len(waits) == 1


def test_a_download_that_is_cut_begins_anew(
    transport: Transport, address: str, handler: type[Handler]
) -> None:
    handler.cuts.append(len(BODY) - 1)
    file = io.BytesIO()
    transport.download(f"{address}/x", file)
    assert file.getvalue() == BODY


def test_a_body_is_sent_in_pieces(
    transport: Transport, address: str, handler: type[Handler]
) -> None:
    pieces = (bytes(1000) for _ in range(1000))
    headers = {"Content-Length": "1000000"}
    assert transport.request("POST", f"{address}/x", headers=headers, body=pieces).status == 204
    assert handler.seen == [("/x", {}, 1000000)]


def test_a_silent_server_is_given_up_after_the_time_limit(
    transport: Transport, waits: list[float]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        with pytest.raises(NoAnswerError, match="did not answer it in time"):
            transport.request("GET", url, timeout_s=0.05)
    assert waits == []


def test_a_closed_port_is_tried_again_and_then_told(
    transport: Transport, waits: list[float]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(NoAnswerError, match=r"cannot be reached .*Connection refused"):
        transport.request("POST", f"http://127.0.0.1:{port}/x")
    assert len(waits) == 2


def test_a_plain_server_asked_for_https_is_told(transport: Transport, address: str) -> None:
    with pytest.raises(NoAnswerError, match=f"give it as {address}"):
        transport.request("GET", address.replace("http:", "https:") + "/x")
