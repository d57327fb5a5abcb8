"""Functions of each kind, and a scripted agent that speaks the wire."""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
import urllib3

from cvat_hub.settings import Settings
from cvat_hub.store import Store, functions, open_store

NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
DETECTOR = {
    "provider": "native",
    "name": "finder",
    "kind": "detector",
    "labels_v2": [
        {
            "name": "car",
            "type": "rectangle",
            "attributes": [{"name": "model", "input_type": "select", "values": ["a", "b"]}],
        },
        {
            "name": "person",
            "type": "skeleton",
            "attributes": [],
            "sublabels": [{"name": "head", "type": "points", "attributes": []}],
        },
    ],
}
INTERACTOR = {"provider": "native", "name": "clicker", "kind": "interactor", "min_pos_points": 1}
TRACKER = {
    "provider": "native",
    "name": "follower",
    "kind": "tracker",
    "supported_shape_types": ["rectangle", "polygon"],
}
SPECS = {"detector": DETECTOR, "interactor": INTERACTOR, "tracker": TRACKER}


@pytest.fixture(scope="module")
def shared_store(
    new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A store for all tests of a module; each of them brings its own functions."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("store"), database=new_database())
    opened = open_store(settings.database_url)
    yield opened
    opened.close()


@pytest.fixture
def function(store: Store) -> int:
    """The id of a tracker that nobody serves."""
    row = {"provider": "native", "name": "f", "kind": "tracker", "visibility": "private"}
    described = {"spec": {}, "owner_id": 1, "organization_id": None}
    with store.write() as connection:
        return functions.add(connection, row | described, NOW)


@pytest.fixture(scope="session")
def specs() -> dict[str, Any]:
    """What is sent to register a function of each kind."""
    return SPECS


@pytest.fixture(scope="session")
def register() -> Callable[..., int]:
    """Registers a function of a kind for somebody, and returns its id."""

    def make(client: Any, kind: str = "detector", query: str = "", **changes: Any) -> int:
        answer = client("POST", f"functions{query}", SPECS[kind] | changes)
        assert answer.status == 201, answer.body
        return int(answer.json["id"])

    return make


class Agent:
    """An agent that does what a test says, over the wire."""

    def __init__(self, client: Any, function: int) -> None:
        self.client = client
        self.function = function
        self.id = secrets.token_hex(8)
        self.queue = f"functions/queues/function%3A{function}"

    def acquire(self, category: str = "interactive", **more: Any) -> Any:
        """Come for work, and return what there is, or None."""
        sent = {"agent_id": self.id, "request_category": category} | more
        answer = self.client("POST", f"{self.queue}/requests/acquire", sent)
        assert answer.status == 200, answer.body
        return answer.json["ar_assignment"]

    def tell(self, word: str, request: str, **sent: Any) -> int:
        """Say something about a request, and return the status of the reply."""
        path = f"{self.queue}/requests/{request}/{word}"
        path = f"hub/{path}" if word == "release" else path
        return int(self.client("POST", path, {"agent_id": self.id} | sent).status)

    def watch(self) -> Watch:
        """Open a stream of events."""
        return Watch(self.client, self.queue)

    def work(self, answer: Callable[[Any], dict[str, Any]], category: str = "interactive") -> Any:
        """Wait for a request, and answer it; return its parameters."""
        with self.watch() as stream:
            while not (given := self.acquire(category)):
                stream.event()
        params = given["ar_params"]
        assert self.tell("complete", given["ar_id"], **answer(params)) == 204
        return params


class Watch:
    """An open stream of events."""

    def __init__(self, client: Any, queue: str) -> None:
        self._pool = urllib3.PoolManager(retries=False, timeout=30)
        self.reply = self._pool.request(
            "GET",
            f"{client.address}/api/{queue}/watch",
            headers=client.headers,
            preload_content=False,
        )
        assert self.reply.status == 200
        self._lines = self._read()

    def _read(self) -> Iterator[bytes]:
        rest = b""
        while piece := self.reply.read1():
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines

    def line(self) -> bytes:
        """Return the next line; an error if the stream has ended."""
        return next(self._lines)

    def event(self) -> dict[str, Any]:
        """Return the data of the next event."""
        while not (line := self.line()).startswith(b"data: "):
            pass
        data: dict[str, Any] = json.loads(line[6:])
        return data

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: Any) -> None:
        self.reply.close()
        self._pool.clear()


@pytest.fixture(scope="session")
def agent() -> type[Agent]:
    """An agent of somebody for a function."""
    return Agent


@pytest.fixture
def at_once() -> Iterator[Callable[..., Future[Any]]]:
    """Starts a call in another thread."""
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(16))
        yield threads.submit


@pytest.fixture
def task(user: Any, new_task: Callable[..., Any]) -> dict[str, Any]:
    """A task of four frames, with labels as the detector has them."""
    made: dict[str, Any] = new_task(
        user,
        segment_size=2,
        labels=[
            {
                "name": "car",
                "attributes": [
                    {
                        "name": "model",
                        "mutable": False,
                        "input_type": "select",
                        "values": ["a", "b"],
                    }
                ],
            },
            {"name": "person", "type": "skeleton", "sublabels": [{"name": "head"}], "svg": SVG},
        ],
    )
    found = user("GET", f"labels?task_id={made['id']}").json["results"]
    return made | {"labels": {label["name"]: label["id"] for label in found}}


SVG = '<circle data-label-name="head"></circle>'
