"""The hub as an ASGI application: one table of routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from . import schema
from .call import Endpoint, Handler, Lanes
from .errors import reply_to
from .health import Health
from .hub import Hub
from .operation.forwarded import Forwarded
from .operation.watch import Watch
from .replies import Reply
from .routes import annotations as annotation_routes
from .routes import (
    auth,
    data,
    invitations,
    jobs,
    labels,
    memberships,
    operation,
    organizations,
    projects,
    requests,
    server,
    tasks,
    uploads,
    users,
)

_DESCRIBED: Mapping[str, Mapping[str, Handler]] = {
    **server.ROUTES,
    **auth.ROUTES,
    **users.ROUTES,
    **organizations.ROUTES,
    **memberships.ROUTES,
    **invitations.ROUTES,
    **projects.ROUTES,
    **tasks.ROUTES,
    **jobs.ROUTES,
    **labels.ROUTES,
    **requests.ROUTES,
    **annotation_routes.ROUTES,
    **data.ROUTES,
    **uploads.ROUTES,
}
# The path of each route below /api/, with and without a slash at its end, and its handlers.
ROUTES = {**_DESCRIBED, "schema": {"GET": schema.handler(_DESCRIBED)}}


class IdConvertor(Convertor[int]):
    """A number in a path; one of more digits than any id has leads nowhere."""

    regex = "[0-9]{1,40}"

    def convert(self, value: str) -> int:
        """Read it."""
        return int(value)

    def to_string(self, value: int) -> str:
        """Write it."""
        return str(value)


register_url_convertor("id", IdConvertor())


def create_app(hub: Hub) -> ASGIApp:
    """Return the application that serves an open hub."""
    routed = Starlette(
        routes=list(_routes(hub)),
        exception_handlers={HTTPException: _translate, Exception: _translate},
    )
    return Forwarded(Watch(routed, hub.metrics), hub.settings.trusted_proxies)


def _routes(hub: Hub) -> Iterator[BaseRoute]:
    lanes = Lanes()
    below_api = {f"/api/{path}": handlers for path, handlers in ROUTES.items()}
    for path, handlers in (below_api | operation.ROUTES).items():
        endpoint = Endpoint(hub, lanes, path, handlers)
        for ending in ("", "/"):
            yield Route(path + ending, endpoint)
    yield Route(Health.route, Health(hub))


async def _translate(request: Request, error: Any) -> Reply:
    return reply_to(error)
