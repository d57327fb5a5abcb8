"""Measures agents against the official package: `python -m benchmarks.agents`.

A hub of its own holds photos; each agent is started by the command line of its package, serves a
function that takes no time, and is asked over the protocol of annotation UIs.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

from benchmarks.__main__ import HERE, environment, machine, peer_python
from benchmarks.hub import PASSWORD, Hub, photos, running
from benchmarks.reporting import Figure, save, shown

LARGE = (1920, 1080)
SIDES = ("official", "ours")
FUNCTION = HERE / "agents_function.py"


@dataclass(frozen=True)
class Bench:
    """A hub with a task of large photos.

    Args:
        calls: how often each interactive call is made.
    """

    hub: Hub
    task_id: int
    frames: int
    calls: int

    @contextmanager
    def agent(self, side: str) -> Iterator[int]:
        """Serve a new function with the agent of one package, and yield the function's id."""
        function_id: int = self.hub("POST", "functions", registration(side))["id"]
        where = urlsplit(self.hub.address)
        login = ("--auth", "admin", "--server-host", f"http://{where.hostname}")
        words = ("function", "run-agent", str(function_id), "--function-file", str(FUNCTION))
        process = subprocess.Popen(
            [
                sys.executable if side == "ours" else peer_python(),
                *("-m", "cvat_cli", *login, "--server-port", str(where.port), *words),
            ],
            env=environment(side) | {"PASS": PASSWORD},
            stderr=subprocess.DEVNULL,
        )
        try:
            while not self.figures(function_id)["agents"]:
                if process.poll() is not None:
                    raise RuntimeError(f"the agent of {side!r} has ended")
                time.sleep(0.05)
            yield function_id
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()
            self.hub("DELETE", f"functions/{function_id}")

    def figures(self, function_id: int) -> dict[str, Any]:
        told: dict[str, Any] = self.hub("GET", f"lambda/functions/{function_id}")["figures"]
        return told

    def call(self, function_id: int, frame: int) -> float:
        """Have a frame annotated, and return the milliseconds that it took."""
        start = time.perf_counter()
        asked = {"task": self.task_id, "frame": frame, "mapping": {"car": {"name": "car"}}}
        found = self.hub("POST", f"lambda/functions/{function_id}", asked)
        if len(found["shapes"]) != 1:
            raise RuntimeError(f"expected one shape, got {found}")
        return 1e3 * (time.perf_counter() - start)

    def annotate(self, function_id: int) -> float:
        """Have the task annotated, and return the seconds that it took."""
        start = time.perf_counter()
        asked = {"function": str(function_id), "task": self.task_id, "cleanup": True}
        asked |= {"type": "annotate_task", "mapping": {"car": {"name": "car"}}}
        path = f"lambda/requests/{self.hub('POST', 'lambda/requests', asked)['id']}"
        while not (request := self.hub("GET", path))["ended"]:
            time.sleep(0.01)
        if request["status"] != "finished":
            raise RuntimeError(str(request))
        return time.perf_counter() - start


def registration(side: str) -> dict[str, Any]:
    label = {"name": "car", "attributes": [], "type": "any", "sublabels": []}
    return {"name": side, "provider": "native", "kind": "detector", "labels_v2": [label]}


def interactive(bench: Bench) -> Iterator[Figure]:
    """One frame again and again, and each frame once."""
    cached: dict[str, list[float]] = {}
    fresh: dict[str, list[float]] = {}
    for side in SIDES:
        with bench.agent(side) as function_id:
            frames = range(1, min(bench.frames, bench.calls))
            bench.call(function_id, 0)
            cached[side] = [bench.call(function_id, 0) for _ in range(bench.calls)]
            fresh[side] = [bench.call(function_id, frame) for frame in frames]
    name = "a call about a large frame"
    yield Figure(f"{name} that the agent has: p50", "ms", median(cached["ours"]), most=15)
    yield Figure(f"{name} that the agent has: p99", "ms", _p99(cached["ours"]), most=60)
    yield _ratio(f"{name} that the agent has: p50", cached, least=5)
    yield Figure(f"{name} that is new to it: p50", "ms", median(fresh["ours"]), most=60)
    yield _ratio(f"{name} that is new to it: p50", fresh, least=None)


def whole_task(bench: Bench) -> Iterator[Figure]:
    seconds = {}
    for side in SIDES:
        with bench.agent(side) as function_id:
            seconds[side] = [bench.annotate(function_id)]
    yield _ratio(f"annotate_task of {bench.frames} large frames", seconds, least=3)


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100, method="inclusive")[98]


def _ratio(name: str, times: dict[str, list[float]], *, least: float | None) -> Figure:
    told = {side: median(found) for side, found in times.items()}
    return Figure(name, "x", told["official"] / told["ours"], least=least, told=told)


PARTS: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    "interactive": interactive,
    "task": whole_task,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agents", description=__doc__)
    parser.add_argument("--part", choices=PARTS, nargs="*", default=list(PARTS))
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for the JSON")
    given = parser.parse_args()
    described = machine()
    figures: list[Figure] = []
    print(f"{described['cpu']}, {described['cores']} cores, load {os.getloadavg()[0]:.1f}")
    with running() as hub:
        task_id = hub.upload(photos(given.frames, LARGE))
        for part in given.part:
            figures += shown(PARTS[part](Bench(hub, task_id, given.frames, given.calls)))
    save(given.out, "agents-", map(asdict, figures), machine=described, calls=given.calls)


if __name__ == "__main__":
    main()
