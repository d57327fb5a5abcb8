"""Makes the pictures of the page that the docs show: `make screenshots`.

A hub and an agent of its own, with the photos and the video of the demo. The pictures are written
to docs/images, in light and in dark.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from playwright.sync_api import sync_playwright  # noqa: E402

from cvat_sdk import make_client  # noqa: E402

DEMO = ROOT / "examples" / "demo"
FOLDER = ROOT / "docs" / "images"
DETECTOR = "cvat_sdk.auto_annotation.functions.nanodet_detection"
LABELS = ("person", "cat", "horse", "cup", "bicycle")
PASSWORD = secrets.token_urlsafe()
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT / "src"),
    "CVAT_HUB_ADMIN_PASSWORD": PASSWORD,
    "CVAT_HUB_LOG_LEVEL": "warning",
    "PASS": PASSWORD,
}
Shoot = Callable[[str], None]


@contextmanager
def running(*words: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a module of the project until the end of a block."""
    process = subprocess.Popen(
        [sys.executable, "-m", *words], env=ENVIRONMENT, text=True, **options
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


@contextmanager
def hub(folder: Path) -> Iterator[str]:
    """Run a hub with two tasks and a detector that is served, and return its address."""
    serve = ("cvat_hub", "serve", "--port", "0", "--data-dir", str(folder))
    with ExitStack() as stack:
        process = stack.enter_context(running(*serve, stdout=subprocess.PIPE))
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        with make_client(url, credentials=("admin", PASSWORD)) as client:
            for name, files in (
                ("A trip with the camera", sorted((DEMO / "photos").glob("*.jpg"))),
                ("Bicycles at the bridge", [DEMO / "bikes.mp4"]),
            ):
                spec = {"name": name, "labels": [{"name": label} for label in LABELS]}
                client.tasks.create_from_data(spec, [str(file) for file in files])
        cli = ("cvat_cli", "--auth", "admin", "--server-host", url, "function")
        created = [sys.executable, "-m", *cli, "create-native", "NanoDet"]
        done = subprocess.run(
            [*created, "--function-module", DETECTOR],
            env=ENVIRONMENT,
            check=True,
            capture_output=True,
            text=True,
        )
        number = done.stdout.split()[-1]
        agent = (*cli, "run-agent", number, "--function-module", DETECTOR)
        stack.enter_context(running(*agent, stderr=subprocess.DEVNULL))
        yield url


def walk(page: Any, url: str, shoot: Shoot) -> None:
    """Go through the main screens."""
    page.goto(url)
    page.wait_for_selector("form")
    shoot("sign-in")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".card >> nth=1")
    page.evaluate("() => Promise.all([...document.images].map((image) => image.decode()))")
    shoot("tasks")
    page.click("text=A trip with the camera")
    page.wait_for_selector(".stage canvas[data-frame='0']")
    page.click("role=tab[name='AI tools']")
    page.wait_for_selector(".dot.alive")
    page.keyboard.press("g")
    page.click("button:has-text('Accept all')", trial=True)
    shoot("suggestions")
    page.click("text=Reject all")
    page.click("button:has-text('Annotate all')")
    page.wait_for_selector(".controls >> text=/[1-9][0-9]* annotation/")
    page.click("role=tab[name='Objects']")
    page.locator(".object .name").first.click()
    page.wait_for_timeout(500)
    shoot("objects")
    page.click(".head >> text=Review")
    page.wait_for_selector(".object.selected")
    page.wait_for_timeout(500)
    shoot("review")
    page.goto(f"{url}/#/functions")
    page.wait_for_selector(".dot.alive")
    shoot("functions")
    page.goto(f"{url}/#/requests")
    page.wait_for_selector("td >> nth=0")
    shoot("requests")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        for scheme in ("light", "dark"):
            with tempfile.TemporaryDirectory() as folder, hub(Path(folder)) as url:
                page = browser.new_page(
                    viewport={"width": 1280, "height": 800}, color_scheme=scheme
                )

                def shoot(name: str, page: Any = page, scheme: str = scheme) -> None:
                    path = FOLDER / f"page-{name}-{scheme}.jpg"
                    page.screenshot(path=path, type="jpeg", quality=82)

                walk(page, url, shoot)
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
