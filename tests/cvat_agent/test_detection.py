from __future__ import annotations

from typing import Any

import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_agent.detection import requested

LABELS = [
    cvataa.skeleton_label_spec(
        "a.b",
        0,
        [cvataa.keypoint_spec("x", 1, attributes=[cvataa.checkbox_attribute_spec("y", 2)])],
        attributes=[cvataa.checkbox_attribute_spec("x", 3)],
    )
]
LABEL = ("label", "a.b")
ATTRIBUTE, SUBLABEL = (*LABEL, "attribute", "x"), (*LABEL, "sublabel", "x")
INNER = (*SUBLABEL, "attribute", "y")


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ({}, {LABEL: None}),
        ({"unknown": {"name": "t"}}, {LABEL: None}),
        ({"a.b": {"name": "t"}}, {LABEL: "t"}),
        ({"a.b": {"name": "t", "attributes": {}}}, {LABEL: "t", ATTRIBUTE: None}),
        ({"a.b": {"name": "t", "attributes": {"x": "u"}}}, {LABEL: "t", ATTRIBUTE: "u"}),
        (
            {"a.b": {"name": "t", "sublabels": {"x": {"name": "v", "attributes": {"y": "w"}}}}},
            {LABEL: "t", SUBLABEL: "v", INNER: "w"},
        ),
        ({"a.b": {"name": "t", "sublabels": {}}}, {LABEL: "t", SUBLABEL: None}),
    ],
)
def test_what_a_request_lists_is_mapped_the_rest_left_out_and_silence_keeps_names(
    mapping: dict[str, Any], expected: dict[tuple[str, ...], str | None]
) -> None:
    assert requested(LABELS, mapping) == expected
