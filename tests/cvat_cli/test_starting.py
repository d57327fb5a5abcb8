from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cvat_cli.starting import KINDS

SRC = Path(__file__).parents[2] / "src"
Cli = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_function_works_and_passes_its_own_tests(cli: Cli, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "work" / "my-function"
    assert cli("function", "new", folder, "--kind", kind) == (0, f"{folder}/function.py\n", "")
    assert {path.name for path in folder.iterdir()} == {
        *("function.py", "test_function.py", "README.md")
    }
    assert (folder / "README.md").read_text().startswith("# my-function\n")
    code, out, err = cli("function", "check", "--function-file", folder / "function.py")
    assert (code, err) == (0, ""), out
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=folder,
        env={"PYTHONPATH": f"{SRC}:{folder}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "2 passed" in done.stdout, done.stdout


def test_a_folder_that_is_there_is_left_alone(cli: Cli, tmp_path: Path) -> None:
    code, _, err = cli("function", "new", tmp_path)
    assert (code, list(tmp_path.glob("function.py"))) == (1, [])
    assert "is there already" in err
