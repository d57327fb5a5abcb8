"""What clients read of functions, made of what the store holds."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection

from cvat_hub.call import Call
from cvat_hub.records import basic_user
from cvat_hub.store import users
from cvat_hub.store.functions import Function as Stored

from .wire import Function, FunctionFigures, FunctionOwner


def of_functions(call: Call, connection: Connection, found: Sequence[Stored]) -> list[Function]:
    """Return functions, with their owners."""
    people = users.by_ids(connection, [function.owner_id for function in found])
    return [_function(call, function, people.get(function.owner_id)) for function in found]


def with_figures(function: Function, figures: FunctionFigures) -> Function:
    """Return a function with how it is served."""
    return msgspec.structs.replace(function, figures=figures)


def _function(call: Call, found: Stored, owner: users.User | None) -> Function:
    person = basic_user(call, owner)
    fields = {name: found.spec.get(name, UNSET) for name in Function.__struct_fields__}
    described = {
        "id": found.id,
        "provider": found.provider,
        "name": found.name,
        "kind": found.kind,
        "visibility": found.visibility,
        "owner": person
        and FunctionOwner(*(person[name] for name in FunctionOwner.__struct_fields__)),
        "organization": found.organization_id,
        "created_date": found.created_date,
        "updated_date": found.updated_date,
    }
    return Function(**(fields | described))
