"""Figures on the screen, and kept as JSON with the machine's description."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One figure; `most` or `least` is the aim, and `told` is what it was made of."""

    name: str
    unit: str
    value: float
    most: float | None = None
    least: float | None = None
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        missed = (self.most is not None and self.value > self.most) or (
            self.least is not None and self.value < self.least
        )
        aim = self.least if self.most is None else self.most
        return "" if aim is None else f"aim {aim:g}: {'MISSED' if missed else 'reached'}"


def shown(figures: Iterable[Figure]) -> list[Figure]:
    """Print figures as they come, and return them."""
    found = []
    for figure in figures:
        text = f"{figure.name:<72} {figure.value:>8.3g} {figure.unit:<2} {figure.verdict}"
        print(f"{text}\n    {json.dumps(figure.told)}" if figure.told else text, flush=True)
        found.append(figure)
    return found


def save(folder: Path, prefix: str, results: Iterable[Mapping[str, Any]], **more: Any) -> None:
    """Keep results in a file, which is named after the prefix and the time."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{prefix}{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps({**more, "results": list(results)}, indent=2) + "\n")
    print(f"written to {path}")
