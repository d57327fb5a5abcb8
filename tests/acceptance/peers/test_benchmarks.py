"""The benchmarks run, and both packages do the same work in them. No speed is tested here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[3]


def test_the_benchmarks_measure_both_packages(peer_python, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--turns=1", "--count=200", "--out", tmp_path],
        env=os.environ | {"CVAT_PEER_PYTHON": str(peer_python)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.iterdir()
    report = json.loads(path.read_text())
    assert {"cpu", "cores", "python"} <= report["machine"].keys()
    assert len(report["results"]) == 19
    assert all(figure["official"] > 0 and figure["ours"] > 0 for figure in report["results"])
    assert done.stdout.count(" aim ") == 7
