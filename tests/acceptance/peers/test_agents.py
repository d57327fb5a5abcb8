"""The official agent, unmodified, serves functions of our hub, and ours finds the same."""

import json
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

pytestmark = pytest.mark.acceptance

SERVED = Path(__file__).with_name("served.py")
SIDES = ["official", "ours"]
LABELS = [
    {"name": "dark", "type": "rectangle"},
    {"name": "seen", "type": "tag"},
    {"name": "blob", "type": "mask"},
    {
        "name": "corners",
        "type": "skeleton",
        "sublabels": [{"name": "first", "type": "points"}, {"name": "last", "type": "points"}],
        "svg": '<circle r="1" cx="10" cy="10" data-type="element node" data-element-id="1"'
        ' data-node-id="1" data-label-name="first" />'
        '<circle r="1" cx="50" cy="50" data-type="element node" data-element-id="2"'
        ' data-node-id="2" data-label-name="last" />',
    },
]
# Of what is the hub's own.
IDS = {"id", "revision"}
PATIENCE_S = 90


@pytest.fixture(scope="module")
def task(hub, media):
    with hub.client() as client:
        yield client.tasks.create_from_data(
            {"name": "photos", "labels": LABELS}, sorted(media.glob("*.png"))
        )


@pytest.fixture(scope="module")
def clip(hub, media):
    """A task of frames that get brighter."""
    with hub.client() as client:
        yield client.tasks.create_from_data(
            {"name": "clip", "labels": LABELS}, [media / "clip.mp4"]
        )


@pytest.fixture
def ask(hub):
    """Ask the hub as an annotation UI does, and return what it answers."""
    headers = urllib3.make_headers(basic_auth=f"{hub.user}:{hub.password}")
    with urllib3.PoolManager(retries=False, timeout=PATIENCE_S) as pool:

        def send(method, path, body=None):
            url = f"{hub.url}/api/{path}"
            answer = pool.request(method, url, headers=headers, json=body)
            assert answer.status < 300, answer.data
            return json.loads(answer.data) if answer.data else None

        yield send


@pytest.fixture
def agents(sides, hub, ask):
    return Agents(sides, hub, ask)


class Agents:
    """`cvat-cli function` of either package."""

    def __init__(self, sides, hub, ask):
        self.sides = sides
        self.hub = hub
        self.ask = ask
        host, _, port = hub.url.rpartition(":")
        self.login = ("--auth", hub.user, "--server-host", host, "--server-port", port)

    def command(self, side, *words):
        """Run a command to its end, and return what it wrote to stdout."""
        words = ("-m", "cvat_cli", *self.login, "function", *words)
        done = self.sides[side].run(*words, PASS=self.hub.password)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def register(self, side, kind):
        return int(self.command(side, "create-native", f"{side} {kind}", *source(kind)))

    @contextmanager
    def serving(self, side, function_id, kind):
        """Have an agent serve a function within the block."""
        words = ("function", "run-agent", function_id, *source(kind))
        process = subprocess.Popen(
            [self.sides[side].python, "-m", "cvat_cli", *self.login, *map(str, words)],
            env=self.sides[side].environment | {"PASS": self.hub.password},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            path = f"lambda/functions/{function_id}"
            until(lambda: process.poll() is not None or self.ask("GET", path)["figures"]["agents"])
            yield
        finally:
            process.send_signal(signal.SIGINT if side == "official" else signal.SIGTERM)
            process.communicate(timeout=PATIENCE_S)


def source(kind):
    return ("--function-file", SERVED, "-p", f"kind=str:{kind}")


def plain(found):
    """Return annotations without what the hub adds to each."""
    if isinstance(found, dict):
        return {name: plain(value) for name, value in found.items() if name not in IDS}
    return [plain(item) for item in found] if isinstance(found, list) else found


def annotate(ask, function_id, task, **more):
    """Ask for a whole task, and return the id of the request."""
    wanted = {"type": "annotate_task", "function": str(function_id), "task": task.id, **more}
    return ask("POST", "lambda/requests", wanted)["id"]


def finished(ask, request_id):
    """Wait until a request is done."""
    path = f"lambda/requests/{request_id}"
    request = until(lambda: (now := ask("GET", path))["ended"] and now)
    assert request["status"] == "finished", request
    return request


def until(asked):
    """Ask until the answer is a yes, and return it."""
    pause = threading.Event()
    deadline = time.monotonic() + PATIENCE_S
    while not (answer := asked()):
        assert time.monotonic() < deadline
        pause.wait(0.05)
    return answer


def test_detectors_find_the_same(agents, ask, task):
    found = {}
    for side in SIDES:
        function_id = agents.register(side, "detector")
        path = f"lambda/functions/{function_id}"
        with agents.serving(side, function_id, "detector"):
            alone = ask("POST", path, {"task": task.id, "frame": 1})
            part = ask("POST", path, {"task": task.id, "frame": 1, "roi": [5, 5, 30, 40]})
            as_polygons = {"task": task.id, "frame": 1, "conv_mask_to_poly": True, "threshold": 0.5}
            mapped = {"dark": {"name": "dark"}, "seen": {"name": "seen"}}
            polygons = ask("POST", path, as_polygons | {"mapping": mapped})
            finished(ask, annotate(ask, function_id, task, cleanup=True))
        whole = ask("GET", f"tasks/{task.id}/annotations")
        found[side] = plain([alone, part, polygons, whole])
        agents.command(side, "delete", function_id)
    assert found["ours"] == found["official"]
    alone, _, polygons, whole = found["ours"]
    assert len(alone["shapes"]) == 3
    assert len(polygons["shapes"]) == 1
    assert {shape["frame"] for shape in whole["shapes"]} == {0, 1, 2}
    assert len(whole["tags"]) == 3


def test_interactors_find_the_same(agents, ask, task):
    found = {}
    for side in SIDES:
        function_id = agents.register(side, "interactor")
        path = f"lambda/functions/{function_id}"
        with agents.serving(side, function_id, "interactor"):
            found[side] = [
                ask("POST", path, {"task": task.id, "frame": frame, **prompts})
                for frame in range(2)
                for prompts in (
                    {"pos_points": [[12, 8]]},
                    {"pos_points": [[12, 8]], "neg_points": [[20, 20]]},
                    {"pos_points": [[12, 8]], "neg_points": [[20, 20]], "roi": [10, 5, 32, 30]},
                )
            ]
        agents.command(side, "delete", function_id)
    assert found["ours"] == found["official"]
    assert all(len(answer["shapes"]) == 1 for answer in found["ours"])


def test_trackers_find_the_same(agents, ask, clip):
    shapes = [
        {"type": "rectangle", "points": [1.0, 2.0, 30.0, 40.0]},
        {"type": "polygon", "points": [1.0, 2.0, 30.0, 40.0, 5.0, 25.5]},
    ]
    found = {}
    for side in SIDES:
        function_id = agents.register(side, "tracker")
        path = f"lambda/functions/{function_id}"
        with agents.serving(side, function_id, "tracker"):
            begun = {"type": "init_tracking", "task": clip.id, "frame": 0, "shapes": shapes}
            states = ask("POST", path, begun)["states"]
            followed = []
            for frame in (1, 2, 4, 3):
                asked = {"type": "track", "task": clip.id, "frame": frame, "states": states}
                answer = ask("POST", path, asked)
                states = answer["states"]
                followed.append(answer["shapes"])
        found[side] = plain(followed)
        agents.command(side, "delete", function_id)
    assert found["ours"] == found["official"]
    kinds = [[shape and shape["type"] for shape in shapes] for shapes in found["ours"]]
    both, lost = ["rectangle", "polygon"], [None, None]
    assert kinds == [both, both, lost, both]


@pytest.mark.parametrize("side", SIDES)
def test_a_burst_does_what_waits_and_ends(agents, ask, task, side):
    function_id = agents.register(side, "detector")
    # Unlike a UI, this waits for agents that are yet to come.
    wanted = {"type": "annotate_task", "function": function_id, "task": task.id, "cleanup": True}
    waiting = ask("POST", "functions/requests", wanted)["id"]
    agents.command(side, "run-agent", function_id, "--burst", *source("detector"))
    assert finished(ask, waiting)["progress"] == 100
    assert len(ask("GET", f"tasks/{task.id}/annotations")["tags"]) == 3
    agents.command(side, "delete", function_id)


def test_both_agents_serve_one_queue(agents, ask, task):
    function_id = agents.register("official", "detector")
    path = f"lambda/functions/{function_id}"
    with (
        agents.serving("ours", function_id, "detector"),
        agents.serving("official", function_id, "detector"),
    ):
        finished(ask, annotate(ask, function_id, task, cleanup=True))
        answers = [plain(ask("POST", path, {"task": task.id, "frame": 1})) for _ in range(12)]
    assert all(answer == answers[0] for answer in answers)
    agents.command("ours", "delete", function_id)
