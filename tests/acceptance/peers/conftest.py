import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import PIL.Image
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
def sides(peer_python, tmp_path_factory):
    """How to run Python with either package: `sides["official"]`, `sides["ours"]`."""
    cache = {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | cache
    return {
        "official": Side(peer_python, bare),
        "ours": Side(sys.executable, bare | {"PYTHONPATH": str(ROOT / "src")}),
    }


@dataclass(frozen=True)
class Side:
    """A Python in whose environment `cvat_sdk` and `cvat_cli` are one of the two packages."""

    python: str | Path
    environment: dict[str, str]

    def run(self, *arguments, **environment):
        """Run Python to its end, and return its exit code, stdout and stderr."""
        return subprocess.run(
            [self.python, *map(str, arguments)],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=100,
        )


@pytest.fixture(scope="session")
def official(sides):
    """Ask the official package: `official(call, *arguments)`, as in official.py."""
    side = sides["official"]
    child = subprocess.Popen(
        [side.python, Path(__file__).parent / "official.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=side.environment,
    )

    def ask(*question):
        child.stdin.write(json.dumps(question) + "\n")
        child.stdin.flush()
        return json.loads(child.stdout.readline())

    yield ask
    child.communicate()


@pytest.fixture(scope="session")
def media(tmp_path_factory):
    """A folder with three photos of different sizes, `*.png`, and a video, `clip.mp4`."""
    folder = tmp_path_factory.mktemp("media")
    for name, size_wh in {"a": (60, 40), "bbbb": (33, 50), "cc": (64, 64)}.items():
        PIL.Image.effect_mandelbrot(size_wh, (-2, -1.5, 1, 1.5), 30).save(folder / f"{name}.png")
    with av.open(folder / "clip.mp4", "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for shade in range(0, 240, 20):
            pixels = np.full((48, 64, 3), shade, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return folder
