"""The main job from start to end: a hub, tasks, the shipped detector, and what it found.

`make demo` runs it. It needs no other server and no internet; all it writes lies in `.demo/`.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import PIL.Image
from contact_sheet import Box, Tile, draw_contact_sheet
from processes import DemoError, command, running_hub
from serving import annotate_by_agent

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk import Client, make_client
from cvat_sdk.auto_annotation.functions import nanodet_detection
from cvat_sdk.core.helpers import DeferredTqdmProgressReporter
from cvat_sdk.core.proxies.tasks import Task
from cvat_sdk.exceptions import CvatSdkException

HERE = Path(__file__).parent
PHOTOS = sorted((HERE / "photos").glob("*.jpg"))
CLIP = HERE / "bikes.mp4"
DETECTOR = "cvat_sdk.auto_annotation.functions.nanodet_detection"
CLIP_TILES = 6


def main() -> int:
    signal.signal(signal.SIGTERM, _leave)
    folder = Path(".demo")
    folder.mkdir(exist_ok=True)
    try:
        _run(folder)
    except KeyboardInterrupt:
        _say("demo: interrupted; the hub is stopped")
        return 130
    except (DemoError, CvatSdkException, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


def _run(folder: Path) -> None:
    start = time.monotonic()
    with running_hub(folder) as address:
        _say(f"A hub runs at {address}, with its data in {folder / 'hub'}.")
        password = (folder / "hub" / "admin-password.txt").read_text(encoding="utf-8").strip()
        with make_client(address, credentials=("admin", password)) as client:
            photos = annotate_photos(client)
            clip = annotate_clip(client, address, password)
            served = annotate_served(client, password, folder)
            tasks = {"photos": photos, CLIP.name: clip, "served": served}
            counts = {name: _labels_of(task) for name, task in tasks.items()}
            draw_contact_sheet(_tiles(photos, clip), folder / "contact-sheet.png")
            sizes = {name: task.size for name, task in tasks.items()}
    seconds = time.monotonic() - start
    write_report(
        folder / "report.json", photos.size, clip.size, sum(counts.values(), Counter()), seconds
    )
    _say(table(sizes, counts))
    _say(NEXT.format(folder=folder, seconds=seconds, photos=photos.id, detector=DETECTOR))


def annotate_photos(client: Client) -> Task:
    """Make a task of the photos, and annotate it from Python."""
    function = nanodet_detection.create()
    task = _made(client, "photos", PHOTOS)
    _say(f"Task {task.id} has {task.size} photos. annotate_task() finds objects in them:")
    cvataa.annotate_task(client, task.id, function, pbar=DeferredTqdmProgressReporter())
    return task


def annotate_clip(client: Client, address: str, password: str) -> Task:
    """Make a task of the video clip, and annotate it by the command line."""
    task = _made(client, CLIP.name, [CLIP])
    words = ["--auth", "admin", "--server-host", address, "task", "auto-annotate", str(task.id)]
    words += ["--function-module", DETECTOR]
    _say(f"Task {task.id} is a video of {task.size} frames. The command line does the same:")
    _say(f"  $ cvat-cli {shlex.join(words)}")
    done = subprocess.run(command(words), env={**os.environ, "PASS": password})
    if done.returncode != 0:
        raise DemoError(f"cvat-cli ended with exit code {done.returncode}")
    return task


def annotate_served(client: Client, password: str, folder: Path) -> Task:
    """Make a task of the photos, and have an agent annotate it."""
    task = _made(client, "served", PHOTOS)
    _say(f"Task {task.id} has the photos again. An agent serves the detector to a browser:")
    annotate_by_agent(client, task, DETECTOR, password, folder, _say)
    return task


def _made(client: Client, name: str, files: Sequence[Path]) -> Task:
    labels = nanodet_detection.create().spec.labels
    spec = {"name": name, "labels": [{"name": one.name, "type": one.type} for one in labels]}
    return client.tasks.create_from_data(spec, files)


def write_report(
    path: Path, images: int, frames: int, labels: Counter[str], seconds: float
) -> None:
    report = {
        "images": images,
        "frames": frames,
        "shapes": labels.total(),
        "labels": dict(labels.most_common()),
        "seconds": round(seconds, 1),
    }
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def table(sizes: dict[str, int], counts: dict[str, Counter[str]]) -> str:
    rows = [("task", "frames", "shapes", "labels")]
    for name, labels in counts.items():
        found = ", ".join(f"{label} {number}" for label, number in labels.most_common())
        rows.append((name, str(sizes[name]), str(labels.total()), found))
    return "\n" + "\n".join(f"{a:<12}{b:>7}{c:>8}   {d}" for a, b, c, d in rows)


NEXT = """
Done in {seconds:.0f} s. The hub is stopped.
  {folder}/contact-sheet.png   the photos and some video frames, with what was found
  {folder}/report.json         the figures

To try next:
  .venv/bin/cvat-hub serve --data-dir {folder}/hub      the same hub again, at port 8080
  and in another terminal:
  export PASS=$(cat {folder}/hub/admin-password.txt)
  .venv/bin/cvat-cli --auth admin --server-host http://localhost:8080 task ls
  .venv/bin/cvat-cli --auth admin --server-host http://localhost:8080 task auto-annotate {photos} \\
      --function-module {detector} \\
      --conf-threshold 0.25 --clear-existing
  docs/write-a-function.md tells how to run a model of your own.
"""


def _labels_of(task: Task) -> Counter[str]:
    names = {label.id: label.name for label in task.get_labels()}
    return Counter(names[shape.label_id] for shape in task.get_annotations().shapes)


def _tiles(photos: Task, clip: Task) -> Iterator[Iterator[Tile]]:
    names = [frame.name for frame in photos.get_frames_info()]
    yield _tiles_of(photos, range(photos.size), names)
    step = max(1, clip.size // CLIP_TILES)
    captions = [f"{CLIP.name}, frame {number}" for number in range(clip.size)]
    yield _tiles_of(clip, range(step // 2, clip.size, step), captions)


def _tiles_of(task: Task, frames: range, captions: list[str]) -> Iterator[Tile]:
    names = {label.id: label.name for label in task.get_labels()}
    shapes = task.get_annotations().shapes
    for number in frames:
        image = PIL.Image.open(task.get_frame(number, quality="original"))
        boxes = [_box(shape, names) for shape in shapes if shape.frame == number]
        yield Tile(captions[number], image, boxes)


def _box(shape: Any, names: dict[int, str]) -> Box:
    left, top, right, bottom = shape.points
    return Box(names[shape.label_id], shape.score, (left, top, right, bottom))


def _leave(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
