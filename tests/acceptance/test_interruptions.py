"""Runs in processes of their own that are killed, or interrupted by Ctrl-C."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from cvat_sdk import Client, models
from cvat_sdk.core.proxies.tasks import Task

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]
SCRIPT = Path(__file__).with_name("interrupted.py")
SRC = Path(__file__).parents[2] / "src"
FRAMES = 120
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def task(hub_client: Client, tmp_path: Path) -> Task:
    for index in range(FRAMES):
        PIL.Image.new("RGB", (64 + index, 48)).save(tmp_path / f"p{index:03}.png")
    return hub_client.tasks.create_from_data(
        models.TaskWriteRequest("black", labels=[{"name": "thing", "type": "any"}]),
        sorted(tmp_path.glob("*.png")),
        data_params={"image_quality": 70, "chunk_size": 10},
    )


@pytest.fixture
def start(hub: Any, task: Task, tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def run(upload: str, seconds: float) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, SCRIPT, hub.url, str(task.id), tmp_path, upload, str(seconds)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": str(SRC)},
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield run


def calls(folder: Path) -> list[str]:
    path = folder / "calls.txt"
    return path.read_text().split() if path.exists() else []


def wait_for_calls(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    while len(calls(folder)) < count and process.poll() is None:
        threading.Event().wait(0.01)


def assert_annotated_once(task: Task) -> None:
    found = task.get_annotations()
    assert Counter(shape.frame for shape in found.shapes) == dict.fromkeys(range(FRAMES), 2)
    assert Counter(tag.frame for tag in found.tags) == dict.fromkeys(range(FRAMES), 1)


@pytest.mark.parametrize("upload", ["at_end", "streaming"])
def test_a_run_that_is_killed_again_and_again_comes_to_its_end(
    start: Start, task: Task, tmp_path: Path, upload: str
) -> None:
    chance, kills = random.Random(upload), 0
    while True:
        process = start(upload, 0.002)
        wait_for_calls(tmp_path, len(calls(tmp_path)) + chance.randrange(1, 20), process)
        threading.Event().wait(chance.uniform(0, 0.02))
        process.kill()
        process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
        kills += 1
        if len(set(calls(tmp_path))) == FRAMES and not list(tmp_path.glob("*.journal")):
            # It had come to its end already.
            break
    assert kills > 2
    assert_annotated_once(task)
    again = Counter(calls(tmp_path))
    assert len(again) == FRAMES
    # Only a frame that was being worked on when the process was killed is detected again.
    assert sum(again.values()) - FRAMES <= kills
    assert list(tmp_path.glob("*.journal")) == []


@pytest.mark.parametrize("upload", ["at_end", "streaming"])
def test_ctrl_c_ends_a_run_soon_and_says_how_to_go_on(
    start: Start, task: Task, tmp_path: Path, upload: str
) -> None:
    process = start(upload, 0.01)
    wait_for_calls(tmp_path, 20, process)
    process.send_signal(signal.SIGINT)
    told = time.monotonic()
    _, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in err
    assert "frames are kept; resume=True (--resume) goes on from there" in err
    # Ending a Python process takes its time on a busy machine.
    assert time.monotonic() - told < 10
    out, err = start(upload, 0).communicate(timeout=60)
    assert f"{FRAMES} frames, " in out, err
    assert_annotated_once(task)


def test_a_second_ctrl_c_ends_it_at_once(start: Start, task: Task, tmp_path: Path) -> None:
    process = start("streaming", 0.01)
    wait_for_calls(tmp_path, 20, process)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    out, err = start("streaming", 0).communicate(timeout=60)
    assert f"{FRAMES} frames, " in out, err
    assert_annotated_once(task)
