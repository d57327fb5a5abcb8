"""The official packages in the same environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cvat_sdk.installation import official_packages

SOURCE = Path(__file__).parents[2] / "src"


def test_official_packages_are_found_by_what_their_installation_leaves(tmp_path: Path) -> None:
    for name in ("cvat_sdk-2.80.0", "cvat_cli-2.80.0", "cvat_hub-0.1.0", "numpy-2.0.0"):
        (tmp_path / f"{name}.dist-info").mkdir()
    assert official_packages([str(tmp_path), str(tmp_path / "absent")]) == [
        "cvat-cli-2.80.0",
        "cvat-sdk-2.80.0",
    ]


def test_the_start_says_how_to_mend_a_mixed_environment(tmp_path: Path) -> None:
    (tmp_path / "cvat_sdk-2.80.0.dist-info").mkdir()
    path = os.pathsep.join([str(SOURCE), str(tmp_path)])
    run = subprocess.run(
        [sys.executable, "-c", "import cvat_sdk"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cvat-sdk-2.80.0 lies in the environment of cvat-hub" in run.stderr
    assert "pip uninstall -y cvat-sdk cvat-cli && pip install" in run.stderr


def test_a_clean_environment_says_nothing() -> None:
    command = [sys.executable, "-W", "error", "-c", "import cvat_sdk"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stderr == ""
