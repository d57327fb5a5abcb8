"""Runs a function over a task: `python interrupted.py URL TASK FOLDER UPLOAD SECONDS`.

Each call writes the name of its frame to a file, and lasts so many seconds.
"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from typing import Any

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk import make_client


class Slow:
    """Finds two points and a tag."""

    spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("thing", 0)])

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder = folder
        self.seconds = seconds

    def detect(self, context: Any, image: Any) -> list[Any]:
        time.sleep(self.seconds)
        points = [cvataa.shape(0, type="points", points=[image.width, y]) for y in range(2)]
        with (self.folder / "calls.txt").open("a") as calls:
            calls.write(f"{context.frame_name}\n")
        return [*points, cvataa.tag(0)]


def main(url: str, task_id: str, folder: str, upload: str, seconds: str) -> None:
    logging.basicConfig(level=logging.INFO)
    function = Slow(Path(folder), float(seconds))
    with make_client(url, credentials=("admin", "correct horse")) as client:
        options: Any = {"upload": upload, "journal_dir": Path(folder), "resume": True}
        print(cvataa.annotate_task(client, int(task_id), function, **options), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
