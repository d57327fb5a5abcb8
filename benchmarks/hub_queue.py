"""Measures the queue of functions: `python -m benchmarks.hub_queue [--postgresql URL]`.

So many agents take and answer requests as fast as they can, and so many streams wait meanwhile. The
requests are put into the database, as nobody is to wait for their answers. `URL` is a database that
is empty.
"""

from __future__ import annotations

import argparse
import datetime
import json
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from cvat_hub.settings import Settings
from cvat_hub.store import function_requests, open_store

from .hub import Hub, running
from .reporting import Figure, shown

AGENTS = 16
STREAMS = 1000
REQUESTS = 3000
FUNCTION = {"provider": "native", "name": "f", "kind": "interactor"}
RESULT = {"shapes": [{"type": "rectangle", "points": [1.0, 2.0, 30.0, 40.0]}]}


class Line:
    """A connection that is kept, and an agent at its end."""

    def __init__(self, hub: Hub, agent_id: str) -> None:
        where = urlsplit(hub.address)
        self.socket = socket.create_connection((where.hostname, where.port or 80))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._hub = hub
        self._agent_id = agent_id
        self._reader = self.socket.makefile("rb")

    def close(self) -> None:
        self._reader.close()
        self.socket.close()

    def send(self, method: str, path: str, body: bytes = b"") -> int:
        """Send a request, read the head of its reply, and return how long its body is."""
        head = (
            f"{method} /api/{path} HTTP/1.1\r\nHost: hub\r\nAuthorization: {self._hub.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.socket.sendall(head.encode() + body)
        status, length = self._reader.readline(), 0
        while (line := self._reader.readline().lower()) not in (b"\r\n", b""):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if not status.startswith(b"HTTP/1.1 2"):
            raise RuntimeError(f"{method} {path}: {status!r} {self._reader.read(length)!r}")
        return length

    def post(self, path: str, **sent: Any) -> Any:
        body = json.dumps({"agent_id": self._agent_id} | sent).encode()
        return json.loads(self._reader.read(self.send("POST", path, body)) or b"null")


def fill(url: str, function: int, tasks: list[int], count: int) -> None:
    """Put requests into a queue, of one user for each agent."""
    now = datetime.datetime.now(datetime.UTC)
    store = open_store(url)
    with closing(store), store.write() as connection:
        for number in range(count):
            row: dict[str, Any] = {"key": f"{function}-{number}", "function_id": function}
            row |= {"category": "interactive", "type": "interact", "turn": 1 + number // AGENTS}
            row |= {"user_id": number % AGENTS, "task_id": tasks[number % len(tasks)]}
            params = {"type": "interact", "task": 1, "frame": 0, "pos_points": [[1, 2]]}
            function_requests.add(connection, row | {"params": params}, now)


def work(hub: Hub, function: int, name: str) -> list[str]:
    """Take and answer requests until there are none, and return their ids."""
    queue, done = f"functions/queues/function%3A{function}/requests", []
    with closing(Line(hub, name)) as line:
        while given := line.post(f"{queue}/acquire", request_category="interactive")[
            "ar_assignment"
        ]:
            done.append(given["ar_id"])
            line.post(f"{queue}/{given['ar_id']}/complete", **RESULT)
    return done


def pairs_a_second(hub: Hub, url: str) -> tuple[float, int]:
    """Return how many requests are taken and answered a second, and how many were given twice."""
    function = hub("POST", "functions", FUNCTION)["id"]
    tasks = [hub("POST", "tasks", {"name": "x"})["id"] for _ in range(50)]
    fill(url, function, tasks, REQUESTS)
    with ThreadPoolExecutor(AGENTS) as threads:
        start = time.perf_counter()
        calls = [threads.submit(work, hub, function, f"agent {name}") for name in range(AGENTS)]
        given = Counter(key for call in calls for key in call.result())
        took = time.perf_counter() - start
    if len(given) != REQUESTS:
        raise RuntimeError(f"{REQUESTS} requests were asked, {len(given)} answered")
    return REQUESTS / took, sum(given.values()) - len(given)


def watched(hub: Hub) -> float:
    """Return the megabytes of the hub while so many streams wait."""
    function = hub("POST", "functions", FUNCTION)["id"]
    with ExitStack() as stack:
        for number in range(STREAMS):
            line = stack.enter_context(closing(Line(hub, f"watcher {number}")))
            line.send("GET", f"functions/queues/function%3A{function}/watch")
        time.sleep(2)
        return hub.memory("VmRSS")


def measure(name: str, database: str, turns: int) -> Iterator[Figure]:
    with running(database) as hub:
        url = Settings(data_dir=hub.data_dir, database=database).database_url
        figures = [pairs_a_second(hub, url) for _ in range(turns)]
        told = {"agents": AGENTS, "requests": REQUESTS}
        speed = median(speed for speed, _ in figures)
        yield Figure(f"{name}: requests taken and answered", "1/s", speed, least=400, told=told)
        twice = sum(count for _, count in figures)
        yield Figure(f"{name}: requests given twice", "", twice, most=0)
        told = {"streams": STREAMS}
        yield Figure(f"{name}: memory with idle streams", "MB", watched(hub), most=300, told=told)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hub_queue", description=__doc__)
    parser.add_argument("--turns", type=int, default=3, help="runs of which the median is taken")
    parser.add_argument("--postgresql", default="", help="an empty database, measured as well")
    options = parser.parse_args()
    for name, database in (("SQLite", ""), ("PostgreSQL", options.postgresql)):
        if database or name == "SQLite":
            shown(measure(name, database, options.turns))


if __name__ == "__main__":
    main()
