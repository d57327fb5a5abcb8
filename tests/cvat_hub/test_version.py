"""The version is told the same everywhere."""

import tomllib
from pathlib import Path

from cvat_hub import HUB_VERSION


def test_the_hub_tells_the_version_of_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == HUB_VERSION
