"""Whatever is killed while agents serve a function, each request is answered once.

Several hundred requests are made while agents, their workers and the hub are killed. Whoever lost
an answer by the death of the hub asks again. What is killed when depends on the seed, counted in
calls that were answered.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
import urllib3
from urllib3.exceptions import NewConnectionError, ProtocolError

from cvat_hub.settings import Settings
from cvat_hub.store import Store
from cvat_hub.store.tables import function_requests

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]
SEEDS = range(2)
AGENTS, ASKERS, CALLS = 2, 4, 60
TASKS, FRAMES = 4, 6
# Of the hub: at any time, and before or after it commits what was found in a task.
KILLS = {"agent": 6, "worker": 5, "hub": 2, "before": 1, "after": 2}
LONGEST = 0.05  # seconds from an answer to the kill
# The longest time from one such commit to the next one.
LONGEST_WRITE_S = 10
LEASE_S, ANSWER_S, PATIENCE_S = 3, 20, 60
# Clocks of processes agree so far.
CLOCK_S = 0.05
CODE = """
import os
import cvat_sdk.auto_annotation as cvataa

spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("car", 1, type="rectangle")])

def detect(context, image):
    try:
        os.unlink(__file__ + ".kill")
    except FileNotFoundError:
        return [cvataa.rectangle(1, [0, 0, 1 + int(context.frame_name[:3]), 20])]
    os.kill(os.getpid(), 9)
"""
LABELS = [{"name": "car", "type": "rectangle", "attributes": []}]
FUNCTION = {"provider": "native", "name": "finder", "kind": "detector", "labels_v2": LABELS}


class Agent:
    """An agent to be killed; another one takes its place."""

    def __init__(self, *arguments: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("forking_agent.py"), *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self._pid = self._next()

    def kill(self) -> None:
        """Kill the agent that runs; one that has ended by itself is followed by others already."""
        while not self._signal(signal.SIGKILL):
            self._pid = self._next()
        self._pid = self._next()

    def end(self) -> None:
        """Have it end for good, and wait until none of all its processes is left."""
        while not self._signal(signal.SIGTERM):
            if not (line := self._line()):
                break
            self._pid = int(line)
        self._process.communicate(timeout=PATIENCE_S)

    def _signal(self, number: int) -> bool:
        with suppress(ProcessLookupError):
            os.kill(self._pid, number)
            return True
        return False

    def _next(self) -> int:
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


@dataclass
class Run:
    """Those who ask, and how many answers they have got."""

    address: str
    headers: dict[str, str]
    function: int
    answered: int = 0
    is_up: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(
            8, retries=False, timeout=ANSWER_S + PATIENCE_S / 2
        )
    )

    def __post_init__(self) -> None:
        self.is_up.set()

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask until there is an answer: 0 if it was lost, an error if it doesn't come."""
        while True:
            assert self.is_up.wait(PATIENCE_S)
            try:
                url = f"{self.address}/api/{path}"
                answer = self.pool.request(method, url, headers=self.headers, json=body)
            except NewConnectionError:
                continue
            except ProtocolError:
                return 0, None
            return answer.status, json.loads(answer.data)

    def call_often(self, tasks: list[int], seed: str) -> None:
        chance = random.Random(seed)
        for _ in range(CALLS):
            self.call(chance.choice(tasks), chance.randrange(FRAMES))

    def annotate_often(self, tasks: list[int]) -> None:
        """Ask for whole tasks for as long as others ask for frames."""
        while self.answered < ASKERS * CALLS:
            for task in tasks:
                self.annotate(task)

    def call(self, task: int, frame: int) -> None:
        """Ask for a frame until it is answered."""
        path, body = f"lambda/functions/{self.function}", {"task": task, "frame": frame}
        while (answer := self.ask("POST", path, body))[0] != 200:
            assert is_excused(*answer), answer
        [shape] = answer[1]["shapes"]
        assert shape["points"] == [0, 0, 1 + frame, 20]
        with self.changed:
            self.answered += 1
            self.changed.notify_all()

    def annotate(self, task: int) -> None:
        """Ask for a whole task, and wait until that is done."""
        wanted = {"type": "annotate_task", "function": self.function, "task": task}
        while (answer := self.ask("POST", "functions/requests", wanted))[0] != 201:
            assert answer[0] in (0, 409), answer
            if self.unfinished(task):
                break
        until(lambda: not self.unfinished(task))

    def unfinished(self, task: int | None = None) -> list[Any]:
        """Return the requests that aren't done, of a task or of all."""
        while (answer := self.ask("GET", "lambda/requests"))[0] != 200:
            pass
        return [
            one for one in answer[1] if not one["ended"] and task in (None, one["function"]["task"])
        ]

    def wait(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.answered >= count, PATIENCE_S)


def is_excused(status: int, told: Any) -> bool:
    """Tell whether a call may go unanswered: its hub was killed, or its worker, twice."""
    return not status or "The process that runs the function ended" in json.dumps(told)


def until(asked: Callable[[], bool]) -> None:
    """Ask until the answer is a yes."""
    deadline = time.monotonic() + PATIENCE_S
    while not asked():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


def free_port() -> int:
    """Return a port that the system gives to nobody else while the hub is dead."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            port = 20000 + secrets.randbelow(10000)
            probe.bind(("127.0.0.1", port))
            return port


@dataclass
class Killer:
    """Kills agents, their workers and the hub at points that its seed tells."""

    run: Run
    hubs: Any
    hub: int
    agents: list[Agent]
    code: Path
    chance: random.Random

    def kill_all(self) -> None:
        kills = [what for what, count in KILLS.items() for _ in range(count)]
        self.chance.shuffle(kills)
        points = sorted(self.chance.sample(range(ASKERS * CALLS * 9 // 10), len(kills)))
        for point, what in zip(points, kills, strict=True):
            self.run.wait(point)
            threading.Event().wait(self.chance.uniform(0, LONGEST))
            self._kill(what)

    def _kill(self, what: str) -> None:
        match what:
            case "agent":
                self.chance.choice(self.agents).kill()
            case "worker":
                # The next one to be called kills itself.
                self.code.with_suffix(".py.kill").touch()
            case "hub":
                self.run.is_up.clear()
                self.hubs.kill(self.hub)
                self._start()
            case "before" | "after":
                self.hubs.let_die(self.hub, what, LONGEST_WRITE_S)
                self.run.is_up.clear()
                self._start()

    def _start(self) -> None:
        self.hub = self.hubs.start()
        self.hubs.address()
        self.run.is_up.set()


@pytest.mark.parametrize("seed", SEEDS)
def test_each_request_is_answered_once_and_leased_to_one_agent_at_a_time(
    settings: Settings,
    start: Any,
    new_task: Callable[..., Any],
    hubs_of: Callable[[Settings], Any],
    tmp_path: Path,
    seed: int,
) -> None:
    code, given, end = map(tmp_path.joinpath, ("function.py", "given", "end"))
    code.write_text(CODE)
    leases: dict[str, Any] = {
        "lease_seconds": LEASE_S,
        "lease_attempts": 100,
        "interactive_seconds": ANSWER_S,
    }
    settings = replace(settings, port=free_port(), **leases)
    with start(settings) as hub:
        user = hub.new_user()
        tasks = [new_task(user, frames=FRAMES, labels=LABELS)["id"] for _ in range(TASKS)]
        function = user("POST", "functions", FUNCTION).json["id"]
    hubs = hubs_of(settings)
    first = hubs.start()
    run = Run(hubs.address(), user.headers, function)
    killer = Killer(run, hubs, first, [], code, random.Random(seed))
    key = user.headers["Authorization"].removeprefix("Token ")
    with ExitStack() as stack:
        for _ in range(AGENTS):
            killer.agents.append(Agent(run.address, key, function, code, given, end))
            stack.callback(killer.agents[-1].end)
        stack.callback(end.touch)
        path = f"lambda/functions/{function}"
        until(lambda: run.ask("GET", path)[1]["figures"]["agents"] == AGENTS)
        threads = stack.enter_context(ThreadPoolExecutor(ASKERS + 2))
        work = [threads.submit(run.call_often, tasks, f"{seed} {n}") for n in range(ASKERS)]
        work += [threads.submit(run.annotate_often, mine) for mine in (tasks[::2], tasks[1::2])]
        killer.kill_all()
        for one in work:
            one.result()
        until(lambda: not run.unfinished())
    hubs.kill(killer.hub)
    run.pool.clear()
    with start(settings) as hub:
        check_once(hub.store, hub.client(user.headers), tasks)
    check_leases(given)


def check_once(store: Store, user: Any, tasks: list[int]) -> None:
    """Compare what tasks hold with the requests that have written there."""
    with store.read() as connection:
        rows = connection.execute(sqlalchemy.select(function_requests)).all()
    assert all(row.finished_date for row in rows)
    batch = [row for row in rows if row.category == "batch"]
    assert {(row.status, row.reason) for row in batch} == {("finished", "")}
    finished = Counter(row.task_id for row in batch)
    for task in tasks:
        assert finished[task]
        shapes = user("GET", f"tasks/{task}/annotations").json["shapes"]
        held = Counter((shape["frame"], shape["points"][2]) for shape in shapes)
        assert held == {(frame, 1 + frame): finished[task] for frame in range(FRAMES)}


def check_leases(given: Path) -> None:
    """Check that nothing was given to an agent while another one had it."""
    leases: defaultdict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for line in given.read_text().splitlines():
        request, agent, asked, got = line.split()
        leases[request].append((float(got), float(asked), agent))
    moves = [
        after[0] - before[1]
        for found in leases.values()
        for before, after in pairwise(sorted(found))
        if before[2] != after[2]
    ]
    assert all(seconds >= LEASE_S - CLOCK_S for seconds in moves), moves
    assert moves, "no agent was killed at work"
