"""A browser without a window, and people who look at a hub with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
PATIENCE_MS = 20_000
SIZE_WH = (320, 240)
# What a browser says of a reply that is no success; the page tells people in words.
_EXPECTED = "Failed to load resource"


# Not of the session: while it is open, an event loop runs in this thread, and no other test can
# start one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, with a fresh profile."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="the browser needs playwright")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@dataclass
class Visitor:
    """Somebody at the page of a hub."""

    page: Any
    url: str
    faults: list[str] = field(default_factory=list)

    def sign_in(self, name: str = "admin", password: str = "correct horse") -> None:
        self.page.goto(self.url)
        self.page.fill("[name=username]", name)
        self.page.fill("[name=password]", password)
        self.page.keyboard.press("Enter")

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}/#/{path}")

    def open_task(self, task_id: int, frame: int = 0) -> None:
        self.go(f"tasks/{task_id}?frame={frame}")
        self.sees_frame(frame)

    def sees_frame(self, frame: int) -> None:
        self.page.wait_for_selector(f".stage canvas[data-frame='{frame}']")

    def sees(self, text: str) -> None:
        self.page.wait_for_selector(f"text={text}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def on_image(self, x: float, y: float) -> tuple[float, float]:
        """Return where a place of the image is on the screen, while all of it is seen."""
        box = self.page.locator(".stage canvas").bounding_box()
        width, height = SIZE_WH
        scale = min((box["width"] - 48) / width, (box["height"] - 48) / height)
        left = box["x"] + (box["width"] - width * scale) / 2
        top = box["y"] + (box["height"] - height * scale) / 2
        return left + x * scale, top + y * scale

    def click(self, x: float, y: float, button: str = "left") -> None:
        self.page.mouse.click(*self.on_image(x, y), button=button)

    def pull(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*self.on_image(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.on_image(*end), steps=4)
        self.page.mouse.up()

    def is_saved(self) -> None:
        self.page.wait_for_selector(".saved.saved:has-text('All saved')")


@pytest.fixture
def visitor(browser: Any, hub: Any) -> Iterator[Visitor]:
    """Somebody who is signed in; the page has no faults, and asks nobody but the hub."""
    with _visitor(browser, hub.url) as someone:
        someone.sign_in()
        someone.sees("New task")
        yield someone


@pytest.fixture
def stranger(browser: Any, hub: Any) -> Iterator[Visitor]:
    """Somebody who isn't signed in yet."""
    with _visitor(browser, hub.url) as someone:
        yield someone


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[[str], Visitor]]:
    """Brings somebody to a hub of the test's own."""
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(_visitor(browser, url))


class _visitor:
    """A context of the browser, whose faults fail the test at its end."""

    def __init__(self, browser: Any, url: str) -> None:
        self._context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = self._context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        self._visitor = Visitor(page, url)
        faults = self._visitor.faults
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("request", lambda request: self._watch(request.url))

    def __enter__(self) -> Visitor:
        return self._visitor

    def __exit__(self, *exception: object) -> None:
        self._context.close()
        if exception[0] is None:
            assert not self._visitor.faults

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith(_EXPECTED):
            self._visitor.faults.append(f"{kind}: {text}")

    def _watch(self, url: str) -> None:
        if not url.startswith((self._visitor.url, "blob:")):
            self._visitor.faults.append(f"asked {url}")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Six photos of a red square that moves 10 pixels to the right with each."""
    folder = tmp_path_factory.mktemp("photos")
    paths = []
    for number in range(6):
        image = PIL.Image.new("RGB", SIZE_WH, (60, 90, 120))
        image.paste((220, 40, 40), (60 + 10 * number, 80, 120 + 10 * number, 140))
        paths.append(folder / f"{number:03}.png")
        image.save(paths[-1])
    return paths


@pytest.fixture
def new_task(hub_client: Any, photos: list[Path]) -> Callable[..., Any]:
    """Makes a task of these photos on the shared hub."""
    return lambda **spec: make_task(hub_client, photos, **spec)


def make_task(client: Any, photos: list[Path], **spec: Any) -> Any:
    described = {"name": "squares", "labels": [{"name": "square"}, {"name": "other"}]} | spec
    return client.tasks.create_from_data(described, [str(path) for path in photos])
