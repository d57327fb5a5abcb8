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
_MAX_DEPTH = 20


@dataclass(frozen=True)
class Fields:
    """The fields of a list: by which it can be filtered and sorted, and in which it is searched."""

    columns: Mapping[str, Column]
    searched: Sequence[str] = ()

    def apply(self, query: Select[Any], parameters: Mapping[str, str]) -> Select[Any]:
        """Narrow and sort a query as the parameters say; newest first if they don't.

        Raises:
            BadRequest: a parameter makes no sense.
        """
        for name in self.columns.keys() & parameters.keys():
            query = query.where(self._equals(name, parameters[name]))
        if words := parameters.get("search"):
            found = [
                cast(self.columns[name], SqlString).icontains(words, autoescape=True)
                for name in self.searched
            ]
            query = query.where(or_(false(), *found))
        if parameters.get("filter"):
            query = query.where(self._filter(parameters["filter"]))
        return query.order_by(*self._order(parameters.get("sort") or "-id"))

    def _equals(self, name: str, text: str) -> Column:
        column = self.columns[name]
        if not issubclass(_type(column), int):
            equal: Column = column == _value(column, text)
            return equal
        if not re.fullmatch("-?[0-9]{1,40}", text):
            raise at([name], "Enter a number.")
        return column == _bounded(int(text))

    def _order(self, sort: str) -> list[Column]:
        order: list[Column] = []
        for field in sort.split(","):
            name = field.strip().lstrip("-")
            column = self._column(name)
            order.append(column.desc() if field.strip().startswith("-") else column.asc())
        return order

    def _filter(self, text: str) -> Column:
        try:
            return self._rule(msgspec.json.decode(text), 0)
        except (msgspec.DecodeError, RecursionError):
            raise BadRequest({"filter": ["expected JSON logic"]}) from None

    def _rule(self, rule: Any, depth: int) -> Column:
        if not isinstance(rule, dict) or len(rule) != 1 or depth > _MAX_DEPTH:
            raise at(["filter"], "expected rules of one operator each")
        [(name, operands)] = rule.items()
        operands = operands if isinstance(operands, list) else [operands]
        if name in _JUNCTIONS:
            return _JUNCTIONS[name](*(self._rule(operand, depth + 1) for operand in operands))
        if name == "!" and len(operands) == 1:
            return not_(self._rule(operands[0], depth + 1))
        if name not in _COMPARISONS or len(operands) != 2:
            raise at(["filter"], f"operator {name!r} is not known, or has too few operands")
        return self._comparison(name, *operands)

    def _comparison(self, name: str, left: Any, right: Any) -> Column:
        if name == "in" and not isinstance(right, list):
            # A piece of text, in the value of a field.
            return self._variable(right).icontains(_text(left), autoescape=True)
        column = self._variable(left)
        if name == "in":
            return column.in_([_value(column, item) for item in right])
        return _COMPARISONS[name](column, _value(column, right))  # type: ignore[no-any-return]

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
    "in": operator.contains,
}


def _value(column: Column, value: Any) -> Any:
    """Return a value that the column can be compared with."""
    kind = _type(column)
    if value is None or (isinstance(value, kind) and not isinstance(value, bool)):
        return _bounded(value) if isinstance(value, int) else value
    if kind is datetime.datetime:
        return _aware(value)
    raise at(["filter"], f"{value!r} is not of type {kind.__name__}")


def _aware(value: Any) -> datetime.datetime:
    try:
        date = msgspec.convert(value, datetime.datetime)
    except msgspec.ValidationError:
        raise at(["filter"], f"{value!r} is not a date such as 2026-01-31T12:00:00Z") from None
    return date if date.tzinfo else date.replace(tzinfo=datetime.UTC)


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
