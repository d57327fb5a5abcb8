"""What lists can be narrowed and sorted by: plain parameters, `search`, `filter`, `sort`.

`filter` is JSON logic over the same fields: `{"and": [{"==": [{"var": "name"}, "cats"]}]}`. A field
that has no value is not equal to anything, and not less or more than anything.
"""

from __future__ import annotations

import datetime
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, cast, false, func, not_, or_
from sqlalchemy import String as SqlString

from .errors import BadRequest, at

Column = ColumnElement[Any]
# Databases refuse conditions that are too large; these are larger than anybody needs.
_MAX_DEPTH = 20
_MAX_RULES = 500
_MAX_VALUES = 1000
_MAX_WORDS = 32
_MAX_TEXT = 256


@dataclass(frozen=True)
class Fields:
    """The fields of a list: by which it can be filtered and sorted, and in which it is searched.

    Attributes:
        key: is different in each row, so that equal rows have an order, and pages don't overlap.
        order: how the list is sorted if nothing is said.
    """

    columns: Mapping[str, Column]
    key: Column
    searched: Sequence[str] = ()
    order: str = "-id"

    def apply(self, query: Select[Any], parameters: Mapping[str, str]) -> Select[Any]:
        """Narrow and sort a query as the parameters say.

        Raises:
            BadRequest: a parameter makes no sense.
        """
        for name in self.columns.keys() & parameters.keys():
            query = query.where(self._equals(name, parameters[name]))
        for word in _words(parameters.get("search", "")) if self.searched else ():
            query = query.where(or_(*(_contains(self.columns[n], word) for n in self.searched)))
        if parameters.get("filter"):
            query = query.where(self._filter(parameters["filter"]))
        return query.order_by(*self._order(parameters.get("sort") or self.order), self.key.desc())

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Return what may stand behind the question mark, with a schema of each."""
        general = ("search", "filter", "sort") if self.searched else ("filter", "sort")
        return {name: {"type": "string"} for name in (*self.columns, *general)}

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
        fields = dict.fromkeys(field.strip() for field in sort.split(","))
        return [_ordered(self._column(f.removeprefix("-")), f.startswith("-")) for f in fields]

    def _filter(self, text: str) -> Column:
        if text.count("{") > _MAX_RULES:
            raise at(["filter"], f"more than {_MAX_RULES} rules")
        try:
            return self._rule(msgspec.json.decode(text), 0)
        except (msgspec.DecodeError, RecursionError):
            raise at(["filter"], "expected JSON logic") from None

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
            # To SQL, the contrary of what is unknown is unknown as well.
            return not_(func.coalesce(self._rule(operands[0], depth + 1), false()))
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
            return _contains(self._variable(right), _text(left))
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
    "!=": lambda column, value: not_(func.coalesce(column == value, false())),
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ORDERS = frozenset({"<", "<=", ">", ">="})
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def _words(search: str) -> Sequence[str]:
    words = sorted(set(re.split(r"[\s,]+", search)) - {""})
    if len(words) > _MAX_WORDS or any(len(word) > _MAX_TEXT for word in words):
        raise at(["search"], f"expected {_MAX_WORDS} words of {_MAX_TEXT} characters at most")
    return words


def _contains(column: Column, text: str) -> Column:
    if len(text) > _MAX_TEXT:
        raise at(["filter"], f"expected text of {_MAX_TEXT} characters at most")
    return cast(column, SqlString).icontains(text, autoescape=True)


def _ordered(column: Column, descending: bool) -> Column:
    # Databases disagree on where rows without a value belong.
    if not getattr(column, "nullable", True):
        return column.desc() if descending else column.asc()
    return column.desc().nulls_first() if descending else column.asc().nulls_last()


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
        date = datetime.datetime.fromisoformat(value)
        return date.astimezone(datetime.UTC) if date.tzinfo else date.replace(tzinfo=datetime.UTC)
    except (TypeError, ValueError, OverflowError):
        raise at([place], f"{value!r} is not a date such as 2026-01-31T12:00:00Z") from None


def _type(column: Column) -> type:
    kind: type = column.type.python_type
    return kind


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise at(["filter"], f"expected text of {_MAX_TEXT} characters at most")
    return value


def _bounded(number: int) -> int:
    # Databases refuse numbers that no row can have; those at the ends mean the same.
    return max(-(2**31), min(number, 2**31 - 1))
