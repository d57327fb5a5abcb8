"""Measures how a hub takes annotations: `python -m benchmarks.hub_annotations`.

The hub is a process of its own with its default settings, SQLite unless --database says otherwise.
Who sends a bulk write, and those who are there at the same time, are processes of their own too,
so that nobody waits for a client.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

from cvat_sdk import make_client, models

from .__main__ import ROOT, annotations, machine

PASSWORD = "benchmark"
FRAMES = 1000
PAUSE = 0.005
CLIENTS = 50


@dataclass(frozen=True)
class Target:
    """A hub, and what a client needs to know of a task there."""

    url: str
    task_id: int
    label_id: int

    @property
    def path(self) -> str:
        return f"/api/tasks/{self.task_id}/annotations"

    def body(self, count: int) -> bytes:
        """Return `count` rectangles as a client sends them."""
        data = annotations(count)
        for shape in data["shapes"]:
            del shape["id"]
            shape |= {"label_id": self.label_id, "frame": shape["frame"] % FRAMES}
        return json.dumps(data).encode()


class Connection:
    """One connection to a hub, logged in."""

    def __init__(self, url: str) -> None:
        self._http = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        login = json.dumps({"username": "admin", "password": PASSWORD}).encode()
        json_type = {"Content-Type": "application/json"}
        key = json.loads(self._send("POST", "/api/auth/login", login, json_type))["key"]
        self._headers = json_type | {"Authorization": f"Token {key}"}

    def __call__(self, method: str, path: str, body: bytes | None = None) -> bytes:
        return self._send(method, path, body, self._headers)

    def seconds(self, method: str, path: str, body: bytes | None = None) -> float:
        start = time.perf_counter()
        self(method, path, body)
        return time.perf_counter() - start

    def _send(self, method: str, path: str, body: bytes | None, headers: Any) -> bytes:
        self._http.request(method, path, body, headers)
        reply = self._http.getresponse()
        content = reply.read()
        if reply.status >= 300:
            raise RuntimeError(f"{method} {path}: {reply.status} {content[:200]!r}")
        return content


@contextmanager
def hub(data_dir: str, database: str) -> Iterator[tuple[str, int]]:
    """Run a hub, and return its address and its process id."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cvat_hub", "serve", "--port", "0", "--data-dir", data_dir],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "CVAT_HUB_ADMIN_PASSWORD": PASSWORD,
            "CVAT_HUB_DATABASE": database,
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1], process.pid
    finally:
        process.terminate()
        process.communicate(timeout=60)


def new_task(url: str, folder: Path) -> Target:
    import PIL.Image

    photo = folder / "photo.jpg"
    if not photo.exists():
        pixels = os.urandom(80 * 60 * 3)
        PIL.Image.frombytes("RGB", (80, 60), pixels).resize((640, 480)).save(photo)
        for number in range(FRAMES):
            (folder / f"{number:04}.jpg").symlink_to(photo)
    with make_client(url, credentials=("admin", PASSWORD)) as client:
        client.config.status_check_period = 0.1
        task = client.tasks.create_from_data(
            models.TaskWriteRequest(name="benchmark", labels=[{"name": "car"}]),
            [folder / f"{number:04}.jpg" for number in range(FRAMES)],
        )
        return Target(url, task.id, task.get_labels()[0].id)


def frame(target: Target, number: int) -> str:
    query = f"type=frame&quality=original&number={number % FRAMES}"
    return f"/api/tasks/{target.task_id}/data/?{query}"


# What others do meanwhile, given a task that is not the one of the bulk write.
OTHERS: dict[str, Callable[[Connection, Target, int], float]] = {
    "frame": lambda send, target, number: send.seconds("GET", frame(target, number)),
    "small write": lambda send, target, number: send.seconds(
        "PATCH", f"{target.path}?action=create", target.body(1)
    ),
    "users/self": lambda send, target, number: send.seconds("GET", "/api/users/self"),
}


def watch(target: Target, kind: str, stop: Any) -> list[float]:
    """Do one thing every few milliseconds, and return how long each took."""
    send, act, seconds = Connection(target.url), OTHERS[kind], []
    while not stop.is_set():
        seconds.append(act(send, target, len(seconds)))
        time.sleep(PAUSE)
    return seconds


def bulk(target: Target, count: int, turns: int, method: str) -> dict[str, list[float]]:
    """Write and read many rectangles again and again, and return the seconds."""
    send, body = Connection(target.url), target.body(count)
    path = target.path if method == "PUT" else f"{target.path}?action=create"
    result: dict[str, list[float]] = {"write": [], "read": [], "delete": []}
    for _ in range(turns):
        result["write"].append(send.seconds(method, path, body))
        result["read"].append(send.seconds("GET", target.path))
        if method == "PATCH":
            result["delete"].append(send.seconds("DELETE", target.path))
    return result


def by_ids(target: Target, count: int, turns: int, method: str) -> dict[str, list[float]]:
    """Update and delete many rectangles by their ids."""
    send, body = Connection(target.url), target.body(count)
    result: dict[str, list[float]] = {"update": [], "delete": []}
    for _ in range(turns):
        made = send("PATCH", f"{target.path}?action=create", body)
        for action, seconds in result.items():
            seconds.append(send.seconds("PATCH", f"{target.path}?action={action}", made))
            made = made if action == "delete" else send("GET", target.path)
    return result


def crowd(target: Target, clients: int, requests: int) -> list[float]:
    """Read frames and write annotations in turns, without a pause, and return the seconds."""
    seconds: list[float] = []

    def work(first: int) -> None:
        send = Connection(target.url)
        for number in range(first, first + requests):
            kind = ("frame", "small write")[number % 2]
            seconds.append(OTHERS[kind](send, target, number))

    threads = [threading.Thread(target=work, args=(37 * index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(seconds) < clients * requests:
        raise RuntimeError("a client failed: see its message above")
    return seconds


def memory(pid: int) -> dict[str, float]:
    """Return the resident memory of a process in MB, now and at its peak."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")}


def show(name: str, value: float, unit: str, aim: float | None = None) -> None:
    verdict = "" if aim is None else f"aim {aim:g}: {'reached' if value <= aim else 'MISSED'}"
    print(f"{name:<52} {value:>9.4g} {unit:<3} {verdict}".rstrip(), flush=True)


def show_waits(during: str, waits: dict[str, list[float]]) -> None:
    for kind, seconds in waits.items():
        cuts = quantiles(seconds, n=100)
        for name, value, aim in (
            ("p50", cuts[49], None),
            ("p99", cuts[98], None),
            ("max", max(seconds), 50),
        ):
            show(f"{during}: {kind}, {name} of {len(seconds)}", 1000 * value, "ms", aim)


def show_memory(after: str, pid: int) -> None:
    for name, megabytes in memory(pid).items():
        show(f"memory of the hub after {after}, {name}", megabytes, "MB", 300)


def measure(
    pool: ProcessPoolExecutor, target: Target, others: Target, work: Any, *arguments: Any
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return the seconds of a bulk writer, and of those who are there at the same time."""
    with multiprocessing.Manager() as manager:
        stop = manager.Event()
        watching = {kind: pool.submit(watch, others, kind, stop) for kind in OTHERS}
        try:
            result = pool.submit(work, target, *arguments).result()
        finally:
            stop.set()
        return result, {kind: future.result() for kind, future in watching.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.hub_annotations", description=__doc__)
    parser.add_argument("--turns", type=int, default=5, help="bulk writes of each kind")
    parser.add_argument("--count", type=int, default=100_000, help="rectangles of a bulk write")
    parser.add_argument("--requests", type=int, default=60, help="requests of each of 50 clients")
    parser.add_argument("--database", default="", help="address of the database")
    arguments = parser.parse_args()
    count, turns = arguments.count, arguments.turns
    described = machine()
    print(f"{described['cpu']}, {described['cores']} cores, load {described['load_at_start']:.2f}")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url, pid = stack.enter_context(hub(str(folder / "data"), arguments.database))
        target, others = new_task(url, folder), new_task(url, folder)
        fresh = multiprocessing.get_context("spawn")
        pool = stack.enter_context(ProcessPoolExecutor(5, mp_context=fresh))
        alone = pool.submit(bulk, target, count, turns, "PATCH").result()
        show(f"write {count} rectangles", median(alone["write"]), "s", 1.5)
        show(f"read {count} rectangles", median(alone["read"]), "s", 0.6)
        show(f"delete {count} rectangles", median(alone["delete"]), "s")
        replaced = pool.submit(bulk, target, count, turns + 1, "PUT").result()
        show(f"replace {count} rectangles by as many", median(replaced["write"][1:]), "s")
        for name, work, method in (
            ("create, delete all", bulk, "PATCH"),
            ("PUT", bulk, "PUT"),
            ("update, delete by ids", by_ids, ""),
        ):
            result, waits = measure(pool, target, others, work, count, turns, method)
            for step, seconds in result.items():
                if seconds:
                    show(f"{name}: {step} beside others", median(seconds), "s")
            show_waits(f"during {name}", waits)
            show_memory(name, pid)
        halves = [
            pool.submit(crowd, others, CLIENTS // 2, arguments.requests).result for _ in range(2)
        ]
        seconds = [second for half in halves for second in half()]
        show(f"{CLIENTS} clients, p99", 1000 * quantiles(seconds, n=100)[98], "ms", 250)
        show_memory("all this", pid)


if __name__ == "__main__":
    main()
