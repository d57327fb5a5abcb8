"""One `annotate_task`, with either package: `driver_worker.py URL TASK ORDER`.

ORDER is JSON: `shapes` that the function finds on each frame, `call_ms` that a call of it lasts,
`batches` whether it takes several images, and of this project `options` of `annotate_task` and
`fails_at` the frame at which it gives up. Prints JSON: seconds, those before the function was first
called, those of the processor, peak memory in MB, memory before in MB, and what `annotate_task`
returned. The password comes in CVAT_BENCHMARK_PASSWORD.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk import make_client


class Boxes:
    """Finds as many boxes as it is told."""

    spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("car", 0)])

    def __init__(self, shapes: int, call_ms: float, fails_at: int | None) -> None:
        self.boxes = [[0.5, 1.5, 10.25 + n % 40, 20.75] for n in range(shapes)]
        self.call_s = call_ms / 1e3
        self.fails_at = fails_at
        self.calls = 0
        self.first: float | None = None

    def detect(self, context: Any, image: Any) -> Sequence[Any]:
        self.look([image])
        return self.found()

    def look(self, images: Sequence[Any]) -> None:
        self.first = self.first or time.perf_counter()
        for image in images:
            image.getpixel((0, 0))
        if self.calls == self.fails_at:
            raise RuntimeError("as ordered")
        self.calls += 1
        time.sleep(self.call_s)

    def found(self) -> Sequence[Any]:
        return [cvataa.rectangle(0, box) for box in self.boxes]


class BoxesInBatches(Boxes):
    def detect_batch(self, contexts: Sequence[Any], images: Sequence[Any]) -> Sequence[Any]:
        self.look(images)
        return [self.found() for _ in images]


def memory_mb(name: str) -> float:
    # Not `ru_maxrss`, which begins with the memory of the process that started this one.
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


def main() -> None:
    url, task_id, order = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    kind = BoxesInBatches if order.get("batches") else Boxes
    function = kind(order["shapes"], order.get("call_ms", 0), order.get("fails_at"))
    options = order.get("options", {})
    if "journal_dir" in options:
        options["journal_dir"] = Path(options["journal_dir"])
    password = os.environ["CVAT_BENCHMARK_PASSWORD"]
    with (
        tempfile.TemporaryDirectory() as cache,
        make_client(url, credentials=("admin", password)) as client,
    ):
        # Nobody is to find there what an earlier run has downloaded.
        client.config.cache_dir = Path(cache)
        before, report = memory_mb("VmRSS"), None
        start, cpu = time.perf_counter(), time.process_time()
        try:
            report = cvataa.annotate_task(client, task_id, function, **options)
        except RuntimeError:
            if function.fails_at is None:
                raise
        end = time.perf_counter()
    print(
        json.dumps(
            {
                "seconds": end - start,
                "first": (function.first or end) - start,
                "cpu": time.process_time() - cpu,
                "peak": memory_mb("VmHWM"),
                "before": before,
                "calls": function.calls,
                "stages": getattr(report, "stages", {}),
            }
        )
    )


if __name__ == "__main__":
    main()
