"""The AI tools in a real browser, with a real hub and real agents."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .conftest import make_task

pytest.importorskip("cvat_agent", reason="there is no agent to serve functions")

pytestmark = pytest.mark.acceptance
ROOT = Path(__file__).parents[3]
FUNCTIONS = Path(__file__).with_name("functions.py")
KINDS = ("detector", "interactor", "tracker")
END_SECONDS = 30


@dataclass
class Agents:
    """A hub of their own, functions of all kinds, and the agents that are started."""

    hub: Any
    ids: dict[str, str]
    stack: ExitStack

    def start(self, kind: str) -> subprocess.Popen[bytes]:
        command = self.command("function", "run-agent", self.ids[kind], *_source(kind))
        process = subprocess.Popen(command, env=self._environment())
        self.stack.callback(_end, process)
        return process

    def create(self, kind: str) -> str:
        command = self.command("function", "create-native", f"red {kind}", *_source(kind))
        done = subprocess.run(
            command, env=self._environment(), check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout.split()[-1]

    def command(self, *arguments: str) -> list[str]:
        login = ("--auth", self.hub.user, "--server-host", self.hub.url)
        return [sys.executable, "-m", "cvat_cli", *login, *arguments]

    def _environment(self) -> dict[str, str]:
        source = {"PYTHONPATH": str(ROOT / "src"), "PASS": self.hub.password}
        return {**os.environ, **source}


def _source(kind: str) -> tuple[str, ...]:
    return ("--function-file", str(FUNCTIONS), "-p", f"kind=str:{kind}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


@pytest.fixture(scope="module")
def agents(start_hub: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agents]:
    with ExitStack() as stack:
        found = Agents(start_hub(tmp_path_factory.mktemp("hub")), {}, stack)
        found.ids |= {kind: found.create(kind) for kind in KINDS}
        yield found


@pytest.fixture(scope="module")
def serving(agents: Agents) -> Agents:
    """Agents that serve a function of each kind."""
    for kind in KINDS:
        agents.start(kind)
    return agents


@pytest.fixture
def task(agents: Agents, photos: list[Path]) -> Iterator[Any]:
    with agents.hub.client() as client:
        yield make_task(client, photos)


@pytest.fixture
def annotator(agents: Agents, task: Any, visit: Callable[[str], Any]) -> Any:
    """Somebody who has opened the AI tools of the task."""
    someone = visit(agents.hub.url)
    someone.sign_in()
    someone.sees("New task")
    someone.open_task(task.id)
    someone.page.click("role=tab[name='AI tools']")
    return someone


def test_without_an_agent_the_command_that_starts_one_is_shown(
    annotator: Any, agents: Agents
) -> None:
    annotator.sees(f"function run-agent {agents.ids['detector']}")
    assert annotator.page.is_disabled("text=Detect on this frame")


def test_suggestions_are_accepted_and_only_then_saved(
    serving: Agents, annotator: Any, task: Any
) -> None:
    annotator.page.locator(".ai input[type=range]").fill("0")
    annotator.page.click("text=Detect on this frame")
    annotator.sees("1 suggestion")
    assert task.get_annotations().shapes == []
    annotator.page.click("text=Accept all")
    annotator.is_saved()
    [shape] = task.get_annotations().shapes
    assert shape.points == [60, 80, 120, 140]
    assert shape.source == "semi-auto"


def test_the_task_is_annotated_and_shown(serving: Agents, annotator: Any, task: Any) -> None:
    annotator.page.locator(".ai input[type=range]").fill("0")
    annotator.page.click("text=Annotate all 6 frames")
    annotator.sees("6 annotations")
    assert [shape.frame for shape in task.get_annotations().shapes] == [0, 1, 2, 3, 4, 5]


def test_clicks_segment_and_enter_accepts(serving: Agents, annotator: Any, task: Any) -> None:
    annotator.page.click("text=Segment by clicks")
    annotator.click(90, 110)
    annotator.sees("Enter accepts it.")
    annotator.click(90, 110, button="right")
    annotator.sees("1 right")
    annotator.sees("Enter accepts it.")
    annotator.press("Enter")
    annotator.is_saved()
    [shape] = task.get_annotations().shapes
    assert shape.type.value == "mask"
    assert shape.points[-4:] == pytest.approx([90, 80, 119, 139], abs=1)


def test_a_shape_is_tracked_forward(serving: Agents, annotator: Any, task: Any) -> None:
    annotator.press("r")
    annotator.pull((60, 80), (120, 140))
    annotator.page.click("text=Track 1 object forward")
    annotator.sees("Tracked.")
    annotator.sees_frame(5)
    annotator.is_saved()
    [track] = task.get_annotations().tracks
    assert [(key.frame, round(key.points[0])) for key in track.shapes[1:]] == [
        (frame, 60 + 10 * frame) for frame in range(1, 6)
    ]
    assert task.get_annotations().shapes == []


def test_a_request_outlives_its_agent_and_can_be_cancelled(
    agents: Agents, serving: Agents, annotator: Any, task: Any
) -> None:
    slow = agents.create("slow detector")
    agents.ids["slow detector"] = slow
    agent = agents.start("slow detector")
    annotator.page.select_option("[aria-label='Model: Detect']", value=slow)
    annotator.page.click("text=Annotate all 6 frames")
    annotator.sees("Annotating:")
    agent.kill()
    annotator.go("requests")
    annotator.page.click("td >> text=Cancel")
    annotator.page.wait_for_selector(".state.canceled")
    assert task.get_annotations().shapes == []


def test_a_request_goes_on_when_the_hub_is_started_again(
    agents: Agents, start_hub: Any, annotator: Any
) -> None:
    agents.ids["slow detector"] = agents.create("slow detector")
    agents.start("slow detector")
    annotator.page.select_option("[aria-label='Model: Detect']", value=agents.ids["slow detector"])
    annotator.page.click("text=Annotate all 6 frames")
    annotator.sees("Annotating:")
    agents.hub.stop()
    port = int(agents.hub.url.rpartition(":")[2])
    agents.hub = start_hub(agents.hub.data_dir, port=port)
    annotator.sees("Annotating:")
    annotator.page.click(".suggested >> text=Cancel")
    annotator.sees("Annotate all 6 frames")


def test_the_functions_are_listed_with_how_they_are_served(serving: Agents, annotator: Any) -> None:
    annotator.go("functions")
    for kind in KINDS:
        annotator.sees(f"red {kind}")
    annotator.page.wait_for_selector(".dot.alive >> nth=2")
