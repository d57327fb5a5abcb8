"""docs/compatibility.md names a test for each deviation, and the test is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\|(?P<cells>.+)\|(?P<tests>[^|]+)\|$")
NAME = re.compile(r"`(test_\w+)`")


def rows() -> list[tuple[str, list[str]]]:
    """Return each deviation, with the names of its tests."""
    lines = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8").splitlines()
    found = [match for line in lines if (match := ROW.match(line))]
    told = [(match["cells"].strip(), NAME.findall(match["tests"])) for match in found]
    return [row for row in told if not set(row[0]) <= set("-| ") and not row[0].startswith("what")]


KNOWN = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize(("deviation", "tests"), rows(), ids=lambda value: str(value)[:40])
def test_each_deviation_has_a_test(deviation: str, tests: list[str]) -> None:
    assert tests, deviation
    assert set(tests) <= KNOWN
