"""What lists can be narrowed and sorted by: plain parameters, `search`, `filter`, `sort`.

`filter` is JSON logic over the same fields: `{"and": [{"==": [{"var": "name"}, "cats"]}]}`.
"""

from __future__ import annotations

import datetime
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, cast, false, not_, or_
from sqlalchemy import String as SqlString

from .errors import BadRequest, at

Column = ColumnElement[Any]
# Databases refuse statements that are too large; nobody writes such rules by hand.
_MAX_DEPTH = 20
_MAX_RULES = 200
_MAX_VALUES = 1000
_MAX_TEXT = 1000


@dataclass(frozen=True)
class Fields:
    """The fields of a list: by which it can be filtered and sorted, and in which it is searched.

    `order` is how it is sorted if nothing is said.
    """

    columns: Mapping[str, Column]
    searched: Sequence[str] = ()
    order: str = "-id"

    def apply(self, query: Select[Any], parameters: Mapping[str, str]) -> Select[Any]:
        """Narrow and sort a query as the parameters say.

        Raises:
            BadRequest: a parameter makes no sense.
        """
        for name in self.columns.keys() & parameters.keys():
            query = query.where(self._equals(name, parameters[name]))
        if words := parameters.get("search"):
            found = [_contains(self.columns[name], words, "search") for name in self.searched]
            query = query.where(or_(false(), *found))
        if parameters.get("filter"):
            query = query.where(self._filter(parameters["filter"]))
        return query.order_by(*self._order(parameters.get("sort") or self.order))

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Return what may stand behind the question mark, with a schema of each."""
        return {name: {"type": "string"} for name in (*self.columns, "search", "filter", "sort")}

    def _equals(self, name: str, text: str) -> Column:
        column = self.columns[name]
        kind = _type(column)
        if kind is bool:
            if text.lower() not in _TRUTHS:
                raise at([name], "Enter true or false.")
            return column.is_(_TRUTHS[text.lower()])
        if not issubclass(kind, int):
            equal: Column = column == _value(column, text, name)
            return equal
        if not re.fullmatch("-?[0-9]{1,40}", text):
            raise at([name], "Enter a number.")
        return column == _bounded(int(text))

    def _order(self, sort: str) -> list[Column]:
        order: dict[str, Column] = {}
        for field in sort.split(","):
            name = field.strip().removeprefix("-")
            column = self._column(name)
            # To sort again by what is sorted by already changes nothing.
            order.setdefault(name, column.desc() if field.strip()[0] == "-" else column.asc())
        return list(order.values())

    def _filter(self, text: str) -> Column:
        try:
            rules = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            raise at(["filter"], "expected JSON logic") from None
        if _count(rules) > _MAX_RULES:
            raise at(["filter"], f"expected at most {_MAX_RULES} rules")
        return self._rule(rules, 0)

    def _rule(self, rule: Any, depth: int) -> Column:
        if not isinstance(rule, dict) or len(rule) != 1 or depth > _MAX_DEPTH:
            raise at(["filter"], "expected rules of one operator each")
        [(name, operands)] = rule.items()
        if name == "var":
            return _is_set(self._column(operands))
        operands = operands if isinstance(operands, list) else [operands]
        if name in _JUNCTIONS:
            return _JUNCTIONS[name](*(self._rule(operand, depth + 1) for operand in operands))
        if name == "!" and len(operands) == 1:
            return not_(self._rule(operands[0], depth + 1))
        if name in _ORDERS and len(operands) == 3:
            low, middle, high = operands
            return and_(self._comparison(name, low, middle), self._comparison(name, middle, high))
        if (name not in _MIRRORED and name != "in") or len(operands) != 2:
            raise at(["filter"], f"operator {name!r} is not known, or has too few operands")
        return self._membership(*operands) if name == "in" else self._comparison(name, *operands)

    def _comparison(self, name: str, left: Any, right: Any) -> Column:
        if not isinstance(left, dict):
            # `3 < field` says the same as `field > 3`.
            name, left, right = _MIRRORED[name], right, left
        column = self._variable(left)
        value = _value(column, right)
        if name in _ORDERS and (value is None or isinstance(value, bool)):
            raise at(["filter"], f"{value!r} is neither more nor less than anything")
        compared: Column = _COMPARISONS[name](column, value)
        return compared

    def _membership(self, left: Any, right: Any) -> Column:
        if not isinstance(right, list):
            # A piece of text, in the value of a field.
            return _contains(self._variable(right), _text(left), "filter")
        column = self._variable(left)
        if len(right) > _MAX_VALUES:
            raise at(["filter"], f"expected at most {_MAX_VALUES} values")
        return column.in_([_value(column, item) for item in right])

    def _variable(self, operand: Any) -> Column:
        if not isinstance(operand, dict) or list(operand) != ["var"]:
            raise at(["filter"], "expected a field, {'var': name}")
        return self._column(operand["var"])

    def _column(self, name: Any) -> Column:
        if not isinstance(name, str) or name not in self.columns:
            known = ", ".join(sorted(self.columns))
            raise BadRequest(f"field {name!r} is not known; known are {known}")
        return self.columns[name]


_JUNCTIONS: Mapping[str, Callable[..., Column]] = {
    "and": lambda *rules: and_(True, *rules),
    "or": lambda *rules: or_(False, *rules),
}
_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ORDERS = frozenset({"<", "<=", ">", ">="})
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def _count(rules: Any) -> int:
    """Return how many rules there are, one inside another; values are none."""
    if isinstance(rules, dict):
        return 1 + sum(map(_count, rules.values()))
    return sum(map(_count, rules)) if isinstance(rules, list) else 0


def _contains(column: Column, text: str, place: str) -> Column:
    if len(text) > _MAX_TEXT:
        raise at([place], f"expected at most {_MAX_TEXT} characters")
    return cast(column, SqlString).icontains(text, autoescape=True)


def _is_set(column: Column) -> Column:
    """Return the condition that a field has a value that counts as true."""
    kind = _type(column)
    if kind is bool:
        return column.is_(True)
    empty: Any = {str: "", int: 0}.get(kind)
    return column.is_not(None) if empty is None else and_(column.is_not(None), column != empty)


def _value(column: Column, value: Any, place: str = "filter") -> Any:
    """Return a value that the column can be compared with."""
    kind = _type(column)
    fits = isinstance(value, kind) and isinstance(value, bool) == (kind is bool)
    if value is None or fits:
        return _bounded(value) if type(value) is int else value
    if kind is datetime.datetime:
        return _aware(value, place)
    raise at([place], f"{value!r} is not of type {kind.__name__}")


def _aware(value: Any, place: str) -> datetime.datetime:
    try:
        date = msgspec.convert(value, datetime.datetime)
        return date.astimezone(datetime.UTC) if date.tzinfo else date.replace(tzinfo=datetime.UTC)
    except (msgspec.ValidationError, OverflowError):
        raise at([place], f"{value!r} is not a date such as 2026-01-31T12:00:00Z") from None


def _type(column: Column) -> type:
    kind: type = column.type.python_type
    return kind


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise at(["filter"], "expected text")
    return value


def _bounded(number: int) -> int:
    # Databases refuse numbers that no row can have; to them, -1 means the same.
    return number if abs(number) < 2**31 else -1
