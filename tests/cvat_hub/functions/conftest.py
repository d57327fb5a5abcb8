"""Functions of each kind, and a scripted agent that speaks the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

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
