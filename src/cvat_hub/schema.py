"""The description of the hub's own interface, in OpenAPI 3.1: what the table of routes says.

A handler's second parameter is the body, `gives` the reply, its docstring the summary; `told` adds
what they cannot say. Each path that can be read answers to HEAD as well, and all to OPTIONS.
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
# An error is a sentence, or a list of messages, or such lists by the fields that they are about.
_ERROR = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"detail": {"type": "string"}},
            "required": ["detail"],
            "additionalProperties": False,
        },
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": {"type": ["array", "object"]}},
    ]
}
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
_ANY_STATUS = ("200", "default")
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
    types = {
        kind for handler in _each_of(routes) for kind in (handler.takes, handler.gives) if kind
    }
    named = sorted(types, key=lambda kind: str(kind.__name__))
    schemas, components = msgspec.json.schema_components(named, ref_template=_REFERENCE)
    schema_of = dict(zip(named, schemas, strict=True))
    return {
        "openapi": "3.1.0",
        "info": {"title": "CVAT Hub", "version": VERSION},
        "paths": {
            "/api/" + _PLACE.sub(r"{\1}", path): _path(path, methods, schema_of)
            for path, methods in routes.items()
        },
        "components": {
            "schemas": components,
            "securitySchemes": _SECURITY,
            "responses": {
                "Error": {"description": "Why not.", "content": {JSON: {"schema": _ERROR}}}
            },
        },
    }


def reference(kind: type) -> dict[str, str]:
    """Return the reference to a type that some handler takes or gives."""
    return {"$ref": _REFERENCE.format(name=kind.__name__)}


def media(*types: str) -> dict[str, Any]:
    """Return what `told` says of a handler that replies with pixels of these content types."""
    content: dict[str, Any] = {kind: {} for kind in types}
    return {"responses": {"200": {"description": "As asked.", "content": content}}}


def header(name: str, schema: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Return what `told` says of a header that a client may send."""
    return {"name": name, "in": "header", "schema": schema, "description": what}


def _each_of(routes: Mapping[str, Mapping[str, Handler]]) -> Iterator[Handler]:
    for handlers in routes.values():
        yield from handlers.values()


def _path(
    path: str, handlers: Mapping[str, Handler], schema_of: Mapping[Any, Any]
) -> dict[str, Any]:
    operations = {
        method.lower(): _operation(path, method, handler, schema_of)
        for method, handler in handlers.items()
    }
    if "get" in operations:
        operations.setdefault("head", _head(path, operations["get"]))
    allowed = ", ".join(sorted({*map(str.upper, operations), "OPTIONS"}))
    operations.setdefault("options", _options(path, allowed))
    return operations


def _operation(
    path: str, method: str, handler: Handler, schema_of: Mapping[Any, Any]
) -> dict[str, Any]:
    told = handler.told
    operation: dict[str, Any] = {
        "operationId": _name(path, method),
        "summary": (handler.function.__doc__ or "").partition("\n")[0],
        "parameters": [*_parameters(path, handler), *told.get("parameters", ())],
        "responses": {
            str(handler.status): _reply(handler, schema_of),
            "default": {"$ref": "#/components/responses/Error"},
            **told.get("responses", {}),
        },
        "security": [] if handler.public else [{name: []} for name in _SECURITY],
    }
    if body := told.get("requestBody") or _body(handler, schema_of):
        operation["requestBody"] = body
    return operation


def _head(path: str, read: Mapping[str, Any]) -> dict[str, Any]:
    # An error has no body either.
    return {
        **read,
        "operationId": _name(path, "HEAD"),
        "responses": {name: {"description": "As GET, without a body."} for name in _ANY_STATUS},
    }


def _options(path: str, allowed: str) -> dict[str, Any]:
    shown = {"Allow": {"schema": {"const": allowed}}}
    return {
        "operationId": _name(path, "OPTIONS"),
        "summary": "Tell the methods of this path.",
        "parameters": [*_places(path)],
        "responses": {
            "200": {"description": "They are in a header.", "headers": shown},
            "default": {"$ref": "#/components/responses/Error"},
        },
        "security": [],
    }


def _name(path: str, method: str) -> str:
    return "_".join([method.lower(), *_PLACE.sub(r"\1", path).split("/")])


def _parameters(path: str, handler: Handler) -> Iterable[Mapping[str, Any]]:
    yield from _places(path)
    for name, schema in handler.query.items():
        yield {"name": name, "in": "query", "schema": schema}
    if not handler.public:
        yield from _SPACE


def _places(path: str) -> Iterator[Mapping[str, Any]]:
    for name, is_number in _PLACE.findall(path):
        schema = _ID if is_number else _TEXT
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _reply(handler: Handler, schema_of: Mapping[Any, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"description": "As asked."}
    if handler.gives:
        told["content"] = {JSON: {"schema": schema_of[handler.gives]}}
    return told


def _body(handler: Handler, schema_of: Mapping[Any, Any]) -> dict[str, Any]:
    if not handler.takes:
        return {}
    return {"content": {"application/json": {"schema": schema_of[handler.takes]}}}
