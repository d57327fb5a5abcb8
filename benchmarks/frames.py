"""Measures how fast frames come: `python -m benchmarks.frames`. It prints medians.

A hub of its own serves photos; each pass is a process of its own. Ways: `TaskFrames`, and of the
official package a `TaskDataset` that downloads all first, and `get_frame` for one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.__main__ import environment, machine, peer_python
from benchmarks.hub import PASSWORD, Hub, photos, running
from benchmarks.line import slow_line

PHOTO_WH = (1920, 1080)
WAYS = {"ours": "TaskFrames", "dataset": "official TaskDataset", "get_frame": "official get_frame"}
LINES: dict[str, dict[str, float]] = {
    "no delay": {},
    "30 ms": {"delay_ms": 30},
    "20 MB/s": {"mb_s": 20},
    "20 MB/s, 30 ms": {"mb_s": 20, "delay_ms": 30},
}


def one_pass(way: str, url: str, task_id: int, count: int, look_ms: int) -> dict[str, Any]:
    side, python = ("ours", sys.executable) if way == "ours" else ("official", peer_python())
    worker = Path(__file__).with_name("frames_worker.py")
    command = [python, str(worker), way, url, *map(str, (task_id, count, look_ms))]
    known = environment(side) | {"CVAT_BENCHMARK_PASSWORD": PASSWORD}
    answer: dict[str, Any] = json.loads(
        subprocess.run(command, env=known, check=True, stdout=subprocess.PIPE).stdout
    )
    return answer


def show(label: str, way: str, passes: list[dict[str, Any]], count: int, note: str = "") -> None:
    seconds, cpu, peak = (
        median(one[name] for one in passes) for name in ("seconds", "cpu", "peak")
    )
    stages = ", ".join(f"{name} {took:.2f}" for name, took in passes[-1]["stages"].items())
    print(
        f"{label:<28} {WAYS[way]:<22} {seconds:>6.2f} s {count / seconds:>7.1f} frames/s"
        f" {cpu:>6.2f} s of CPU {peak:>5.0f} MB  {note}{stages}".rstrip(),
        flush=True,
    )


def measure_lines(
    hub: Hub, task_id: int, count: int, size: int, turns: int, look_ms: int, lines: list[str]
) -> None:
    for label in lines:
        options = LINES[label]
        least = size / (options["mb_s"] * 1e6) if "mb_s" in options else 0
        note = f"bytes / bandwidth {least:.2f} s; " if least else ""
        named = f"{label}, looks {look_ms} ms" if look_ms else label
        with slow_line(hub.address, **options) as url:
            passes: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
            for _ in range(turns):
                for way, done in passes.items():
                    address = url if options else hub.address
                    done.append(one_pass(way, address, task_id, count, look_ms))
        for way, done in passes.items():
            show(named, way, done, count, note)


def measure_memory(hub: Hub, many: int, look_ms: int) -> None:
    """Show the peak of a short and of a long pass, with a reader that lets frames pile up."""
    task_id = hub.upload(photos(many, PHOTO_WH))
    for count in (many // 10, many):
        done = one_pass("ours", hub.address, task_id, count, look_ms)
        show(f"{count} frames, looks {look_ms} ms", "ours", [done], count)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frames", description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--count", type=int, default=200, help="photos")
    parser.add_argument("--many", type=int, default=2000, help="photos for the figure of memory")
    parser.add_argument("--line", choices=LINES, nargs="*", default=list(LINES))
    parser.add_argument("--look-ms", type=int, nargs="*", default=[0, 10])
    given = parser.parse_args()
    described = machine()
    print(f"{described['cpu']}, {described['cores']} cores, load {os.getloadavg()[0]:.1f}")
    with running() as hub:
        files = photos(given.count, PHOTO_WH)
        task_id = hub.upload(files)
        size = sum(map(len, files.values()))
        print(f"{given.count} photos of {PHOTO_WH[0]}x{PHOTO_WH[1]}, {size / 1e6:.0f} MB")
        for look_ms in given.look_ms:
            measure_lines(hub, task_id, given.count, size, given.turns, look_ms, given.line)
        for look_ms in given.look_ms:
            measure_memory(hub, given.many, look_ms)


if __name__ == "__main__":
    main()
