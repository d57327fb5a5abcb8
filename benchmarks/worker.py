"""Runs cases in one of the two environments: `python worker.py official|ours`.

Reads one JSON list `[command, arguments...]` a line, answers with one JSON value a line.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import cases


def main(side: str) -> None:
    steps = importlib.import_module(side)
    commands = {"annotate": _annotate, "decode_seconds": _decode_seconds, "decode_peak": _peak}
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        print(json.dumps(commands[command](steps, *arguments)), flush=True)


def _annotate(steps: Any, kind: str, count: int) -> dict[str, Any]:
    seconds, body = cases.annotate(steps, kind, count)
    return {"seconds": seconds, "digest": _digest(json.loads(body, parse_int=float))}


def _decode_seconds(steps: Any, reply: str) -> float:
    seconds, annotations = cases.read_back(steps, Path(reply).read_bytes())
    if annotations.shapes[-1].points[0] < 0:
        raise ValueError("the last shape did not arrive as it was sent")
    return seconds


def _peak(steps: Any, reply: str) -> int:
    """Return by how many bytes decoding raises the memory of this process at most (Linux)."""
    body = Path(reply).read_bytes()
    Path("/proc/self/clear_refs").write_text("5")  # the peak is now what is in use
    before = _peak_so_far()
    annotations = cases.read_back(steps, body)  # alive until the peak is read
    growth = _peak_so_far() - before
    del annotations
    return max(growth, 4096)  # less than a page is not seen


def _peak_so_far() -> int:
    status = Path("/proc/self/status").read_text()
    return next(
        int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")
    )


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1])
