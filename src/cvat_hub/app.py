"""The hub as an ASGI application: one table of routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from . import schema
from .call import Endpoint, Handler, Lanes
from .errors import NotFound, reply_to
from .front_page import FrontPage
from .health import Health
from .hub import Hub
from .operation.forwarded import Forwarded
from .operation.watch import Watch
from .routes import annotations as annotation_routes
from .routes import (
    auth,
    data,
    function_queues,
    function_requests,
    functions,
    invitations,
    jobs,
    labels,
    lambdas,
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

# What is asked most comes first: routes are tried in this order.
_DESCRIBED: Mapping[str, Mapping[str, Handler]] = {
    **annotation_routes.ROUTES,
    **data.ROUTES,
    **function_queues.ROUTES,
    **function_requests.ROUTES,
    **functions.ROUTES,
    **lambdas.ROUTES,
    **uploads.ROUTES,
    **requests.ROUTES,
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


class EndConvertor(Convertor[str]):
    """The end of a path, with or without a slash."""

    regex = "/?"

    def convert(self, value: str) -> str:
        """Read it."""
        return value

    def to_string(self, value: str) -> str:
        """Write it."""
        return value


register_url_convertor("id", IdConvertor())
register_url_convertor("end", EndConvertor())


def create_app(hub: Hub) -> ASGIApp:
    """Return the application that serves an open hub."""
    routed = Router(list(_routes(hub)), redirect_slashes=False, default=_no_route)
    return Forwarded(Watch(routed, hub.metrics), hub.settings.trusted_proxies)


def _routes(hub: Hub) -> Iterator[BaseRoute]:
    lanes = Lanes()
    below_api = {f"/api/{path}": handlers for path, handlers in ROUTES.items()}
    for path, handlers in (below_api | operation.ROUTES).items():
        yield Route(path + "{end:end}", Endpoint(hub, lanes, path, handlers))
    yield Route(Health.route, Health(hub))
    yield from FrontPage().routes()


async def _no_route(scope: Scope, receive: Receive, send: Send) -> None:
    await reply_to(NotFound())(scope, receive, send)
