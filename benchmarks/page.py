"""Measures the hub's page in a browser that draws without a graphics card: `make bench-page`.

The photos have 1920x1080 pixels, and each of them 500 rectangles and 20 masks.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from cvat_sdk import make_client, models
from cvat_sdk.masks import encode_mask

from .__main__ import machine
from .hub import picture
from .hub_annotations import PASSWORD, hub, show

FRAMES = 20
SIZE_WH = (1920, 1080)
RECTANGLES, MASKS = 500, 20
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")

_CANVAS = "const canvas = document.querySelector('.stage canvas');"
_TICK = "await new Promise((tick) => requestAnimationFrame(tick));"
_PRESS = "canvas.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));"
# From a key to the frame on the canvas, in ms.
TURN = f"""async ([key, frame]) => {{ {_CANVAS}
  const start = performance.now(); {_PRESS}
  while (canvas.dataset.frame !== String(frame)) {_TICK}
  return performance.now() - start; }}"""
# From the last byte of a frame to the canvas, in ms.
ARRIVE = f"""async ([key, frame]) => {{ {_CANVAS}
  performance.clearResourceTimings(); {_PRESS}
  while (canvas.dataset.frame !== String(frame)) {_TICK}
  const all = performance.getEntriesByType("resource");
  const arrived = all.find((each) => each.name.includes(`number=${{frame}}&`)).responseEnd;
  return performance.now() - arrived; }}"""
# Pulls the image about for two seconds; how many pictures a second came of it.
PAN = f"""async () => {{ {_CANVAS}
  const box = canvas.getBoundingClientRect(), before = Number(canvas.dataset.painted);
  canvas.setPointerCapture = () => undefined;
  const send = (name, x, y) => canvas.dispatchEvent(new PointerEvent(name,
    {{ clientX: box.left + x, clientY: box.top + y, button: 1, pointerId: 1, bubbles: true }}));
  send("pointerdown", 500, 400);
  const start = performance.now();
  for (let i = 0; performance.now() - start < 2000; i++) {{
    send("pointermove", 500 + 80 * Math.sin(i / 10), 400 + 50 * Math.cos(i / 10)); {_TICK}
  }}
  const seconds = (performance.now() - start) / 1000;
  send("pointerup", 500, 400);
  return (Number(canvas.dataset.painted) - before) / seconds; }}"""
# From the address to what is shown there, in ms.
VISIT = f"""async ([path, shown]) => {{
  const start = performance.now();
  location.hash = path;
  while (!document.querySelector(shown)) {_TICK}
  return performance.now() - start; }}"""


def shapes(label: int, frame: int) -> Iterator[models.LabeledShapeRequest]:
    chance = np.random.default_rng(frame)
    disc = np.hypot(*(np.mgrid[-150:150, -150:150])) < 140
    for x, y, width, height, score in chance.uniform(0, 1, (RECTANGLES, 5)):
        left, top = 1800 * x, 1000 * y
        points = [left, top, left + 10 + 100 * width, top + 10 + 60 * height]
        yield models.LabeledShapeRequest(
            type="rectangle", frame=frame, label_id=label, points=points, score=score, source="auto"
        )
    for left, top in chance.integers(0, (1600, 750), (MASKS, 2)):
        bitmap = np.zeros(SIZE_WH[::-1], dtype=bool)
        bitmap[top : top + 300, left : left + 300] = disc
        yield models.LabeledShapeRequest(
            type="mask", frame=frame, label_id=label, points=encode_mask(bitmap)
        )


def heavy_task(client: Any, folder: Path) -> int:
    import PIL.Image

    paths = [folder / f"{number:03}.jpg" for number in range(FRAMES)]
    for number, path in enumerate(paths):
        PIL.Image.fromarray(picture(number, SIZE_WH)).save(path, quality=85)
    task = client.tasks.create_from_data({"name": "heavy", "labels": [{"name": "car"}]}, paths)
    label = task.get_labels()[0].id
    found = [shape for frame in range(FRAMES) for shape in shapes(label, frame)]
    task.set_annotations(models.LabeledDataRequest(shapes=found))
    return int(task.id)


def many_annotations(client: Any, folder: Path, count: int) -> int:
    spec = {"name": "many", "labels": [{"name": "car"}]}
    task = client.tasks.create_from_data(spec, sorted(folder.glob("*.jpg")))
    label = task.get_labels()[0].id
    found = [
        models.LabeledShapeRequest(
            type="rectangle",
            frame=number % FRAMES,
            label_id=label,
            points=[number % 1800, number % 1000, number % 1800 + 50, number % 1000 + 30],
            source="auto",
            score=number % 100 / 100,
        )
        for number in range(count)
    ]
    task.set_annotations(models.LabeledDataRequest(shapes=found))
    return int(task.id)


@contextlib.contextmanager
def signed_in(url: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        page = browser.new_page(viewport={"width": SIZE_WH[0], "height": SIZE_WH[1]})
        page.set_default_timeout(120_000)
        page.goto(url)
        page.fill("[name=username]", "admin")
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("text=New task")
        yield page
        browser.close()


def visit(page: Any, path: str, shown: str) -> float:
    return float(page.evaluate(VISIT, [path, shown]))


def measure(page: Any, task: int) -> None:
    first = ".stage canvas[data-frame='0']"
    visit(page, f"/tasks/{task}", first)
    page.wait_for_timeout(3000)
    turns = [page.evaluate(TURN, ["f", frame]) for frame in range(1, 9)]
    show("next frame, fetched ahead", median(turns), "ms", 100)
    show("pan", median(page.evaluate(PAN) for _ in range(3)), "frames/s")
    arrivals = []
    for _ in range(5):
        visit(page, "/tokens", ".list, form.panel")
        visit(page, f"/tasks/{task}", first)
        page.wait_for_timeout(2000)
        arrivals.append(page.evaluate(ARRIVE, ["End", FRAMES - 1]))
    show("frame drawn after it has arrived", median(arrivals), "ms", 50)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.page", description=__doc__)
    parser.add_argument("--tasks", type=int, default=1000, help="tasks in the list")
    parser.add_argument("--count", type=int, default=100_000, help="annotations of the large task")
    arguments = parser.parse_args()
    described = machine()
    print(f"{described['cpu']}, {described['cores']} cores, load {described['load_at_start']:.2f}")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url, _ = stack.enter_context(hub(str(folder / "data"), ""))
        client = stack.enter_context(make_client(url, credentials=("admin", PASSWORD)))
        heavy = heavy_task(client, folder)
        many = many_annotations(client, folder, arguments.count)
        for number in range(arguments.tasks):
            client.tasks.create({"name": f"task {number}", "labels": [{"name": "car"}]})
        page = stack.enter_context(signed_in(url))
        measure(page, heavy)
        visit(page, "/tokens", ".list, form.panel")
        listed = visit(page, "/tasks", ".card")
        show(f"list of {arguments.tasks} tasks", listed, "ms")
        opened = visit(page, f"/tasks/{many}", ".stage canvas[data-frame='0']")
        show(f"open a task of {arguments.count} annotations", opened, "ms")


if __name__ == "__main__":
    main()
