"""`cvat-cli` in a process of its own, with a real hub."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
LABELS = '[{"name": "car", "type": "rectangle"}]'
Cli = Callable[..., tuple[int, str, str]]

FUNCTION = """
import cvat_sdk.auto_annotation as cvataa

spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec({label!r}, 7, type="rectangle")])

def detect(context, image):
    return [cvataa.rectangle(7, {points})]
"""


@pytest.fixture
def cli(hub: Any, tmp_path: Path) -> Cli:
    """Run `cvat-cli` as the hub's admin; return exit code, stdout and stderr."""

    def run(*args: object, **variables: str) -> tuple[int, str, str]:
        bare = {
            name: value
            for name, value in os.environ.items()
            if name not in ("CVAT_ACCESS_TOKEN", "PASS")
        }
        python_path = {"PYTHONPATH": str(ROOT / "src"), "PASS": hub.password}
        done = subprocess.run(
            [sys.executable, "-m", "cvat_cli", "--server-host", hub.url, *map(str, args)],
            env=bare | python_path | variables,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def task_id(cli: Cli, tmp_path: Path) -> int:
    for number in range(2):
        PIL.Image.new("RGB", (64, 48), (90 * number,) * 3).save(tmp_path / f"{number}.png")
    code, out, err = cli(
        *("--auth", "admin", "task", "create", "photos", "--labels", LABELS),
        *("--completion_verification_period", "0.1", "local", "0.png", "1.png"),
    )
    assert code == 0, err
    return int(out)


def function_file(tmp_path: Path, *, label: str = "car", points: str = "[1, 2, 3, 4]") -> Path:
    path = tmp_path / "function.py"
    path.write_text(FUNCTION.format(label=label, points=points), encoding="utf-8")
    return path


def test_a_task_is_made_annotated_and_removed(
    cli: Cli, task_id: int, hub: Any, tmp_path: Path
) -> None:
    admin = ("--auth", "admin")
    assert str(task_id) in cli(*admin, "task", "ls")[1].split()
    tasks = json.loads(cli(*admin, "task", "ls", "--json")[1])
    assert [task["name"] for task in tasks if task["id"] == task_id] == ["photos"]

    annotate = ("task", "auto-annotate", task_id, "--function-file", function_file(tmp_path))
    code, out, err = cli(*admin, *annotate)
    assert (code, out) == (0, ""), err
    assert "100%" in err
    with hub.client() as client:
        shapes = client.tasks.retrieve(task_id).get_annotations().shapes
    assert [(shape.frame, list(shape.points)) for shape in shapes] == [
        (0, [1, 2, 3, 4]),
        (1, [1, 2, 3, 4]),
    ]

    assert cli(*admin, "task", "frames", "--outdir", "out/deep", task_id, 1)[:2] == (0, "")
    (frame,) = (tmp_path / "out" / "deep").iterdir()
    assert frame.name == f"task_{task_id}_frame_000001.png"
    assert frame.read_bytes() == (tmp_path / "1.png").read_bytes()

    code, out, err = cli(*admin, "task", "delete", task_id, 999999)
    assert (code, out) == (0, "")
    assert "999999 is not there" in err
    assert str(task_id) not in cli(*admin, "task", "ls")[1].split()


def test_a_token_of_the_environment_logs_in(cli: Cli, hub: Any) -> None:
    with hub.client() as client:
        token = client.api_client.call_api(
            "/api/auth/access_tokens", "POST", body={"name": "cli"}, _parse_response=False
        )[1]
    value = json.loads(token.data)["value"]
    assert cli("task", "ls", CVAT_ACCESS_TOKEN=value)[0] == 0
    code, _, err = cli("task", "ls", CVAT_ACCESS_TOKEN=value + "x")
    assert code == 1
    assert "the server refuses the login or the access token" in err
    assert value not in err


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (("--auth", "admin:wrong", "task", "ls"), "refuses the login as admin"),
        (("--auth", "admin", "task", "frames", "999999", "0"), "there is no task 999999 on http"),
        (
            ("--auth", "admin", "task", "auto-annotate", "999999", "--function-module", "json"),
            "there is no task 999999 on http",
        ),
        (
            ("--auth", "admin", "task", "create", "n", "local", "absent.jpg"),
            "absent.jpg: there is no such file",
        ),
        (("--auth", "admin", "--org", "nobody", "task", "ls"), "cvat-cli: error: "),
    ],
)
def test_a_failure_is_one_line_and_exit_code_1(cli: Cli, args: tuple[str, ...], line: str) -> None:
    code, out, err = cli(*args)
    assert (code, out) == (1, "")
    (said,) = err.splitlines()
    assert said.startswith("cvat-cli: error: ")
    assert line in said


@pytest.mark.parametrize(
    ("label", "points", "line"),
    [
        ("cat", "[1, 2, 3, 4]", "bad function: label 'cat' is not in dataset"),
        ("car", "[1, 2, 3]", "bad function: "),
        ("car", "[1, 2, 3, 1 / 0]", "ZeroDivisionError: division by zero ("),
    ],
)
def test_a_function_that_fails_leaves_the_task_as_it_was(
    cli: Cli, task_id: int, hub: Any, tmp_path: Path, label: str, points: str, line: str
) -> None:
    path = function_file(tmp_path, label=label, points=points)
    code, out, err = cli(
        "--auth", "admin", "task", "auto-annotate", task_id, "--function-file", path
    )
    assert (code, out) == (1, "")
    assert f"cvat-cli: error: {line}" in err.splitlines()[-1]
    assert "Traceback" not in err
    with hub.client() as client:
        assert client.tasks.retrieve(task_id).get_annotations().shapes == []


def test_a_reader_that_goes_away_is_no_crash(cli: Cli, hub: Any, task_id: int) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "cvat_cli", "--server-host", hub.url, "--auth", "admin", "ls"],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PASS": hub.password},
            stdout=gone,
            stderr=subprocess.PIPE,
            text=True,
            timeout=100,
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


KILLED_ONCE = """
import os, signal
from pathlib import Path

import cvat_sdk.auto_annotation as cvataa

spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("car", 7, type="rectangle")])

def detect(context, image):
    with open("seen.txt", "a") as seen:
        print(context.frame_name, file=seen)
    if context.frame_name == "3.png" and not Path("killed").exists():
        Path("killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return [cvataa.rectangle(7, [1, 2, 3, 4])]
"""


@pytest.fixture
def project(cli: Cli, tmp_path: Path) -> tuple[int, list[int]]:
    """Return the ids of a project and of its tasks, which have two frames each, 0.png to 5.png."""
    code, out, err = cli("--auth", "admin", "project", "create", "many", "--labels", LABELS)
    assert code == 0, err
    tasks = []
    for first in (0, 2, 4):
        files = [f"{first}.png", f"{first + 1}.png"]
        for name in files:
            PIL.Image.new("RGB", (64, 48)).save(tmp_path / name)
        words = ("task", "create", "part", "--project_id", out.strip(), "local", *files)
        code, made, err = cli("--auth", "admin", *words)
        assert code == 0, err
        tasks.append(int(made))
    return int(out), tasks


def frames_of(hub: Any, task_ids: list[int]) -> list[list[int]]:
    """Return the frames of the shapes of each task."""
    with hub.client() as client:
        found = [client.tasks.retrieve(task_id).get_annotations().shapes for task_id in task_ids]
    return [[shape.frame for shape in shapes] for shapes in found]


def test_a_project_that_is_killed_in_the_middle_goes_on(
    cli: Cli, hub: Any, tmp_path: Path, project: tuple[int, list[int]]
) -> None:
    project_id, task_ids = project
    (tmp_path / "function.py").write_text(KILLED_ONCE, encoding="utf-8")
    words = ("--auth", "admin", "project", "auto-annotate", project_id)
    words += ("--function-file", "function.py", "--journal-dir", "runs")
    assert cli(*words)[0] == -signal.SIGKILL
    assert frames_of(hub, task_ids) == [[0, 1], [], []]
    code, _, err = cli(*words, "--resume", "--report", "report.json")
    assert code == 0, err
    assert frames_of(hub, task_ids) == [[0, 1], [0, 1], [0, 1]]
    seen = (tmp_path / "seen.txt").read_text().split()
    assert seen == ["0.png", "1.png", "2.png", "3.png", "3.png", "4.png", "5.png"]
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["done_before"], report["failed"]) == ([task_ids[0]], {})
    assert {task_id: one["shapes"] for task_id, one in report["done"].items()} == {
        str(task_id): 2 for task_id in task_ids[1:]
    }
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_task_of_a_project_that_fails_is_named_and_the_others_are_done(
    cli: Cli, hub: Any, tmp_path: Path, project: tuple[int, list[int]]
) -> None:
    project_id, task_ids = project
    with hub.client() as client:
        empty = client.tasks.create({"name": "no frames", "project_id": project_id}).id
    words = ("--auth", "admin", "project", "auto-annotate", project_id)
    words += ("--function-file", function_file(tmp_path), "--journal-dir", "runs")
    code, out, err = cli(*words, "--on-error", "skip")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith(f"cvat-cli: error: failed: task {empty} (")
    assert frames_of(hub, task_ids) == [[0, 1], [0, 1], [0, 1]]


TRACKER = """
import os, signal
import numpy as np
import cvat_sdk.auto_annotation as cvataa

spec = cvataa.TrackingFunctionSpec(supported_shape_types=["rectangle"])

def create(end="never"):
    return Bright(end)

class Bright:
    spec = spec

    def __init__(self, end):
        self.end = end

    def preprocess_image(self, context, image):
        return np.argwhere(np.asarray(image.convert("L")) > 200)

    def init_tracking_state(self, context, bright, shape):
        return {"seen": 0}

    def track(self, context, bright, state):
        state["seen"] += 1
        if state["seen"] == 3 and self.end == "interrupt":
            os.kill(os.getpid(), signal.SIGINT)
        if state["seen"] == 3 and self.end == "break":
            return cvataa.TrackableShape(type="rectangle", points=[1])
        if not len(bright):
            return None
        (top, left), (bottom, right) = bright.min(axis=0), bright.max(axis=0) + 1
        return cvataa.TrackableShape(type="rectangle", points=[left, top, right, bottom])
"""


CHANGING = """[{"name": "car", "type": "rectangle", "attributes": [
    {"name": "colour", "mutable": false, "input_type": "text", "values": []},
    {"name": "lights", "mutable": true, "input_type": "text", "values": []}
]}]"""


@pytest.fixture
def walk(cli: Cli, hub: Any, tmp_path: Path) -> int:
    """Return a task where a bright square moves by 4 pixels a frame, but for two dark frames.

    A rectangle is on the square of the first of its eight frames.
    """
    (tmp_path / "function.py").write_text(TRACKER, encoding="utf-8")
    files = [f"{number}.png" for number in range(8)]
    for number, name in enumerate(files):
        image = PIL.Image.new("L", (64, 48))
        if number not in (4, 5):
            image.paste(255, (4 * number, 10, 4 * number + 8, 18))
        image.save(tmp_path / name)
    words = ("task", "create", "walk", "--labels", CHANGING, "local", *files)
    code, out, err = cli("--auth", "admin", *words)
    assert code == 0, err
    with hub.client() as client:
        task = client.tasks.retrieve(int(out))
        label_id = task.get_labels()[0].id
        box = {"type": "rectangle", "frame": 0, "label_id": label_id, "points": [0, 10, 8, 18]}
        task.set_annotations({"shapes": [box]})
    return int(out)


def tracks_of(hub: Any, task_id: int) -> dict[int, list[tuple[int, list[float]]]]:
    """Return the key frames of each track; a negative frame if it is outside."""
    with hub.client() as client:
        tracks = client.tasks.retrieve(task_id).get_annotations().tracks
    return {
        track.id: [(-one.frame if one.outside else one.frame, one.points) for one in track.shapes]
        for track in tracks
    }


def test_a_shape_is_followed_and_its_track_goes_on(cli: Cli, hub: Any, walk: int) -> None:
    words = ("--auth", "admin", "task", "track", walk, "--function-file", "function.py")
    code, out, err = cli(*words, "--to-frame", 2)
    assert (code, out) == (0, ""), err
    assert "1 tracks with 3 key frames, through 3 frames from 0 to 2" in err
    begun = [(0, [0, 10, 8, 18]), (2, [8, 10, 16, 18]), (-3, [8, 10, 16, 18])]
    assert list(tracks_of(hub, walk).values()) == [begun]

    [track_id] = tracks_of(hub, walk)
    code, _, err = cli(*words, "--from-frame", 2, "--track-id", track_id)
    assert code == 0, err
    goes_on = [(3, [12, 10, 20, 18]), (-4, [12, 10, 20, 18])]
    goes_on += [(6, [24, 10, 32, 18]), (7, [28, 10, 36, 18])]
    assert list(tracks_of(hub, walk).values()) == [begun[:2] + goes_on]


@pytest.mark.parametrize(
    ("end", "code", "line"),
    [
        ("interrupt", 130, "interrupted"),
        ("break", 1, "error: bad function: a shape has bad points"),
    ],
)
def test_tracking_that_ends_early_leaves_the_task_as_it_was(
    cli: Cli, hub: Any, walk: int, end: str, code: int, line: str
) -> None:
    words = ("--auth", "admin", "task", "track", walk, "--function-file", "function.py")
    done, out, err = cli(*words, "-p", f"end=str:{end}")
    assert (done, out) == (code, "")
    assert "has ended early, at frame 3 of 0 to 7; the task is as it was" in err
    assert f"cvat-cli: {line}" in err.splitlines()[-1]
    assert tracks_of(hub, walk) == {}


def test_an_agent_writes_the_same_tracks(cli: Cli, hub: Any, walk: int) -> None:
    admin, function = ("--auth", "admin"), ("--function-file", "function.py")
    code, made, err = cli(*admin, "function", "create-native", "bright", *function)
    assert code == 0, err
    with hub.client() as client:
        [box] = client.tasks.retrieve(walk).get_annotations().shapes
        shape = {"type": "rectangle", "points": box.points, "label_id": box.label_id}
        span = {"start_frame": 0, "stop_frame": 6}
        asked = {"function": int(made), "type": "track_task", "task": walk, "shapes": [shape]}
        client.api_client.call_api("/api/functions/requests", "POST", body=asked | span)
    code, _, err = cli(*admin, "function", "run-agent", made.strip(), *function, "--burst")
    assert code == 0, err
    code, _, err = cli(*admin, "task", "track", walk, *function, "--to-frame", 6)
    assert code == 0, err
    by_agent, here = tracks_of(hub, walk).values()
    assert [frame for frame, _ in here] == [0, 3, -4, 6, -7]
    assert by_agent == here
