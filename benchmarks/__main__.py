"""Measures this project against the official package, in one session: `python -m benchmarks`.

Both sides run in processes of their own, and take turns, so that what else the machine does meets
both. A figure is the median of several turns. The official package lives in an environment of its
own, whose Python is named by CVAT_PEER_PYTHON (by default .venv-peer/bin/python).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.reporting import save

HERE = Path(__file__).parent
ROOT = HERE.parent


@dataclass(frozen=True)
class Measurement:
    """One figure of both sides; the aim is the least `official / ours` that would satisfy."""

    name: str
    unit: str
    official: float
    ours: float
    aim: float | None = None

    @property
    def ratio(self) -> float:
        return self.official / self.ours

    @property
    def verdict(self) -> str:
        if self.aim is None:
            return ""
        return f"aim {self.aim:g}: {'reached' if self.ratio >= self.aim else 'MISSED'}"


class Worker:
    """A process that runs cases with one of the two packages."""

    def __init__(self, side: str, python: str) -> None:
        self._process = subprocess.Popen(
            [python, str(HERE / "worker.py"), side],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(side),
        )

    def ask(self, *command: object) -> Any:
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("both are pipes")
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the worker ended during {command}: see its message above")
        return json.loads(answer)

    def close(self) -> None:
        self._process.communicate()


def environment(side: str) -> dict[str, str]:
    """Return the environment in which `import cvat_sdk` finds the side's package."""
    others = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return others if side == "official" else {**others, "PYTHONPATH": str(ROOT / "src")}


@contextmanager
def workers(pythons: dict[str, str]) -> Iterator[dict[str, Worker]]:
    pair = {side: Worker(side, python) for side, python in pythons.items()}
    try:
        yield pair
    finally:
        for worker in pair.values():
            worker.close()


def measure_annotating(
    pair: dict[str, Worker], kind: str, count: int, turns: int
) -> Iterator[Measurement]:
    answers: dict[str, list[Any]] = {side: [] for side in pair}
    for _ in range(turns):
        for side, worker in pair.items():
            answers[side].append(worker.ask("annotate", kind, count))
    if len({answer["digest"] for side in answers.values() for answer in side}) != 1:
        raise RuntimeError(f"the two packages would send different {kind}")
    for step in answers["ours"][0]["seconds"]:
        yield Measurement(
            f"{count} {kind}: {step}",
            "s",
            *(median(a["seconds"][step] for a in answers[side]) for side in pair),
        )
    totals = (median(sum(a["seconds"].values()) for a in answers[side]) for side in pair)
    yield Measurement(f"{count} {kind}: all", "s", *totals, aim=40)


def measure_decoding(
    pythons: dict[str, str], pair: dict[str, Worker], count: int, turns: int
) -> Iterator[Measurement]:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as reply:
        json.dump(annotations(count), reply)
        reply.flush()
        seconds = [
            [worker.ask("decode_seconds", reply.name) for worker in pair.values()]
            for _ in range(turns)
        ]
        yield Measurement(
            f"decode {count} shapes", "s", *map(median, zip(*seconds, strict=True)), aim=40
        )
        with workers(pythons) as fresh:  # nothing is left from earlier that could be used again
            peaks = [worker.ask("decode_peak", reply.name) / 1e6 for worker in fresh.values()]
        yield Measurement(f"decode {count} shapes: memory", "MB", *peaks, aim=4)


def annotations(count: int) -> dict[str, Any]:
    """Return a server's reply to a request for annotations."""
    shape = {
        "type": "rectangle",
        "occluded": False,
        "outside": False,
        "z_order": 0,
        "rotation": 0.0,
        "label_id": 10,
        "group": 0,
        "source": "auto",
        "score": 0.875,
        "attributes": [],
        "elements": [],
    }
    return {
        "version": 0,
        "tags": [],
        "shapes": [
            dict(shape, id=i, frame=i // 100, points=[0.5, 1.5, 100.25 + i % 500, 200.75])
            for i in range(1, count + 1)
        ],
        "tracks": [],
    }


def measure_import(pythons: dict[str, str], turns: int) -> Measurement:
    module = "cvat_sdk.auto_annotation"
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    seconds: dict[str, list[float]] = {side: [] for side in pythons}
    for _ in range(turns):
        for side, python in pythons.items():
            process = subprocess.run(
                [python, "-c", code],
                env=environment(side),
                cwd=tempfile.gettempdir(),
                check=True,
                capture_output=True,
            )
            seconds[side].append(float(process.stdout))
    return Measurement(f"import {module}", "s", *map(median, seconds.values()), aim=2)


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_at_start": os.getloadavg()[0],
    }


def show(measurement: Measurement) -> None:
    m = measurement
    print(
        f"{m.name:<42} {m.official:>10.4g} {m.unit:<2} {m.ours:>10.4g} {m.unit:<2}"
        f" {m.ratio:>7.1f} x  {m.verdict}".rstrip(),
        flush=True,
    )


def peer_python() -> str:
    named = os.environ.get("CVAT_PEER_PYTHON", str(ROOT / ".venv-peer" / "bin" / "python"))
    if not Path(named).exists():
        sys.exit(
            f"{named}: no such Python. Install the official package into an environment of its"
            " own (pip install cvat-sdk==2.80.0), and name its Python in CVAT_PEER_PYTHON."
        )
    return named


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--turns", type=int, default=5, help="measurements of each figure")
    parser.add_argument("--count", type=int, default=100_000, help="rectangles and shapes")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for the JSON")
    arguments = parser.parse_args()
    pythons = {"official": peer_python(), "ours": sys.executable}
    described, turns, count = machine(), arguments.turns, arguments.count
    print(f"{'':<42} {'official':>13} {'ours':>13} {'ratio':>9}")
    results: list[Measurement] = []
    with workers(pythons) as pair:
        for part in (
            [measure_import(pythons, turns)],
            measure_annotating(pair, "masks", count // 100, turns),
            measure_annotating(pair, "skeletons", count // 100, turns),
            measure_annotating(pair, "rectangles", count, turns),
            measure_annotating(pair, "scored rectangles", count // 10, turns),
            measure_decoding(pythons, pair, count, turns),
        ):
            for measurement in part:
                results.append(measurement)
                show(measurement)
    print(f"\n{described['cpu']}, {described['cores']} cores")
    told = (dict(asdict(m), ratio=m.ratio) for m in results)
    save(arguments.out, "", told, machine=described, turns=turns)


if __name__ == "__main__":
    main()
