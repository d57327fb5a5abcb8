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

URL, TASK, FOLDER, UPLOAD, SECONDS = sys.argv[1:]


class Slow:
    """Finds two points and a tag."""

    spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("thing", 0)])

    def detect(self, context: Any, image: Any) -> list[Any]:
        time.sleep(float(SECONDS))
        points = [cvataa.shape(0, type="points", points=[image.width, y]) for y in range(2)]
        with (Path(FOLDER) / "calls.txt").open("a") as calls:
            calls.write(f"{context.frame_name}\n")
        return [*points, cvataa.tag(0)]


logging.basicConfig(level=logging.INFO)
with make_client(URL, credentials=("admin", "correct horse")) as client:
    options: Any = {"upload": UPLOAD, "journal_dir": Path(FOLDER), "resume": True}
    print(cvataa.annotate_task(client, int(TASK), Slow(), **options), flush=True)
