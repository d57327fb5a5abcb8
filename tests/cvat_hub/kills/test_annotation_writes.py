"""A hub that is killed at any moment loses nothing that it has acknowledged, and halves nothing.

What a task holds is told by the numbers of its shapes in each group, with the value of an attribute
or without: every write has a group of its own. After a kill a task holds what it did before the
write that was under way, or after it.
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
ATTRIBUTE = {"mutable": False, "input_type": "text", "values": [""]}
State = Counter[tuple[int, bool]]


@dataclass
class Writer:
    """Somebody who writes to a task of their own, and knows what it must hold."""

    headers: dict[str, str]
    task_id: int
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
        held = Counter(map(_key, self._read()))
        assert held in (self.state, self.after), (held, self.state, self.after)
        self.state, self.after = held, None

    def write_until_killed(self) -> None:
        with suppress(urllib3.exceptions.HTTPError):
            while True:
                method, path, body, self.after = self._next()
                self._send(method, path, body)
                self.state, self.after = self.after, None
                self.writes += 1

    def _next(self) -> tuple[str, str, Any, State]:
        """Return a write, and what the task will hold after it."""
        self.group += 1
        [label] = self._get(f"labels?task_id={self.task_id}")["results"]
        kind = self.chance.choice([*_OF_SHAPES, *_OF_SHAPES, *_OF_LABELS])
        if kind in _OF_LABELS:
            wanted, after = self._of_label(kind, label)
            return "PATCH", f"tasks/{self.task_id}", {"labels": wanted}, after
        method, query, shapes, after = self._of_shapes(kind, label)
        return method, f"{self._annotations}{query}", {"shapes": shapes}, after

    def _of_label(self, kind: str, label: Any) -> tuple[list[Any], State]:
        """Replace the label, or its attribute, by another."""
        [attribute] = label["attributes"]
        fresh = ATTRIBUTE | {"name": f"attribute{self.group}"}
        if kind == "label":
            gone = {"id": label["id"], "deleted": True}
            return [gone, {"name": f"car{self.group}", "attributes": [fresh]}], Counter()
        after: State = Counter()
        for (group, _), count in self.state.items():
            after[group, False] += count
        changed = [attribute | {"deleted": True}, fresh]
        return [{"id": label["id"], "attributes": changed}], after

    def _of_shapes(self, kind: str, label: Any) -> tuple[str, str, list[Any], State]:
        mine, count = (self.group, True), self.chance.choice([1, 3, BULK])
        value = {"spec_id": label["attributes"][0]["id"], "value": "x"}
        own = {"label_id": label["id"], "group": self.group, "attributes": [value]}
        new = [SHAPE | own] * count
        if kind == "create":
            return "PATCH", "?action=create", new, self.state + Counter({mine: count})
        if kind == "replace":
            return "PUT", "", new, Counter({mine: count})
        if kind == "clear":
            return "DELETE", "", [], Counter()
        of = self.chance.choice([*self.state, (0, True)])
        found = [shape for shape in self._read() if _key(shape) == of]
        rest = Counter({key: n for key, n in self.state.items() if key != of})
        if kind == "delete":
            return "PATCH", "?action=delete", found, rest
        changed = [shape | {"group": self.group} for shape in found]
        return "PATCH", "?action=update", changed, rest + Counter(map(_key, changed))

    @property
    def _annotations(self) -> str:
        return f"tasks/{self.task_id}/annotations"

    def _read(self) -> list[Any]:
        found: list[Any] = self._get(self._annotations)["shapes"]
        return found

    def _get(self, path: str) -> Any:
        return json.loads(self._send("GET", path, None))

    def _send(self, method: str, path: str, body: Any) -> bytes:
        answer = self.pool.request(
            method,
            f"{self.address}/api/{path}",
            body=None if body is None else json.dumps(body),
            headers=self.headers,
        )
        assert answer.status < 300, answer.data
        return answer.data


def _key(shape: Any) -> tuple[int, bool]:
    # An attribute that came later is filled in by an update, with its default: that is no value.
    return shape["group"], any(attribute["value"] for attribute in shape["attributes"])


_OF_SHAPES = ("create", "create", "update", "delete", "replace", "clear")
_OF_LABELS = ("label", "attribute")


@pytest.mark.parametrize("seed", SEEDS)
def test_no_acknowledged_write_is_lost_and_none_is_half_there(
    settings: Settings, start: Any, new_task: Callable[..., Any], hubs: Any, seed: int
) -> None:
    chance, writers = random.Random(seed), []
    with start(settings) as hub:
        for number in range(2):
            client, own = hub.new_user(), random.Random(f"{seed} {number}")
            labels = [{"name": "car", "attributes": [ATTRIBUTE | {"name": "attribute"}]}]
            task_id = new_task(client, labels=labels)["id"]
            writers.append(Writer(client.headers, task_id, own))
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
