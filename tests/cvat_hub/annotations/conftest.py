"""Tasks to be annotated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

# Points of a shape of each type.
POINTS = {
    "rectangle": [1, 2, 30.5, 40],
    "polygon": [1, 1, 5, 1, 5, 5],
    "polyline": [1, 1, 5, 1],
    "points": [3, 4],
    "ellipse": [10, 10, 14, 8],
    "cuboid": [float(number) for number in range(16)],
    "mask": [1, 3, 2, 0, 0, 2, 1],
    "skeleton": [],
}


@dataclass
class Painted:
    """A task, its labels by name, and somebody who may annotate it."""

    client: Any
    task: dict[str, Any]
    labels: dict[str, Any]

    @property
    def path(self) -> str:
        return f"tasks/{self.task['id']}/annotations"

    def state(self) -> Any:
        """Return all that a write may change."""
        return self.read(), self.client("GET", f"tasks/{self.task['id']}").json["updated_date"]

    def read(self) -> Any:
        return self.client("GET", self.path).json

    @property
    def good(self) -> dict[str, Any]:
        """The first of its shapes."""
        first: dict[str, Any] = self.read()["shapes"][0]
        return first

    def jobs(self) -> list[int]:
        found = self.client("GET", f"jobs?task_id={self.task['id']}&sort=id").json["results"]
        return [job["id"] for job in found]

    def create(self, **items: Any) -> Any:
        return self.client("PATCH", f"{self.path}?action=create", items)

    def update(self, **items: Any) -> Any:
        return self.client("PATCH", f"{self.path}?action=update", items)

    def delete(self, **items: Any) -> Any:
        return self.client("PATCH", f"{self.path}?action=delete", items)

    def shape(self, **changes: Any) -> dict[str, Any]:
        plain = {"label_id": self.labels["plain"]["id"], "frame": 0, "type": "rectangle"}
        return plain | {"points": POINTS.get(changes.get("type", "rectangle"), [])} | changes

    def skeleton(self, **changes: Any) -> dict[str, Any]:
        person = self.labels["person"]
        elements = [
            {"type": "points", "label_id": part["id"], "frame": 0, "points": [1, 2]}
            for part in person["sublabels"]
        ]
        skeleton = {"type": "skeleton", "label_id": person["id"], "frame": 0, "elements": elements}
        return skeleton | changes

    def track(self, **changes: Any) -> dict[str, Any]:
        key_frame = {"type": "rectangle", "points": POINTS["rectangle"]}
        shapes = [key_frame | {"frame": 0}, key_frame | {"frame": 2, "outside": True}]
        return {"label_id": self.labels["car"]["id"], "frame": 0, "shapes": shapes} | changes

    def spec(self, name: str) -> int:
        attributes = self.labels["car"]["attributes"]
        return next(spec["id"] for spec in attributes if spec["name"] == name)


@pytest.fixture(scope="session")
def paint(new_task: Callable[..., Any]) -> Callable[[Any], Painted]:
    """Makes a task of two jobs for somebody."""

    def make(client: Any) -> Painted:
        task = new_task(client, segment_size=2)
        labels = client("GET", f"labels?task_id={task['id']}").json["results"]
        return Painted(client, task, {label["name"]: label for label in labels})

    return make


@pytest.fixture
def painted(user: Any, paint: Callable[[Any], Painted]) -> Painted:
    """A task of one's own."""
    return paint(user)


@pytest.fixture(scope="module")
def shared(hub: Any, paint: Callable[[Any], Painted]) -> Painted:
    """A task with a shape, for tests that leave it as it was."""
    painted = paint(hub.new_user())
    painted.create(shapes=[painted.shape()])
    return painted
