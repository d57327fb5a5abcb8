"""The processes that the demo starts, and stops again."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60
STOP_SECONDS = 20


class DemoError(Exception):
    """A step of the demo failed; the message is one line."""


@contextmanager
def running_hub(folder: Path) -> Iterator[str]:
    """Run a hub on a free port of this machine, and yield its address."""
    log = folder / "hub.log"
    words = ["-m", "cvat_hub", "serve", "--port", "0", "--data-dir", str(folder / "hub")]
    with log.open("w", encoding="utf-8") as errors:
        hub = subprocess.Popen(
            [sys.executable, *words], stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        assert hub.stdout is not None
        readable, _, _ = select.select([hub.stdout], [], [], START_SECONDS)
        line = hub.stdout.readline() if readable else ""
        if "http" not in line:
            said = log.read_text(encoding="utf-8").strip().splitlines()
            raise DemoError(f"the hub did not start: {said[-1] if said else 'no reason given'}")
        yield line.split()[-1]
    finally:
        stop(hub)


def command(words: Sequence[str]) -> list[str]:
    """Return how `cvat-cli` is started with these words."""
    return [sys.executable, "-m", "cvat_cli", *words]


@contextmanager
def running_agent(folder: Path, words: Sequence[str], password: str) -> Iterator[None]:
    """Run an agent for as long as the block."""
    log = folder / "agent.log"
    with log.open("w", encoding="utf-8") as errors:
        agent = subprocess.Popen(
            command(words), env={**os.environ, "PASS": password}, stderr=errors, text=True
        )
    try:
        yield
    finally:
        stop(agent)


def stop(process: subprocess.Popen[str]) -> None:
    """End a process, by force if it doesn't end by itself."""
    process.terminate()
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
