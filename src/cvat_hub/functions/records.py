"""What clients read of functions, made of what the store holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection

from cvat_hub.call import Call
from cvat_hub.records import basic_user
from cvat_hub.store import users
from cvat_hub.store.function_requests import Request
from cvat_hub.store.functions import Function as Stored

from .wire import (
    AnnotationRequest,
    CalledFunction,
    Function,
    FunctionCall,
    FunctionFigures,
    LambdaFunction,
    RequestedFunction,
)

Told = TypeVar("Told", Function, LambdaFunction)


def of_functions(call: Call, connection: Connection, found: Sequence[Stored]) -> list[Function]:
    """Return functions, with their owners."""
    people = users.by_ids(connection, [function.owner_id for function in found])
    return [_function(call, function, people.get(function.owner_id)) for function in found]


def of_lambdas(call: Call, connection: Connection, found: Sequence[Stored]) -> list[LambdaFunction]:
    """Return functions, as an annotation UI reads them."""
    shared = set(LambdaFunction.__struct_fields__) & set(Function.__struct_fields__) - {"id"}
    return [
        LambdaFunction(
            id=str(function.id),
            **{name: value for name in shared if (value := getattr(function, name)) is not UNSET},
        )
        for function in of_functions(call, connection, found)
    ]


def request(found: Request) -> AnnotationRequest:
    """Return how far a request is."""
    return AnnotationRequest(
        id=found.key,
        function=RequestedFunction(found.function_id, found.task_id),
        status=found.status,
        progress=int(100 * found.progress),
        enqueued=found.created_date,
        started=found.started_date,
        ended=found.finished_date,
        exc_info=found.reason,
    )


def function_call(found: Request) -> FunctionCall:
    """Return how far a request is, as an annotation UI reads it."""
    return FunctionCall(
        id=found.key,
        function=CalledFunction(
            id=str(found.function_id),
            task=found.task_id,
            threshold=found.params.get("threshold"),
            job=UNSET if found.job_id is None else found.job_id,
        ),
        status=found.status,
        progress=int(100 * found.progress),
        enqueued=found.created_date,
        started=found.started_date,
        ended=found.finished_date,
        exc_info=found.reason or None,
    )


def with_figures(function: Told, figures: FunctionFigures) -> Told:
    """Return a function with how it is served."""
    return msgspec.structs.replace(function, figures=figures)


def _function(call: Call, found: Stored, owner: users.User | None) -> Function:
    fields = {name: found.spec.get(name, UNSET) for name in Function.__struct_fields__}
    described = {
        "id": found.id,
        "provider": found.provider,
        "name": found.name,
        "kind": found.kind,
        "visibility": found.visibility,
        "owner": basic_user(call, owner),
        "organization": found.organization_id,
        "created_date": found.created_date,
        "updated_date": found.updated_date,
    }
    return Function(**(fields | described))
