"""Lists: one page at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, Row, Select, func, select

from .call import Call
from .errors import NotFound
from .filters import Fields
from .replies import Reply, json_reply

_USUAL = 10
_MOST = 1000
_NUMBER = re.compile("0*[1-9][0-9]{0,17}")


PAGES: Mapping[str, Mapping[str, Any]] = {
    "page": {"type": "integer", "minimum": 1},
    "page_size": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": _MOST}, {"const": "all"}]},
}


def parameters(fields: Fields) -> Mapping[str, Mapping[str, Any]]:
    """Return what may stand behind the question mark of a list, with a schema of each."""
    return {**fields.parameters(), **PAGES}


def page(
    call: Call,
    connection: Connection,
    query: Select[Any],
    records: Callable[[Sequence[Row[Any]]], Sequence[Any]],
) -> Reply:
    """Return the page of a query that the client asks for.

    Args:
        records: makes what the client reads, of the rows of one page.
    """
    count = connection.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    size = _size(call)
    number = _number(call, count or 0, size)
    rows = connection.execute(query.limit(size).offset((number - 1) * size)).all()
    return _reply(call, count or 0, number, size, records(rows))


def page_of(call: Call, found: Sequence[Any]) -> Reply:
    """Return the page of a whole list that the client asks for."""
    size = _size(call)
    number = _number(call, len(found), size)
    return _reply(call, len(found), number, size, found[(number - 1) * size : number * size])


def _reply(call: Call, count: int, number: int, size: int, results: Sequence[Any]) -> Reply:
    return json_reply(
        {
            "count": count,
            "next": _link(call, number + 1) if number * size < count else None,
            "previous": _link(call, number - 1) if number > 1 else None,
            "results": results,
        }
    )


def _size(call: Call) -> int:
    asked = call.query.get("page_size", "")
    if asked == "all":
        return _MOST
    return min(int(asked), _MOST) if _NUMBER.fullmatch(asked) else _USUAL


def _number(call: Call, count: int, size: int) -> int:
    asked = call.query.get("page", "") or "1"
    if not _NUMBER.fullmatch(asked) or int(asked) > max(1, -(-count // size)):
        raise NotFound("Invalid page.")
    return int(asked)


def _link(call: Call, number: int) -> str:
    parameters = {name: value for name, value in call.query.items() if name != "page"}
    if number > 1:
        parameters["page"] = str(number)
    path = call.request.url.path.removeprefix("/api/")
    return call.link(path) + (f"?{urlencode(sorted(parameters.items()))}" if parameters else "")
