"""Agents in processes of their own that are killed, stopped and looked at, with a real hub."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
import urllib3

from cvat_sdk.core.proxies.tasks import Task

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
LABELS = [{"name": "car", "type": "rectangle"}]
FRAMES = 5
PATIENCE_S = 60
DETECTOR = """
import threading
import cvat_sdk.auto_annotation as cvataa

spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("car", 7, type="rectangle")])

def detect(context, image):
    return [cvataa.rectangle(7, [0, 0, 1, image.getpixel((0, 0))[0]])]
"""
ENDLESS = DETECTOR.replace("    return", "    threading.Event().wait()\n    return")
TRACKER = """
import cvat_sdk.auto_annotation as cvataa

spec = cvataa.TrackingFunctionSpec(supported_shape_types=["rectangle"])

def init_tracking_state(context, image, shape):
    return image.getpixel((0, 0))[0]

def track(context, image, state):
    points = [0, 0, 1 + state, 1 + image.getpixel((0, 0))[0]]
    return cvataa.TrackableShape(type="rectangle", points=points)
"""
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def hub(start_hub: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A hub that has little patience with agents that don't come."""
    return start_hub(tmp_path_factory.mktemp("hub"), CVAT_HUB_REBUILD_SECONDS="1")


@pytest.fixture
def task(hub: Any, tmp_path: Path) -> Iterator[Task]:
    """Frames that tell their numbers by their shade."""
    for number in range(FRAMES):
        PIL.Image.new("RGB", (32, 24), (number,) * 3).save(tmp_path / f"{number}.png")
    with hub.client() as client:
        yield client.tasks.create_from_data(
            {"name": "task", "labels": LABELS}, sorted(tmp_path.glob("*.png"))
        )


@pytest.fixture
def ask(hub: Any) -> Iterator[Ask]:
    """Ask the hub as an annotation UI does, and return what it answers."""
    headers = urllib3.make_headers(basic_auth=f"{hub.user}:{hub.password}")
    with urllib3.PoolManager(retries=False, timeout=PATIENCE_S) as pool:

        def send(method: str, path: str, body: Any = None) -> Any:
            answer = pool.request(method, f"{hub.url}/api/{path}", headers=headers, json=body)
            assert answer.status < 300, answer.data
            return json.loads(answer.data)

        yield send


@pytest.fixture
def agents(hub: Any, ask: Ask, tmp_path: Path) -> Agents:
    return Agents(hub, ask, tmp_path / "function.py")


class Agents:
    """`cvat-cli function`, for the function of a file."""

    def __init__(self, hub: Any, ask: Ask, file: Path) -> None:
        self._ask = ask
        self._file = file
        self._words = [sys.executable, "-m", "cvat_cli", "--auth", hub.user]
        self._words += ["--server-host", hub.url, "function"]
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "PASS": hub.password,
        }

    def register(self, code: str) -> int:
        self._file.write_text(code)
        return int(self.run("create-native", "function"))

    def run(self, *words: object) -> str:
        """Run a command to its end."""
        done = subprocess.run(
            self._command(words),
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def serving(self, function: int, *words: object) -> Iterator[subprocess.Popen[str]]:
        """Have one more agent at a stream of its own, in the block."""
        path = f"lambda/functions/{function}"
        before = self._ask("GET", path)["figures"]["watching"]
        process = subprocess.Popen(
            self._command(("run-agent", function, *words)),
            env=self._environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            until(lambda: self._ask("GET", path)["figures"]["watching"] > before)
            yield process
        finally:
            process.kill()
            process.communicate(timeout=PATIENCE_S)

    def _command(self, words: tuple[object, ...]) -> list[str]:
        return [*self._words, *map(str, words), "--function-file", str(self._file)]


def until(asked: Callable[[], Any]) -> Any:
    """Ask until the answer is a yes, and return it."""
    deadline = time.monotonic() + PATIENCE_S
    while not (answer := asked()):
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)
    return answer


def test_a_shape_goes_on_being_followed_by_another_agent_when_its_own_is_killed(
    agents: Agents, ask: Ask, task: Task
) -> None:
    function = agents.register(TRACKER)
    path, shape = f"lambda/functions/{function}", {"type": "rectangle", "points": [1, 2, 3, 4]}

    def follow(frame: int, states: list[str]) -> list[float]:
        asked = {"type": "track", "task": task.id, "frame": frame, "states": states}
        answer = ask("POST", path, asked)
        assert answer["states"] == states
        points: list[float] = answer["shapes"][0]["points"]
        return points

    with agents.serving(function) as first:
        begun = {"type": "init_tracking", "task": task.id, "frame": 0, "shapes": [shape]}
        states = ask("POST", path, begun)["states"]
        assert follow(2, states) == [0, 0, 1, 3]
        with agents.serving(function):
            first.kill()
            first.wait(PATIENCE_S)
            # It was made anew of the frame where the shape was seen last.
            assert follow(3, states) == [0, 0, 3, 4]
            assert follow(4, states) == [0, 0, 3, 5]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_agent_that_is_stopped_hands_back_what_it_is_at(
    agents: Agents, ask: Ask, task: Task, number: signal.Signals
) -> None:
    function = agents.register(ENDLESS)
    wanted = {"type": "annotate_task", "function": str(function), "task": task.id}
    with agents.serving(function) as agent:
        request = ask("POST", "lambda/requests", wanted)["id"]
        until(lambda: ask("GET", f"lambda/requests/{request}")["status"] == "started")
        agent.send_signal(number)
        agent.communicate(timeout=PATIENCE_S)
        assert agent.returncode == 0
    # Its lease would have lasted for three minutes.
    assert ask("GET", f"lambda/requests/{request}")["status"] == "queued"
    agents.register(DETECTOR)
    agents.run("run-agent", function, "--burst")
    assert ask("GET", f"lambda/requests/{request}")["status"] == "finished"
    assert len(task.get_annotations().shapes) == FRAMES


def test_figures_and_log_are_for_programs(agents: Agents, ask: Ask, task: Task) -> None:
    function, port = agents.register(DETECTOR), free_port()
    with agents.serving(function, "--metrics-port", port, "--log-format", "json") as agent:
        for _ in range(2):
            ask("POST", f"lambda/functions/{function}", {"task": task.id, "frame": 1})
        done = 'cvat_agent_requests_total{outcome="completed",type="annotate_frame"} 2.0'
        told = until(lambda: done in (figures := figures_at(port)) and figures)
        agent.send_signal(signal.SIGTERM)
        _, log = agent.communicate(timeout=PATIENCE_S)
    for line in (
        "cvat_agent_frame_cache_misses 1.0",
        "cvat_agent_frame_cache_hits 1.0",
        "cvat_agent_worker_starts 1.0",
        'cvat_agent_stage_seconds_count{stage="compute"} 2.0',
        'cvat_agent_stage_seconds_count{stage="fetch"} 2.0',
    ):
        assert line in told.splitlines()
    messages = [json.loads(line)["message"] for line in log.splitlines()]
    assert sum("(annotate_frame): completed" in message for message in messages) == 2


def figures_at(port: int) -> str:
    return urllib3.request("GET", f"http://127.0.0.1:{port}/metrics", retries=False).data.decode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
