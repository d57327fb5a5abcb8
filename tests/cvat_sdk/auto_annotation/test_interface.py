"""The rules of a function's spec."""

from __future__ import annotations

from typing import Any

import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation import BadFunctionError, DetectionFunctionSpec, label_spec
from cvat_sdk.models import AttributeRequest, AttributeVal, PatchedLabelRequest, SublabelRequest

POINT = cvataa.keypoint_spec("head", 1)


def skeleton(*sublabels: SublabelRequest, **fields: Any) -> PatchedLabelRequest:
    return cvataa.skeleton_label_spec("person", 1, list(sublabels), **fields)


def test_a_spec_with_everything_is_accepted() -> None:
    labels = [
        label_spec("car", 0, type="rectangle", attributes=[cvataa.checkbox_attribute_spec("x", 0)]),
        skeleton(POINT, cvataa.keypoint_spec("hand", 2)),
        label_spec("weather", 2, type="tag"),
    ]
    assert DetectionFunctionSpec(labels=labels).labels == labels


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (PatchedLabelRequest(name="car"), "label 'car' has no ID"),
        (PatchedLabelRequest(id=1), "a label has no name"),
        (
            label_spec("car", 0, sublabels=[POINT]),
            "label 'car' with sublabels has type 'any' (should be 'skeleton')",
        ),
        (
            label_spec("car", 0, type="mask", sublabels=[POINT]),
            "label 'car' with sublabels has type 'mask' (should be 'skeleton')",
        ),
        (
            skeleton(SublabelRequest(name="head", type="points")),
            "sublabel 'head' of label 'person' has no ID",
        ),
        (
            skeleton(POINT, cvataa.keypoint_spec("hand", 1)),
            "sublabel 'hand' of label 'person' has same ID as another sublabel (1)",
        ),
        (
            skeleton(SublabelRequest(name="head", id=1, type="mask")),
            "sublabel 'head' of label 'person' has type 'mask' (should be 'points')",
        ),
        (
            skeleton(SublabelRequest(name="head", id=1)),
            "sublabel 'head' of label 'person' has type None (should be 'points')",
        ),
        (
            label_spec("car", 0, attributes=[AttributeRequest("x", False, "text", [])]),
            "attribute 'x' of label 'car' has no ID",
        ),
        (
            label_spec("car", 0, attributes=[cvataa.text_attribute_spec(n, 1) for n in "xy"]),
            "attribute 'y' of label 'car' has same ID as another attribute (1)",
        ),
        (
            label_spec("car", 0, attributes=[cvataa.number_attribute_spec("x", 1, ["0"])]),
            "attribute 'x' of label 'car' has invalid values: wrong number of values",
        ),
        (
            skeleton(
                cvataa.keypoint_spec(
                    "head", 1, attributes=[cvataa.select_attribute_spec("x", 1, [])]
                )
            ),
            "attribute 'x' of sublabel 'head' of label 'person' has invalid values: empty list",
        ),
    ],
)
def test_a_spec_that_breaks_a_rule_is_refused_and_the_place_named(
    label: PatchedLabelRequest, message: str
) -> None:
    with pytest.raises(BadFunctionError) as caught:
        DetectionFunctionSpec(labels=[label])
    assert message in str(caught.value)


def test_labels_have_distinct_ids() -> None:
    with pytest.raises(BadFunctionError, match="'cat' has same ID as another label \\(3\\)"):
        DetectionFunctionSpec(labels=[label_spec("car", 3), label_spec("cat", 3)])


def test_a_spec_cannot_be_changed() -> None:
    spec = DetectionFunctionSpec(labels=[])
    with pytest.raises(AttributeError):
        spec.labels = [label_spec("car", 0)]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("factory", "expected"),
    [
        (label_spec("car", 1), {"name": "car", "id": 1}),
        (
            cvataa.skeleton_label_spec("p", 1, [POINT]),
            {
                "name": "p",
                "id": 1,
                "type": "skeleton",
                "sublabels": [{"name": "head", "id": 1, "type": "points"}],
            },
        ),
        (
            cvataa.attribute_spec("a", 1, "radio", ["x"]),
            {"name": "a", "id": 1, "mutable": False, "input_type": "radio", "values": ["x"]},
        ),
        (
            cvataa.checkbox_attribute_spec("a", 1),
            {"name": "a", "id": 1, "mutable": False, "input_type": "checkbox", "values": []},
        ),
        (
            cvataa.number_attribute_spec("a", 1, ["0", "1", "1"]),
            {
                "name": "a",
                "id": 1,
                "mutable": False,
                "input_type": "number",
                "values": ["0", "1", "1"],
            },
        ),
        (
            cvataa.text_attribute_spec("a", 1, default_value="x"),
            {
                "name": "a",
                "id": 1,
                "mutable": False,
                "input_type": "text",
                "values": [],
                "default_value": "x",
            },
        ),
        (cvataa.tag(1), {"label_id": 1, "frame": 0}),
        (
            cvataa.shape(1, type="points", points=[1, 2]),
            {"label_id": 1, "frame": 0, "type": "points", "points": [1, 2]},
        ),
        (
            cvataa.mask(1, [0, 1, 0, 0, 0, 0]),
            {"label_id": 1, "frame": 0, "type": "mask", "points": [0, 1, 0, 0, 0, 0]},
        ),
        (
            cvataa.polygon(1, (0, 0, 1, 1, 2, 0), occluded=True),
            {
                "label_id": 1,
                "frame": 0,
                "type": "polygon",
                "points": [0, 0, 1, 1, 2, 0],
                "occluded": True,
            },
        ),
        (
            cvataa.rectangle(1, [0, 1, 2, 3], score=0.5),
            {
                "label_id": 1,
                "frame": 0,
                "type": "rectangle",
                "points": [0, 1, 2, 3],
                "score": 0.5,
            },
        ),
        (
            cvataa.skeleton(1, [cvataa.keypoint(2, [3, 4])]),
            {
                "label_id": 1,
                "frame": 0,
                "type": "skeleton",
                "elements": [{"type": "points", "label_id": 2, "frame": 0, "points": [3, 4]}],
            },
        ),
    ],
)
def test_factories_fix_what_is_always_the_same(factory: Any, expected: dict[str, Any]) -> None:
    assert factory.to_dict() == expected


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"min_pos_points": -1}, "min_pos_points must be >= 0, got -1"),
        ({"min_pos_points": 1, "min_neg_points": -1}, "min_neg_points must be >= 0 or None"),
        ({"min_pos_points": 1, "min_bounding_boxes": 2}, "must be 0, 1 or None, got 2"),
    ],
)
def test_prompts_that_make_no_sense_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cvataa.InteractionFunctionSpec(**fields)


def test_an_interaction_result_has_only_the_attributes_that_there_are() -> None:
    confidence = cvataa.InteractionResultAttributes.CONFIDENCE
    result = cvataa.InteractionResultShape(
        type="mask", points=(1, 2), attributes=[AttributeVal(confidence, "0.5")]
    )
    assert result.points == [1, 2]
    with pytest.raises(BadFunctionError, match="7 is not one of InteractionResultAttributes"):
        cvataa.InteractionResultShape(type="mask", points=[], attributes=[AttributeVal(7, "x")])


def test_a_tracking_function_names_the_shapes_that_it_can_follow() -> None:
    spec = cvataa.TrackingFunctionSpec(supported_shape_types=["rectangle", "mask"])
    assert spec.supported_shape_types == {"rectangle", "mask"}
    for wrong in ([], ["box"]):
        with pytest.raises(BadFunctionError, match="supported_shape_types"):
            cvataa.TrackingFunctionSpec(supported_shape_types=wrong)
