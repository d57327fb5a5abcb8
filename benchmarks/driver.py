"""Measures `annotate_task` against the official package: `python -m benchmarks.driver`.

A hub of its own serves photos; each run is a process of its own, and the two packages take turns.
Figures are medians; the results are kept as JSON, with the machine's description.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.__main__ import HERE, environment, machine, peer_python
from benchmarks.frames import LINES
from benchmarks.hub import PASSWORD, Hub, photos, running
from benchmarks.line import slow_line
from benchmarks.reporting import Figure, save, shown

LARGE, MEDIUM, SMALL = (1920, 1080), (640, 480), (64, 48)


@dataclass(frozen=True)
class Bench:
    """A hub to measure on.

    Args:
        turns: how often each side runs.
    """

    hub: Hub
    turns: int

    def run(self, side: str, task_id: int, order: dict[str, Any], url: str = "") -> dict[str, Any]:
        """Run a function once, in a process of its own."""
        python = sys.executable if side == "ours" else peer_python()
        worker = str(HERE / "driver_worker.py")
        command = [python, worker, url or self.hub.address, str(task_id), json.dumps(order)]
        known = environment(side) | {"CVAT_BENCHMARK_PASSWORD": PASSWORD}
        done = subprocess.run(command, env=known, check=True, stdout=subprocess.PIPE)
        self.hub.ask("DELETE", f"tasks/{task_id}/annotations")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def against(
        self, name: str, task_id: int, order: dict[str, Any], *, least: float, batches: bool = False
    ) -> Figure:
        """Return how many times as fast as the official package this one is."""
        runs: dict[str, list[dict[str, Any]]] = {"official": [], "ours": []}
        for _ in range(self.turns):
            for side, done in runs.items():
                own = {"batches": True} if batches and side == "ours" else {}
                done.append(self.run(side, task_id, order | own))
        seconds = {side: median(one["seconds"] for one in done) for side, done in runs.items()}
        told = {"seconds": seconds, "stages": runs["ours"][-1]["stages"]}
        return Figure(name, "x", seconds["official"] / seconds["ours"], least=least, told=told)

    def task(self, count: int, size_wh: tuple[int, int]) -> int:
        """Make a task of photos."""
        return self.hub.upload(photos(count, size_wh))


def no_function(bench: Bench) -> Iterator[Figure]:
    task_id = bench.task(200, LARGE)
    for shapes, least in ((20, 2), (200, 4)):
        name = f"200 large frames, {shapes} shapes each, a function that takes no time"
        yield bench.against(name, task_id, {"shapes": shapes}, least=least)


def function_of_10_ms(bench: Bench) -> Iterator[Figure]:
    files = photos(300, LARGE)
    task_id, size = bench.hub.upload(files), sum(map(len, files.values()))
    order = {"shapes": 20, "call_ms": 10}
    for label in ("no delay", "30 ms", "20 MB/s"):
        options = LINES[label]
        pure = bench.run("ours", task_id, {"shapes": 0, "call_ms": 10})["stages"]["detect"]
        least = max(pure, size / (options["mb_s"] * 1e6) if "mb_s" in options else 0)
        runs: dict[str, list[dict[str, Any]]] = {"official": [], "ours": []}
        with slow_line(bench.hub.address, **options) as line:
            for _ in range(bench.turns):
                for side, done in runs.items():
                    done.append(bench.run(side, task_id, order, line if options else ""))
        seconds = {side: median(one["seconds"] for one in done) for side, done in runs.items()}
        told = {"seconds": seconds, "least": least, "stages": runs["ours"][-1]["stages"]}
        name = f"300 large frames at 10 ms, {label}: wall time over the least"
        yield Figure(name, "x", seconds["ours"] / least, most=1.10, told=told)


def function_of_20_ms_a_call(bench: Bench) -> Iterator[Figure]:
    task_id = bench.task(1000, MEDIUM)
    order = {"shapes": 5, "call_ms": 20}
    name = "1000 medium frames, 20 ms a call, in batches"
    yield bench.against(name, task_id, order, least=8, batches=True)


def memory(bench: Bench) -> Iterator[Figure]:
    runs = {}
    for count in (500, 5000):
        runs[count] = bench.run("ours", bench.task(count, LARGE), {"shapes": 20})
    growth = {count: run["peak"] - run["before"] for count, run in runs.items()}
    told = {"peaks": {count: run["peak"] for count, run in runs.items()}}
    peaks = runs[5000]["peak"] / runs[500]["peak"]
    yield Figure("peak of 5000 large frames over that of 500", "x", peaks, most=1.2, told=told)
    yield Figure("memory that 5000 large frames take", "MB", growth[5000], most=300, told=told)


def upload(bench: Bench) -> Iterator[Figure]:
    task_id = bench.task(10_000, SMALL)
    ours = bench.run("ours", task_id, {"shapes": 100})
    few = bench.task(500, SMALL)
    official = bench.run("official", few, {"shapes": 100})
    speeds = {"ours": 1e6 / ours["seconds"], "official": 5e4 / official["seconds"]}
    told = {"shapes/s": speeds, "stages": ours["stages"], "official": "50,000 shapes"}
    name = "1,000,000 rectangles, 100 a frame: shapes/s"
    yield Figure(name, "x", speeds["ours"] / speeds["official"], least=10, told=told)
    yield Figure("peak memory of that", "MB", ours["peak"], most=400)


def resume(bench: Bench) -> Iterator[Figure]:
    task_id = bench.task(5001, SMALL)
    with tempfile.TemporaryDirectory() as folder:
        options = {"journal_dir": folder}
        order = {"shapes": 100, "options": options}
        bench.run("ours", task_id, order | {"fails_at": 5000})
        done = bench.run("ours", task_id, order | {"options": options | {"resume": True}})
    if done["calls"] != 1:
        raise RuntimeError(f"the resumed run called the function {done['calls']} times")
    yield Figure("5000 finished frames: to the first new one", "s", done["first"], most=2)


PARTS: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    "nothing": no_function,
    "10ms": function_of_10_ms,
    "batches": function_of_20_ms_a_call,
    "resume": resume,
    "upload": upload,
    "memory": memory,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.driver", description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--part", choices=PARTS, nargs="*", default=list(PARTS))
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for the JSON")
    given = parser.parse_args()
    described = machine()
    figures: list[Figure] = []
    print(f"{described['cpu']}, {described['cores']} cores, load {os.getloadavg()[0]:.1f}")
    for part in given.part:
        with running() as hub:
            figures += shown(PARTS[part](Bench(hub, given.turns)))
    save(given.out, "driver-", map(asdict, figures), machine=described, turns=given.turns)


if __name__ == "__main__":
    main()
