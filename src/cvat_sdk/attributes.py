"""Attributes of labels: the form of their values, and which values suit them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from cvat_sdk.models import AttributeValRequest, InputTypeEnum

Validator = Callable[[str], bool]


class AttributeSpec(Protocol):
    """What tells which values an attribute takes: `models.Attribute`, `models.AttributeRequest`."""

    @property
    def input_type(self) -> InputTypeEnum: ...
    @property
    def values(self) -> list[str]: ...


def attribute_value_validator(spec: AttributeSpec) -> Validator:
    """Return a function that tells whether a value (a string) suits the attribute.

    Raises:
        ValueError: `spec.values` doesn't suit `spec.input_type`.
    """
    return _VALIDATORS[spec.input_type.value](spec.values)


def number_attribute_values(min_value: int, max_value: int, /, step: int = 1) -> list[str]:
    """Return the `values` of a number attribute that goes from `min_value` to `max_value`.

    Raises:
        ValueError: the range is empty, the step is not positive, or doesn't divide the range.

    >>> number_attribute_values(0, 100, 5)
    ['0', '100', '5']
    """
    if min_value > max_value:
        raise ValueError(
            f"min_value must be less than or equal to max_value, got {min_value} and {max_value}"
        )
    if step <= 0:
        raise ValueError(f"step must be positive, got {step}")
    if (max_value - min_value) % step:
        raise ValueError(
            f"step must be a divisor of max_value - min_value: {step} doesn't divide"
            f" {max_value - min_value}"
        )
    return [str(min_value), str(max_value), str(step)]


def attribute_vals_from_dict(
    id_to_value: Mapping[int, str | int | bool], /
) -> list[AttributeValRequest]:
    """Return attribute values as annotations hold them, from ids and plain values.

    Raises:
        TypeError: a value is neither a string, nor an integer, nor a boolean.

    >>> [item.value for item in attribute_vals_from_dict({1: "red", 2: 5, 3: True})]
    ['red', '5', 'true']
    """
    return [
        AttributeValRequest(spec_id=spec_id, value=_as_text(spec_id, value))
        for spec_id, value in id_to_value.items()
    ]


def _as_text(spec_id: int, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | str):
        return str(value)
    raise TypeError(
        f"attribute {spec_id}: expected a string, an integer or a boolean, got {value!r}"
    )


def _checkbox(values: Sequence[str]) -> Validator:
    return {"true", "false"}.__contains__


def _number(values: Sequence[str]) -> Validator:
    if len(values) != 3:
        raise ValueError(f"wrong number of values: expected 3, got {len(values)}")
    try:
        low, high, step = map(int, values)
    except ValueError:
        raise ValueError(f"values could not be converted to integers: {list(values)}") from None
    try:
        number_attribute_values(low, high, step)
    except ValueError as error:
        raise ValueError(f"invalid values: {error}") from None

    def suits(value: str) -> bool:
        try:
            number = int(value)
        except ValueError:
            return False
        return low <= number <= high and (number - low) % step == 0

    return suits


def _choice(values: Sequence[str]) -> Validator:
    if not values:
        raise ValueError("empty list of allowed values")
    return frozenset(values).__contains__


def _text(values: Sequence[str]) -> Validator:
    return lambda value: True


_VALIDATORS: dict[str, Callable[[Sequence[str]], Validator]] = {
    "checkbox": _checkbox,
    "number": _number,
    "radio": _choice,
    "select": _choice,
    "text": _text,
}
