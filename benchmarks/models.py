"""Measures the functions on torchvision's models: `python -m benchmarks.models`.

Both sides run in the Python that runs this, which needs torch, torchvision and scikit-image, and
take turns; the official package is found in the environment of CVAT_PEER_PYTHON. Weights are
random, and the same on both sides. Where there is a GPU, batches are measured on it, with and
without half precision.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.__main__ import HERE, ROOT, Measurement, machine, peer_python, show
from benchmarks.reporting import save

MODELS = {
    "detection": "fasterrcnn_resnet50_fpn",
    "instance_segmentation": "maskrcnn_resnet50_fpn",
    "keypoint_detection": "keypointrcnn_resnet50_fpn",
    "classification": "resnet50",
}
ON_GPU = ("detection", "instance_segmentation")


class Worker:
    """A process that runs one of the two packages."""

    def __init__(self, side: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "models_worker.py"), side],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": packages(side)},
        )

    def ask(self, *command: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(command), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def packages(side: str) -> str:
    """Return the folder in which a side's `cvat_sdk` lies."""
    if side == "ours":
        return str(ROOT / "src")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return subprocess.check_output([peer_python(), "-c", code], text=True).strip()


@contextmanager
def workers() -> Iterator[dict[str, Worker]]:
    pair = {side: Worker(side) for side in ("official", "ours")}
    try:
        yield pair
    finally:
        for worker in pair.values():
            worker.close()


@dataclass(frozen=True)
class Bench:
    pair: dict[str, Worker]
    turns: int

    def measure(
        self, name: str, command: str, *arguments: Any, aim: float, warm_up: bool = True
    ) -> tuple[Measurement, dict[str, Any]]:
        """Return the seconds of both sides, and what else they last told."""
        seconds: dict[str, list[float]] = {side: [] for side in self.pair}
        told: dict[str, Any] = {}
        for turn in range(-1 if warm_up else 0, self.turns):
            for side, worker in self.pair.items():
                told[side] = worker.ask(command, *arguments)
                if turn >= 0:
                    seconds[side].append(told[side]["seconds"])
        official, ours = median(seconds["official"]), median(seconds["ours"])
        return Measurement(name, "s", official, ours, aim), told


def arithmetic(bench: Bench) -> Iterator[Measurement]:
    encoded, told = bench.measure("encode_mask, 4000x3000", "encode", aim=5)
    if told["official"]["digest"] != told["ours"]["digest"]:
        sys.exit("encode_mask: the two packages don't return the same")
    yield encoded
    outlined, told = bench.measure("mask to polygon, 4000x3000", "outline", aim=5)
    errors = {side: answer["area_error"] for side, answer in told.items()}
    print(f"{'':<42} area error: {errors['official']:.4%} official, {errors['ours']:.4%} ours")
    yield outlined
    yield bench.measure("50 masks in 1920x1080", "draw", 50, False, aim=3)[0]
    yield bench.measure("50 polygons in 1920x1080", "draw", 50, True, aim=3)[0]


def models(bench: Bench, folder: Path) -> Iterator[Measurement]:
    gpu = ""
    for kind, model in MODELS.items():
        weights = str(folder / f"{kind}.pth")
        gpu = bench.pair["ours"].ask("save_weights", kind, model, weights)
        options = json.dumps({"device": "cpu"})
        arguments = (kind, model, weights, options, 1)
        yield bench.measure(f"{model}, 640x480, CPU", "detect", *arguments, aim=1.3)[0]
    if not gpu:
        return
    print(f"on {gpu}, against the official function, which runs on the processor:")
    for kind in ON_GPU:
        for batch in (1, 4, 16):
            for half in (False, True):
                options = json.dumps({"device": "cuda:0", "half": half})
                name = f"{MODELS[kind]}, {batch} at a time{', half' * half}, GPU"
                arguments = (kind, MODELS[kind], str(folder / f"{kind}.pth"), options, batch)
                aim = 5 if batch == 16 else 1
                yield bench.measure(name, "detect", *arguments, aim=aim)[0]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=__doc__)
    parser.add_argument("--turns", type=int, default=3, help="measurements of each figure")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for the JSON")
    arguments = parser.parse_args()
    described = machine()
    print(f"{'':<42} {'official':>13} {'ours':>13} {'ratio':>9}")
    results: list[Measurement] = []
    with tempfile.TemporaryDirectory() as folder, workers() as pair:
        bench = Bench(pair, arguments.turns)
        for part in (arithmetic(bench), models(bench, Path(folder))):
            for measurement in part:
                results.append(measurement)
                show(measurement)
    print(f"\n{described['cpu']}, {described['cores']} cores")
    told = (dict(asdict(m), ratio=m.ratio) for m in results)
    save(arguments.out, "models-", told, machine=described, turns=arguments.turns)


if __name__ == "__main__":
    main()
