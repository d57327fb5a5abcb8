"""The demo, as `make demo` runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import PIL.Image
import pytest

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
PHOTOS = len(list((ROOT / "examples" / "demo" / "photos").glob("*.jpg")))


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / "demo" / "demo.py")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def end_of(demo: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        out, err = demo.communicate(timeout=100)
    except subprocess.TimeoutExpired:
        os.killpg(demo.pid, signal.SIGKILL)
        demo.communicate()
        raise
    return demo.returncode, out, err


def is_free(data_dir: Path) -> bool:
    """Tell whether no hub uses a data folder: one that starts there becomes ready."""
    command = [sys.executable, "-m", "cvat_hub", "serve", "--port", "0", "--data-dir", data_dir]
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as hub:
        assert hub.stdout is not None
        ready = hub.stdout.readline()
        hub.terminate()
    return "ready" in ready


def test_the_demo_finds_things_and_can_be_repeated(tmp_path: Path) -> None:
    for _ in range(2):
        code, out, err = end_of(start(tmp_path))
        assert code == 0, err
        assert "finished, 100 %" in out
        assert "To try next:" in out
        found = {words[0]: words[2] for line in out.splitlines() if len(words := line.split()) > 3}
        assert found["served"] == found["photos"]
    report = json.loads((tmp_path / ".demo" / "report.json").read_text())
    assert set(report) == {"images", "frames", "shapes", "labels", "seconds"}
    assert (report["images"], report["frames"]) == (PHOTOS, 48)
    assert report["shapes"] == sum(report["labels"].values()) > PHOTOS
    assert {"person", "car", "cat"} <= set(report["labels"])
    with PIL.Image.open(tmp_path / ".demo" / "contact-sheet.png") as sheet:
        assert sheet.width == 1600
        assert sheet.height > 600
    assert is_free(tmp_path / ".demo" / "hub")


def test_an_interrupted_demo_stops_its_hub(tmp_path: Path) -> None:
    demo = start(tmp_path)
    assert demo.stdout is not None
    assert "A hub runs at" in demo.stdout.readline()
    os.killpg(demo.pid, signal.SIGINT)
    code, out, err = end_of(demo)
    assert (code, "Traceback" in err) == (130, False), err
    assert "interrupted" in out
    assert is_free(tmp_path / ".demo" / "hub")
