"""Figures on the screen, and kept as JSON with the machine's description."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.hub import Figure


def shown(figures: Iterable[Figure]) -> list[Figure]:
    """Print figures as they come, and return them."""
    found = []
    for figure in figures:
        text = f"{figure.name:<72} {figure.value:>8.3g} {figure.unit:<2} {figure.verdict}"
        print(f"{text}\n    {json.dumps(figure.told)}" if figure.told else text, flush=True)
        found.append(figure)
    return found


def save(folder: Path, name: str, figures: Iterable[Figure], **more: Any) -> None:
    """Keep figures in a file, which is named after the benchmark and the time."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps({**more, "results": list(map(asdict, figures))}, indent=2) + "\n")
    print(f"written to {path}")
