import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def peer_python():
    """The Python of an environment that holds the official packages, unmodified."""
    python = Path(os.environ.get("CVAT_PEER_PYTHON") or ROOT / ".venv-peer" / "bin" / "python")
    if not python.exists():
        pytest.skip(f"the official packages are not installed: there is no {python}")
    return python


@pytest.fixture(scope="session")
def official(peer_python):
    """Ask the official package: `official(call, *arguments)`, as in official.py."""
    child = subprocess.Popen(
        [peer_python, Path(__file__).parent / "official.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )

    def ask(*question):
        child.stdin.write(json.dumps(question) + "\n")
        child.stdin.flush()
        return json.loads(child.stdout.readline())

    yield ask
    child.communicate()
