"""A hub that is killed at any moment loses nothing that it has acknowledged, and halves nothing.

What a task holds is told by the numbers of its shapes in each group: every write has a group of its
own. After a kill a task holds what it did before the write that was under way, or after it.
"""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import urllib3

from cvat_hub.settings import Settings

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]
KILLS, SEEDS = 30, range(4)
LONGEST = 0.25  # seconds from the start of writing to the kill
BULK = 2500
SHAPE = {"type": "rectangle", "frame": 0, "points": [1, 2, 30.5, 40]}
State = Counter[int]


@dataclass
class Writer:
    """Somebody who writes to a task of their own, and knows what it must hold."""

    headers: dict[str, str]
    path: str
    shape: dict[str, Any]
    chance: random.Random
    state: State = field(default_factory=Counter)
    after: State | None = None
    writes: int = 0
    group: int = 0
    address: str = ""
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(retries=False, timeout=60)
    )

    def check(self) -> None:
        """Compare what the task holds with what it must hold, one way or the other."""
        held = Counter(shape["group"] for shape in self._read())
        assert held in (self.state, self.after), (held, self.state, self.after)
        self.state, self.after = held, None

    def write_until_killed(self) -> None:
        with suppress(urllib3.exceptions.HTTPError):
            while True:
                method, query, shapes, self.after = self._next()
                self._send(method, query, shapes)
                self.state, self.after = self.after, None
                self.writes += 1

    def _next(self) -> tuple[str, str, list[Any], State]:
        """Return a write, and what the task will hold after it."""
        self.group += 1
        mine = self.group
        count = self.chance.choice([1, 3, BULK])
        new = [self.shape | {"group": mine}] * count
        kind = self.chance.choice(["create", "create", "update", "delete", "replace", "clear"])
        if kind == "create":
            return "PATCH", "?action=create", new, self.state + Counter({mine: count})
        if kind == "replace":
            return "PUT", "", new, Counter({mine: count})
        if kind == "clear":
            return "DELETE", "", [], Counter()
        of = self.chance.choice([*self.state, 0])
        found = [shape for shape in self._read() if shape["group"] == of]
        rest = Counter({group: n for group, n in self.state.items() if group != of})
        if kind == "delete":
            return "PATCH", "?action=delete", found, rest
        changed = [shape | {"group": mine} for shape in found]
        return "PATCH", "?action=update", changed, rest + Counter({mine: len(found)})

    def _read(self) -> list[Any]:
        found: list[Any] = json.loads(self._send("GET", "", None))["shapes"]
        return found

    def _send(self, method: str, query: str, shapes: list[Any] | None) -> bytes:
        body = None if shapes is None else json.dumps({"shapes": shapes})
        url = f"{self.address}/api/{self.path}{query}"
        answer = self.pool.request(method, url, body=body, headers=self.headers)
        assert answer.status < 300, answer.data
        return answer.data


@pytest.mark.parametrize("seed", SEEDS)
def test_no_acknowledged_write_is_lost_and_none_is_half_there(
    settings: Settings, start: Any, new_task: Callable[..., Any], hubs: Any, seed: int
) -> None:
    chance, writers = random.Random(seed), []
    with start(settings) as hub:
        for number in range(2):
            client, own = hub.new_user(), random.Random(f"{seed} {number}")
            task_id = new_task(client, labels=[{"name": "car"}])["id"]
            [label] = client("GET", f"labels?task_id={task_id}").json["results"]
            shape = SHAPE | {"label_id": label["id"]}
            writers.append(Writer(client.headers, f"tasks/{task_id}/annotations", shape, own))
    for _ in range(KILLS):
        pid = hubs.start()
        if chance.random() < 0.2:
            # It may be sweeping up what the one before has left.
            threading.Event().wait(chance.uniform(0, LONGEST))
            hubs.kill(pid)
            continue
        address = hubs.address()
        for writer in writers:
            writer.address = address
            writer.check()
        threads = [threading.Thread(target=writer.write_until_killed) for writer in writers]
        for thread in threads:
            thread.start()
        threading.Event().wait(chance.uniform(0, LONGEST))
        hubs.kill(pid)
        for thread in threads:
            thread.join()
    pid = hubs.start()
    address = hubs.address()
    for writer in writers:
        writer.address = address
        writer.check()
        writer.pool.clear()
    hubs.kill(pid)
    assert sum(writer.writes for writer in writers) > 0
