"""A proxy in front of a hub that cuts, delays and repeats requests, as networks do."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import urllib3

_NOT_FORWARDED = {"connection", "content-length", "transfer-encoding"}


@dataclass
class Faults:
    """What happens to the requests that pass, which are counted from 0.

    Attributes:
        fault: is told number, method and path of a request, and returns what happens to it:
            "" nothing, "before" it is cut before the hub sees it, "after" the answer is lost,
            "half" the answer breaks off, "twice" the hub gets it twice, "refused" it is answered by
            400 in the hub's place.
        forgets_keys: the hub behaves as a server that knows no idempotency keys.
        seen: method and path of what came.
    """

    fault: Callable[[int, str, str], str] = lambda *_: ""
    forgets_keys: bool = False
    before_answer: Callable[[int], object] = lambda _: None
    seen: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, method: str, path: str) -> tuple[int, str]:
        with self.lock:
            number = len(self.seen)
            self.seen.append((method, path))
        return number, self.fault(number, method, path)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faults: Faults
    target: str
    pool: urllib3.PoolManager

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        number, fault = self.faults.next(self.command, self.path)
        if fault == "before":
            self._cut()
            return
        if fault == "refused":
            self._answer(400, {}, b'["no"]')
            return
        for _ in range(2 if fault == "twice" else 1):
            answer = self._forward(body)
        self.faults.before_answer(number)
        if fault == "after":
            self._cut()
            return
        self._answer(answer.status, answer.headers, self._changed(answer.data), fault == "half")

    def _answer(
        self, status: int, headers: Mapping[str, str], content: bytes, broken: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _NOT_FORWARDED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if broken else content)
        if broken:
            self._cut()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _pass

    def _forward(self, body: bytes) -> urllib3.BaseHTTPResponse:
        hidden = _NOT_FORWARDED | ({"x-idempotency-key"} if self.faults.forgets_keys else set())
        headers = {k: v for k, v in self.headers.items() if k.lower() not in hidden}
        return self.pool.request(self.command, self.target + self.path, body=body, headers=headers)

    def _changed(self, content: bytes) -> bytes:
        if self.faults.forgets_keys and self.path.startswith("/api/server/about"):
            about = json.loads(content)
            del about["idempotency_days"]
            return json.dumps(about).encode()
        return content

    def _cut(self) -> None:
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    """Ends with all of its connections, though clients may still hold them."""

    daemon_threads = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._connections: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.append(request)
        super().process_request(request, client_address)

    def server_close(self) -> None:
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


@contextmanager
def proxy(target: str, faults: Faults) -> Iterator[str]:
    """Run a proxy in front of a server, and return its address."""
    with urllib3.PoolManager(retries=False, timeout=60, maxsize=8) as pool:
        handler = type("Handler", (_Handler,), {"faults": faults, "target": target, "pool": pool})
        server = _Server(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
