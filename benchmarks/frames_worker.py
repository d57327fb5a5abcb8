"""One pass over a task's frames, with either package: `frames_worker.py WAY URL TASK COUNT MS`.

WAY is `ours`, `dataset` or `get_frame`, COUNT of frames to look at, MS how long the reader looks at
each. Prints JSON: seconds from the task's number to the last image, those of the processor, peak
memory in MB, and the stages' seconds. The password comes in CVAT_BENCHMARK_PASSWORD.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cvat_sdk import make_client

STAGES: dict[str, float] = {}


def ours(client: Any, task_id: int, count: int) -> Iterator[Any]:
    from cvat_sdk.datasets.frames import TaskFrames

    with TaskFrames(client.tasks.retrieve(task_id), indices=range(count)) as frames:
        for frame in frames:
            yield frame.load_image()
        STAGES.update(frames.seconds)


def dataset(client: Any, task_id: int, count: int) -> Iterator[Any]:
    from cvat_sdk.datasets import TaskDataset

    with tempfile.TemporaryDirectory() as folder:
        client.config.cache_dir = Path(folder)
        for sample in TaskDataset(client, task_id, load_annotations=False).samples[:count]:
            yield sample.media.load_image()


def get_frame(client: Any, task_id: int, count: int) -> Iterator[Any]:
    import PIL.Image

    task = client.tasks.retrieve(task_id)
    for index in range(count):
        yield PIL.Image.open(task.get_frame(index, quality="original"))


def main() -> None:
    way, url, task_id, count, look_ms = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
    password = os.environ["CVAT_BENCHMARK_PASSWORD"]
    with make_client(url, credentials=("admin", password)) as client:
        start, cpu, seen = time.perf_counter(), time.process_time(), 0
        for image in globals()[way](client, task_id, count):
            image.load()
            time.sleep(look_ms / 1e3)
            seen += 1
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    assert seen == count
    # Not `ru_maxrss`, which begins with the memory of the process that started this one.
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert peak
    answer = {"seconds": seconds, "cpu": cpu, "peak": int(peak[1]) / 1024, "stages": STAGES}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
