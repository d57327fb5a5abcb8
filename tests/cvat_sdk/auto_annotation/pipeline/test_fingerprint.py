"""What makes one run another one, and how that is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk import models
from cvat_sdk.auto_annotation.pipeline.fingerprint import differences, fingerprint


class Function:
    pass


class Other:
    pass


def label(**changes: Any) -> models.Label:
    plain = {"name": "car", "id": 5, "type": "rectangle", "color": "#fff", "attributes": []}
    return models.Label(**(plain | changes))


BASE: dict[str, Any] = {
    "function": Function(),
    "parameters": {"threshold": 0.5},
    "spec_labels": [cvataa.label_spec("car", 0, type="rectangle")],
    "task_id": 5,
    "size": 10,
    "task_labels": [label()],
    "options": {"roi": (0, 0, 9, 9), "merge": "append"},
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, []),
        ({"function": Function()}, []),
        ({"task_labels": [label(color="#000")]}, []),
        ({"options": {"merge": "append", "roi": [0, 0, 9, 9]}}, []),
        ({"function": Other()}, ["the function was '...Function', now it is '...Other'"]),
        ({"parameters": {"threshold": 0.6}}, ["parameters: threshold was 0.5, now it is 0.6"]),
        (
            {"parameters": {"threshold": 0.5, "size": 3}},
            ["parameters: size is new"],
        ),
        ({"parameters": {}}, ["parameters: threshold is gone"]),
        ({"task_id": 6}, ["the task was 5, now it is 6"]),
        ({"size": 11}, ["the number of frames was 10, now it is 11"]),
        ({"task_labels": [label(id=6)]}, ["labels of the task: car has changed"]),
        (
            {"task_labels": [label(), label(name="bus", id=7)]},
            ["labels of the task: bus is new"],
        ),
        (
            {"spec_labels": [cvataa.label_spec("car", 0, type="polygon")]},
            ["labels of the function: car has changed"],
        ),
        (
            {"options": {"roi": None, "merge": "iou"}},
            [
                "options: merge was 'append', now it is 'iou'",
                "options: roi was [0, 0, 9, 9], now it is None",
            ],
        ),
    ],
)
def test_what_differs_is_named(change: dict[str, Any], told: list[str]) -> None:
    found = differences(fingerprint(**BASE), fingerprint(**(BASE | change)))
    place = f"{Function.__module__}."
    assert [line.replace(place, "...") for line in found] == told


def test_parameters_of_any_type_are_told() -> None:
    made = fingerprint(**(BASE | {"parameters": {"path": Path("a/b"), "kind": Function}}))
    assert made["parameters"]["path"] == "a/b"


def test_a_module_can_be_a_function() -> None:
    assert fingerprint(**(BASE | {"function": cvataa}))["function"].endswith("auto_annotation")
