"""Attribute values: which suit, and how they are written."""

from __future__ import annotations

from typing import Any

import pytest

from cvat_sdk.attributes import (
    attribute_vals_from_dict,
    attribute_value_validator,
    number_attribute_values,
)
from cvat_sdk.models import AttributeRequest, AttributeVal


def spec(input_type: str, values: list[str]) -> AttributeRequest:
    return AttributeRequest("a", False, input_type, values)


@pytest.mark.parametrize(
    ("input_type", "values", "good", "bad"),
    [
        ("checkbox", ["false"], ["true", "false"], ["True", "1", ""]),
        ("number", ["0", "10", "5"], ["0", "5", "10"], ["1", "15", "-5", "x", "", "5.0"]),
        ("number", ["-4", "4", "2"], ["-4", "0", "4"], ["-3", "6"]),
        ("radio", ["red", "blue"], ["red"], ["green", ""]),
        ("select", ["red", "blue"], ["blue"], ["Red"]),
        ("text", [""], ["", "anything"], []),
    ],
)
def test_a_value_suits_its_attribute(
    input_type: str, values: list[str], good: list[str], bad: list[str]
) -> None:
    suits = attribute_value_validator(spec(input_type, values))
    assert [value for value in good if not suits(value)] == []
    assert [value for value in bad if suits(value)] == []


@pytest.mark.parametrize(
    ("input_type", "values", "message"),
    [
        ("number", ["0", "10"], "expected 3, got 2"),
        ("number", ["0", "10", "x"], "could not be converted to integers"),
        ("number", ["10", "0", "1"], "min_value must be less than or equal"),
        ("number", ["0", "10", "0"], "step must be positive"),
        ("number", ["0", "10", "3"], "step must be a divisor"),
        ("radio", [], "empty list of allowed values"),
        ("select", [], "empty list of allowed values"),
    ],
)
def test_values_that_make_no_sense_are_refused(
    input_type: str, values: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        attribute_value_validator(spec(input_type, values))


def test_the_values_of_a_number_are_strings() -> None:
    assert number_attribute_values(-5, 10, 5) == ["-5", "10", "5"]
    with pytest.raises(ValueError, match="step must be positive, got -1"):
        number_attribute_values(0, 1, -1)


def test_values_are_written_as_the_server_expects_them() -> None:
    assert attribute_vals_from_dict({1: "x", 2: 7, 3: True, 4: False}) == [
        AttributeVal(1, "x"),
        AttributeVal(2, "7"),
        AttributeVal(3, "true"),
        AttributeVal(4, "false"),
    ]


@pytest.mark.parametrize("value", [1.5, None, ["x"]])
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="attribute 3: expected a string"):
        attribute_vals_from_dict({3: value})
