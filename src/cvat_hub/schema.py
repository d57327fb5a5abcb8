"""The description of the hub's own interface, in OpenAPI 3.1: what the table of routes says.

A handler's second parameter is the body, `gives` the reply, its docstring the summary.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from cvat_sdk.version import VERSION

from .call import Call, Handler
from .replies import JSON, Reply, raw_json

_REFERENCE = "#/components/schemas/{name}"
_ANY_BYTES: dict[str, Any] = {"content": {"application/octet-stream": {"schema": {}}}}
_SECURITY = {
    "token": {"type": "apiKey", "in": "header", "name": "Authorization"},
    "password": {"type": "http", "scheme": "basic"},
    "accessToken": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
}
_ID: Mapping[str, Any] = {"type": "integer", "minimum": 1}
_TEXT: Mapping[str, Any] = {"type": "string"}
_SPACE = (
    {"name": "X-Organization", "in": "header", "schema": {"type": "string"}},
    {"name": "org", "in": "query", "schema": {"type": "string"}},
    {"name": "org_id", "in": "query", "schema": {"type": "integer"}},
)
_PLACE = re.compile(r"\{(\w+)(:id)?\}")


def handler(routes: Mapping[str, Mapping[str, Handler]]) -> Handler:
    """Return what shows the description of a table of routes."""

    @functools.cache
    def described() -> bytes:
        return msgspec.json.encode(describe(routes))

    def show_schema(call: Call) -> Reply:
        """Describe the hub's interface in OpenAPI."""
        return raw_json(described())

    return Handler(show_schema, public=True, gives=dict[str, Any])


def describe(routes: Mapping[str, Mapping[str, Handler]]) -> dict[str, Any]:
    """Return the description of a table of routes below /api/."""
    types = {kind for handler in _all(routes) for kind in (handler.takes, handler.gives) if kind}
    named = sorted(types, key=lambda kind: str(kind.__name__))
    schemas, components = msgspec.json.schema_components(named, ref_template=_REFERENCE)
    schema_of = dict(zip(named, schemas, strict=True))
    return {
        "openapi": "3.1.0",
        "info": {"title": "CVAT Hub", "version": VERSION},
        "paths": {
            "/api/" + _PLACE.sub(r"{\1}", path): {
                method.lower(): _operation(path, method, handler, schema_of)
                for method, handler in handlers.items()
            }
            for path, handlers in routes.items()
        },
        "components": {
            "schemas": components,
            "securitySchemes": _SECURITY,
            "responses": {"Error": {"description": "Why not.", "content": {JSON: {"schema": {}}}}},
        },
    }


def _all(routes: Mapping[str, Mapping[str, Handler]]) -> Iterator[Handler]:
    for handlers in routes.values():
        yield from handlers.values()


def _operation(
    path: str, method: str, handler: Handler, schema_of: Mapping[Any, Any]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": "_".join([method.lower(), *_PLACE.sub(r"\1", path).split("/")]),
        "summary": (handler.function.__doc__ or "").partition("\n")[0],
        "parameters": [*_parameters(path, handler)],
        "responses": {
            str(handler.status): _reply(method, handler, schema_of),
            "default": {"$ref": "#/components/responses/Error"},
        },
        "security": [] if handler.public else [{name: []} for name in _SECURITY],
    }
    if body := _body(handler, schema_of):
        operation["requestBody"] = body
    return operation


def _parameters(path: str, handler: Handler) -> Iterable[Mapping[str, Any]]:
    for name, is_number in _PLACE.findall(path):
        schema = _ID if is_number else _TEXT
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name, schema in handler.query.items():
        yield {"name": name, "in": "query", "schema": schema}
    if not handler.public:
        yield from _SPACE


def _reply(method: str, handler: Handler, schema_of: Mapping[Any, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"description": "As asked."}
    if handler.gives:
        return told | {"content": {JSON: {"schema": schema_of[handler.gives]}}}
    is_media = method == "GET"
    return told | (_ANY_BYTES if is_media else {})


def _body(handler: Handler, schema_of: Mapping[Any, Any]) -> dict[str, Any]:
    if handler.takes:
        return {"content": {"application/json": {"schema": schema_of[handler.takes]}}}
    return _ANY_BYTES if handler.streams else {}
