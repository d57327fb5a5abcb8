"""Measures a hub by itself: `python -m benchmarks.hub`. It prints medians, and MISSED aims.

The hub runs in a process of its own, on SQLite in a temporary folder; the client is this process.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import av
import numpy as np
import PIL.Image
import urllib3

from benchmarks.reporting import Figure, shown

PASSWORD = "benchmark"
PHOTOS = 1000
PHOTO_WH = (640, 480)
VIDEO_WH = (1920, 1080)


class Hub:
    """A running hub, and a client that is logged in."""

    def __init__(self, process: subprocess.Popen[str], data_dir: Path) -> None:
        assert process.stdout
        self.process = process
        self.data_dir = data_dir
        self.address = process.stdout.readline().split()[-1]
        self._pool = urllib3.PoolManager(retries=False, timeout=600)
        login = {"username": "admin", "password": PASSWORD}
        self.token = f"Token {self('POST', 'auth/login', login)['key']}"

    def ask(self, method: str, path: str, **options: Any) -> bytes:
        headers = options.pop("headers", {}) | {"Authorization": getattr(self, "token", "")}
        kept = {name: value for name, value in headers.items() if value or name != "Authorization"}
        url = f"{self.address}/api/{path}"
        answer = self._pool.request(method, url, headers=kept, **options)
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.data[:200]!r}")
        return answer.data

    def __call__(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return json.loads(self.ask(method, path, json=data, headers=named) or b"null")

    def upload(self, files: dict[str, bytes], at_a_time: int = 100) -> int:
        """Make a task of files, and return its id when it is ready."""
        task_id: int = self("POST", "tasks", {"name": "x", "labels": [{"name": "car"}]})["id"]
        url, named = f"tasks/{task_id}/data/", list(files.items())
        self.ask("POST", url, headers={"Upload-Start": "true"})
        for start in range(0, len(named), at_a_time):
            group = enumerate(named[start : start + at_a_time])
            fields = {f"client_files[{number}]": file for number, file in group}
            self.ask("POST", url, headers={"Upload-Multiple": "true"}, fields=fields)
        request = self("POST", url, {"image_quality": 70}, Upload_Finish="true")["rq_id"]
        while (done := self("GET", f"requests/{request}"))["status"] != "finished":
            if done["status"] == "failed":
                raise RuntimeError(done["message"])
            time.sleep(0.02)
        return task_id

    def download(self, path: str) -> tuple[int, float]:
        """Return the bytes of a reply, and the seconds they took; they are dropped as they come."""
        where, buffer, size = urlsplit(self.address), bytearray(1 << 20), 0
        lines = (f"GET /api/{path} HTTP/1.1", "Host: hub", f"Authorization: {self.token}")
        with closing(socket.create_connection((where.hostname, where.port))) as line:
            line.sendall("\r\n".join((*lines, "Connection: close", "", "")).encode())
            start = time.perf_counter()
            while count := line.recv_into(buffer):
                size += count
            return size, time.perf_counter() - start

    def memory(self, which: str) -> float:
        """Return megabytes: `VmRSS` now, `VmHWM` the most so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"{which}:\s+(\d+) kB", status)
        assert found
        return int(found[1]) / 1024


@contextmanager
def running(database: str = "") -> Iterator[Hub]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "cvat_hub", "serve", "--port", "0", "--data-dir", folder]
        environment = os.environ | {"CVAT_HUB_ADMIN_PASSWORD": PASSWORD}
        if database:
            environment["CVAT_HUB_DATABASE"] = database
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                yield Hub(process, Path(folder))
            finally:
                process.terminate()


def picture(number: int, size_wh: tuple[int, int]) -> np.ndarray[Any, Any]:
    """Return pixels with soft and hard edges, and the noise of a camera."""
    width, height = size_wh
    y, x = np.mgrid[0:height, 0:width]
    layers = (
        (x / 3 + 7 * number) % 256,
        128 + 60 * np.sin(x / 40 + number) + 50 * np.cos(y / 30),
        (x * y / 3000 + 30 * number) % 256,
    )
    noise = np.random.default_rng(number).normal(0, 6, (height, width, 3))
    return np.clip(np.stack(layers, -1) + noise, 0, 255).astype(np.uint8)


def photos(count: int, size_wh: tuple[int, int]) -> dict[str, bytes]:
    """Return JPEGs, of which some are equal."""
    bodies = []
    for number in range(min(count, 20)):
        buffer = io.BytesIO()
        PIL.Image.fromarray(picture(number, size_wh)).save(buffer, "JPEG", quality=85)
        bodies.append(buffer.getvalue())
    return {f"{number:06}.jpg": bodies[number % len(bodies)] for number in range(count)}


def video(frames: int) -> bytes:
    """Return an H.264 film."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"g": "12"})
        (stream.width, stream.height), stream.pix_fmt = VIDEO_WH, "yuv420p"
        for number in range(frames):
            pixels = picture(number % 10, VIDEO_WH)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def p50_ms(hub: Hub, path: str, numbers: range) -> float:
    """Return the median milliseconds of a request for each of these frames."""
    each = (seconds(lambda n=n: hub.ask("GET", path.format(n))) for n in numbers)  # type: ignore[misc]
    return 1000 * median(each)


def measure_photos(hub: Hub, turns: int) -> Iterator[Figure]:
    files = photos(PHOTOS, PHOTO_WH)
    tasks: list[int] = []
    took = median(seconds(lambda: tasks.append(hub.upload(files))) for _ in range(turns))
    yield Figure(f"{PHOTOS} photos uploaded and ready", "s", took, most=12)
    for quality in ("original", "compressed"):
        chunk = f"tasks/{tasks[0]}/data?type=chunk&quality={quality}&number=0"
        hub.download(chunk)
        speeds = [size / took / 1e6 for size, took in (hub.download(chunk) for _ in range(15))]
        yield Figure(f"{quality} chunk", "MB/s", median(speeds), least=400)
    for quality in ("original", "compressed"):
        path = f"tasks/{tasks[0]}/data?type=frame&quality={quality}&number={{}}"
        p50_ms(hub, path, range(0, PHOTOS, 10))
        yield Figure(f"{quality} photo, p50", "ms", p50_ms(hub, path, range(3, PHOTOS, 5)), most=4)


def measure_video(hub: Hub, frames: int) -> Iterator[Figure]:
    body = video(frames)
    task_id = 0

    def upload() -> None:
        nonlocal task_id
        task_id = hub.upload({"film.mp4": body})

    yield Figure(f"video of {frames} frames uploaded and ready", "s", seconds(upload))
    path = f"tasks/{task_id}/data?type=frame&number={{}}"
    yield Figure("1080p frame as PNG, in order, p50", "ms", p50_ms(hub, path, range(60)))
    yield Figure("1080p frame as PNG, backwards, p50", "ms", p50_ms(hub, path, range(60, 0, -1)))
    chunk = f"tasks/{task_id}/data?type=chunk&quality=compressed&number=1"
    yield Figure("1080p chunk built", "s", seconds(lambda: hub.ask("GET", chunk)))


def measure_many(hub: Hub, count: int) -> Iterator[Figure]:
    files = photos(count, (16, 16))
    task_id = 0

    def upload(given: dict[str, bytes]) -> None:
        nonlocal task_id
        task_id = hub.upload(given, 500)

    yield Figure(f"{count} small files uploaded and ready", "s", seconds(lambda: upload(files)))
    packed = {"all.zip": zipped(files)}
    yield Figure(f"{count} small files as a zip", "s", seconds(lambda: upload(packed)))
    meta = median(seconds(lambda: hub.ask("GET", f"tasks/{task_id}/data/meta")) for _ in range(5))
    yield Figure(f"meta of {count} frames", "ms", 1000 * meta)


def figures(turns: int, count: int) -> Iterator[Figure]:
    with running() as hub:
        yield from measure_photos(hub, turns)
        yield from measure_video(hub, 200)
        yield from measure_many(hub, count)
        yield Figure("memory after all", "MB", hub.memory("VmRSS"), most=300)
        yield Figure("memory at most", "MB", hub.memory("VmHWM"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hub", description=__doc__)
    parser.add_argument("--turns", type=int, default=3, help="uploads of the photos")
    parser.add_argument("--count", type=int, default=30_000, help="small files of one task")
    arguments = parser.parse_args()
    shown(figures(arguments.turns, arguments.count))


if __name__ == "__main__":
    main()
