"""Filters of lists, written in Python and sent as JSON logic.

    client.tasks.list(filter=F.name.contains("street") & (F.id > 100))
    client.tasks.list(name__contains="street", id__gt=100)

The two lines mean the same. Which fields a list can be filtered by, the server decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cvat_sdk.api_client.wire import encode
from cvat_sdk.exceptions import ApiTypeError, ApiValueError

__all__ = ["Condition", "F", "Field", "Filter", "JsonLogicExpression", "all_", "any_", "not_"]

JsonLogicExpression = Mapping[str, Any]


class Filter:
    """A condition; conditions are put together with `&`, `|` and `~`.

    >>> (F.id > 5) & ~(F.status == "completed")
    Filter({'and': [{'>': [{'var': 'id'}, 5]}, {'!': {'==': [{'var': 'status'}, 'completed']}}]})

    Args:
        expr: JSON logic, as a mapping or as text, or another filter.

    Raises:
        ApiTypeError: `expr` is none of these.
        ApiValueError: the text is not JSON.
    """

    __slots__ = ("_expression",)

    def __init__(self, expr: Condition) -> None:
        self._expression = _expression_of(expr)

    def to_json_logic(self) -> JsonLogicExpression:
        """Return the condition as JSON logic."""
        return self._expression

    def __and__(self, other: Condition) -> Filter:
        return _chain("and", self, other)

    def __or__(self, other: Condition) -> Filter:
        return _chain("or", self, other)

    def __invert__(self) -> Filter:
        return Filter({"!": self._expression})

    def __repr__(self) -> str:
        return f"Filter({self._expression!r})"


Condition = Filter | JsonLogicExpression | str


class Field:
    """A field of the objects of a list; comparing it gives a `Filter`."""

    __slots__ = ("_name",)

    # A comparison gives a filter, so that fields are no keys.
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        self._name = name

    def __eq__(self, value: Any) -> Filter:  # type: ignore[override]
        return self._compared("==", value)

    def __ne__(self, value: Any) -> Filter:  # type: ignore[override]
        return ~self._compared("==", value)

    def __lt__(self, value: Any) -> Filter:
        return self._compared("<", value)

    def __le__(self, value: Any) -> Filter:
        return self._compared("<=", value)

    def __gt__(self, value: Any) -> Filter:
        return self._compared(">", value)

    def __ge__(self, value: Any) -> Filter:
        return self._compared(">=", value)

    def one_of(self, values: Iterable[Any]) -> Filter:
        """The field has one of the values."""
        return self._compared("in", list(values))

    def contains(self, substring: Any) -> Filter:
        """The text of the field contains another one, or its list an item."""
        return Filter({"in": [substring, self._variable]})

    def between(self, low: Any, high: Any) -> Filter:
        """The field is at least `low` and at most `high`."""
        return Filter({"<=": [low, self._variable, high]})

    def is_set(self) -> Filter:
        """The field has a value other than null, 0, false and ""."""
        return Filter(self._variable)

    def __repr__(self) -> str:
        return f"Field({self._name!r})"

    @property
    def _variable(self) -> JsonLogicExpression:
        return {"var": self._name}

    def _compared(self, operator: str, value: Any) -> Filter:
        return Filter({operator: [self._variable, value]})


class _Fields:
    """`F.name` is the field `name`; so is `F["name"]`, for those with a dot or an underscore."""

    def __getattr__(self, name: str) -> Field:
        if name.startswith("_"):
            raise AttributeError(f'F.{name} is kept for Python; the field is F["{name}"]')
        return Field(name)

    def __getitem__(self, name: str) -> Field:
        return Field(name)


F = _Fields()

_LOOKUPS: dict[str, Callable[[Field, Any], Filter]] = {
    "in": Field.one_of,
    "contains": Field.contains,
    "lt": Field.__lt__,
    "lte": Field.__le__,
    "gt": Field.__gt__,
    "gte": Field.__ge__,
    "ne": Field.__ne__,
    "between": lambda field, ends: field.between(*ends),
    "isset": lambda field, wanted: field.is_set() if wanted else ~field.is_set(),
}


def all_(*conditions: Condition) -> Filter:
    """Return the filter that demands all conditions.

    Raises:
        ValueError: there is none.
    """
    return _combined("and", conditions)


def any_(*conditions: Condition) -> Filter:
    """Return the filter that demands at least one of the conditions.

    Raises:
        ValueError: there is none.
    """
    return _combined("or", conditions)


def not_(condition: Condition) -> Filter:
    """Return the filter that demands the opposite."""
    return ~Filter(condition)


def query_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query parameters of a list call.

    Arguments such as `id__gt=5` and a `filter` of whatever kind become one text of JSON logic;
    a `filter` that is text and alone goes as it is.

    >>> query_of({"id__in": [1, 2], "sort": "id"})
    {'sort': 'id', 'filter': '{"in":[{"var":"id"},[1,2]]}'}
    """
    query: dict[str, Any] = {}
    conditions: list[Condition] = []
    for name, value in arguments.items():
        field, _, lookup = name.rpartition("__")
        if field and lookup in _LOOKUPS:
            conditions.append(_LOOKUPS[lookup](Field(field), value))
        elif name != "filter":
            query[name] = value
    if given := arguments.get("filter"):
        conditions.append(given)
    match conditions:
        case []:
            return query
        case [str() as text]:
            return {**query, "filter": text}
        case _:
            return {**query, "filter": encode(all_(*conditions).to_json_logic()).decode()}


def _expression_of(condition: Condition) -> JsonLogicExpression:
    if isinstance(condition, Filter):
        return condition.to_json_logic()
    expression: Any = condition
    if isinstance(condition, str):
        try:
            expression = json.loads(condition)
        except ValueError as error:
            raise ApiValueError(f"the filter {condition!r} is not JSON: {error}") from error
    if not isinstance(expression, Mapping):
        raise ApiTypeError(
            f"{condition!r} is not a filter: that is JSON logic, or made of F, as in F.id > 5"
        )
    return dict(expression)


def _chain(operator: str, *conditions: Condition) -> Filter:
    """Join conditions; what is joined by the same operator already is joined on one level."""
    parts: list[JsonLogicExpression] = []
    for expression in map(_expression_of, conditions):
        parts += expression[operator] if list(expression) == [operator] else [expression]
    return Filter({operator: parts})


def _combined(operator: str, conditions: tuple[Condition, ...]) -> Filter:
    if not conditions:
        raise ValueError(f"{operator}: there is no condition to combine")
    if len(conditions) == 1:
        return Filter(conditions[0])
    return Filter({operator: [_expression_of(condition) for condition in conditions]})
