"""One request on its way through the hub.

Handlers are plain functions that run in a thread, so that they may wait for the database, for
files, and for the rest of a body. The event loop only moves bytes. Each handler has a lane, and
each lane a bounded number of threads: slow uploads don't keep quick requests waiting.
"""

from __future__ import annotations

import asyncio
import enum
import inspect
import re
import typing
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from cvat_sdk.models.record import decoder

from .errors import (
    BadRequest,
    NotAllowed,
    NotFound,
    TooLarge,
    TooSlow,
    Unavailable,
    WrongType,
    reply_to,
)
from .hub import Hub
from .identity import Identity, identify, is_by_password
from .replies import Reply, empty
from .rights import spaces
from .rights.spaces import EVERYWHERE, Space
from .store.users import User

T = TypeVar("T")
_INLINE = 64 * 1024
_HOST = re.compile(r"([\w.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?", re.ASCII)
_JSON = re.compile(r"\s*application/([\w.-]+\+)?json\s*(;.*)?", re.ASCII | re.IGNORECASE)
_NUL = re.compile(rb"(?<!\\)(\\\\)*\\u0000")
_CONVERTOR = re.compile(r":\w+}")
SILENCE_SECONDS = 60
_BULK = 1024 * 1024


class Lane(enum.Enum):
    """Where a handler runs."""

    QUICK = enum.auto()
    BULK = enum.auto()
    PASSWORD = enum.auto()
    PIXELS = enum.auto()
    UPLOAD = enum.auto()


# How many handlers of a lane run at a time.
THREADS = {Lane.QUICK: 8, Lane.BULK: 2, Lane.PASSWORD: 2, Lane.PIXELS: 4, Lane.UPLOAD: 16}


@dataclass(frozen=True)
class Handler:
    """What answers a request of one method.

    A function with a second parameter gets the body there, decoded as that parameter's type.

    Attributes:
        public: needs no login.
        streams: reads the body itself, as it comes.
        decodes: the type of a body that the function decodes itself.
        gives: the type of what a client reads, for the description of the hub; None is nothing, or
            what JSON cannot tell.
        status: the status of a reply that is no error.
        query: what may stand behind the question mark, with a schema of each.
        told: what else the description of the hub tells, in parts of an OpenAPI operation.
    """

    function: Callable[..., Reply]
    lane: Lane = Lane.QUICK
    public: bool = False
    streams: bool = False
    decodes: Any = None
    gives: Any = None
    status: int = 200
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def takes(self) -> Any:
        """The type of the body; None if the function takes none."""
        if self.decodes:
            return self.decodes
        parameters = list(inspect.signature(self.function).parameters)[1:]
        hints = typing.get_type_hints(self.function, include_extras=True)
        return hints[parameters[0]] if parameters else None

    @cached_property
    def decoder(self) -> msgspec.json.Decoder[Any]:
        """What decodes a body."""
        return decoder(self.takes)


class Lanes:
    """The threads of one hub."""

    def __init__(self) -> None:
        self._limiters = {lane: anyio.CapacityLimiter(threads) for lane, threads in THREADS.items()}

    async def run(self, lane: Lane, function: Callable[[], T]) -> T:
        """Run a function in a thread of its lane, when one is free."""
        return await anyio.to_thread.run_sync(function, limiter=self._limiters[lane])


@dataclass
class Call:
    """A request, with who sends it and the hub that answers."""

    hub: Hub
    request: Request
    body: bytes = b""
    identity: Identity | None = None
    space: Space = EVERYWHERE

    @property
    def user(self) -> User:
        """The user who sends the request; only routes that are not public have one."""
        assert self.identity is not None
        return self.identity.user

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters behind the question mark."""
        return self.request.query_params

    def number(self, name: str) -> int:
        """Return a number that is part of the path."""
        return int(self.request.path_params[name])

    def link(self, path: str) -> str:
        """Return the address of something on this hub, as this client knows the hub."""
        return f"{self.request.url.scheme}://{self.request.url.netloc}/api/{path}"

    def chunks(self) -> Iterator[bytes]:
        """Read the body as it comes; the sender waits while we do."""
        stream = self.request.stream()
        try:
            while chunk := anyio.from_thread.run(_next, stream):
                yield chunk
        except ClientDisconnect:
            raise _broken_off() from None


async def _next(stream: AsyncIterator[bytes]) -> bytes:
    async for chunk in stream:
        if chunk:
            return chunk
    return b""


class Endpoint:
    """All methods of one path, as an ASGI application; `route` is the path's template."""

    def __init__(self, hub: Hub, lanes: Lanes, path: str, handlers: Mapping[str, Handler]) -> None:
        self.route = _CONVERTOR.sub("}", path)
        self._hub = hub
        self._lanes = lanes
        self._handlers = dict(handlers)
        if "GET" in handlers:
            self._handlers.setdefault("HEAD", handlers["GET"])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, partial(_unless_silent, receive))
        try:
            reply = await self._reply(request)
        except asyncio.CancelledError:
            reply = reply_to(Unavailable("The hub is stopping; try again later."))
        await reply(scope, receive, send)

    async def _reply(self, request: Request) -> Reply:
        try:
            _check_host(request)
            handler = self._handlers.get(request.method)
            if handler is None:
                return self._other_method(request.method)
            call = Call(self._hub, request)
            if not handler.public and (handler.streams or _is_large(request)):
                # Nobody is to fill our memory without having said who they are.
                await self._identify(call)
            if not handler.streams and _has_body(request):
                limit = _INLINE if handler.public else self._hub.settings.max_json_bytes
                call.body = await _read(request, limit)
            if not handler.public and call.identity is None and is_by_password(request):
                await self._identify(call)
            # Bodies of many megabytes take seconds of work, which quick requests would wait for.
            is_bulk = handler.lane is Lane.QUICK and len(call.body) > _BULK
            lane = Lane.BULK if is_bulk else handler.lane
            reply = await self._lanes.run(lane, partial(_answer, handler, call))
            if request.method == "OPTIONS":
                reply.headers.update(self._allowed())
            return reply
        except Exception as error:
            return reply_to(error)

    async def _identify(self, call: Call) -> None:
        lane = Lane.PASSWORD if is_by_password(call.request) else Lane.QUICK
        call.identity = await self._lanes.run(lane, partial(identify, self._hub, call.request))

    def _allowed(self) -> dict[str, str]:
        return {"Allow": ", ".join(sorted({*self._handlers, "OPTIONS"}))}

    def _other_method(self, method: str) -> Reply:
        allowed = self._allowed()
        if method == "OPTIONS":
            return empty(200, allowed)
        reply = reply_to(NotAllowed(f'Method "{method}" not allowed.'))
        reply.headers.update(allowed)
        return reply


def _answer(handler: Handler, call: Call) -> Reply:
    _check_text(call)
    if not handler.public and call.identity is None:
        call.identity = identify(call.hub, call.request)
    if not handler.public and (name := spaces.named(call.request.headers, call.query)):
        with call.hub.store.read() as connection:
            call.space = spaces.find(connection, call.user, name)
    if handler.takes and call.body:
        _check_type(call)
    if handler.takes is None or handler.decodes:
        return handler.function(call)
    return handler.function(call, handler.decoder.decode(call.body or b"{}"))


def _check_host(request: Request) -> None:
    host = request.headers.get("Host")
    if host and not _HOST.fullmatch(host):
        raise BadRequest(f"Host: expected a name or an address, got {host!r}")


def _check_text(call: Call) -> None:
    """Refuse NUL characters, which no PostgreSQL keeps, wherever text may come from."""
    if "\0" in call.request.scope["path"]:
        raise NotFound
    if b"%00" in call.request.scope["query_string"]:
        raise BadRequest("a parameter has a NUL character")
    if b"\\u0000" in call.body and _NUL.search(call.body):
        raise BadRequest("text with a NUL character cannot be stored")


def _check_type(call: Call) -> None:
    kind = call.request.headers.get("Content-Type", "")
    if kind and not _JSON.fullmatch(kind):
        raise WrongType(f'Unsupported media type "{kind}" in request; expected application/json.')


def _broken_off() -> BadRequest:
    return BadRequest("the client broke off in the middle of the body")


async def _unless_silent(receive: Receive) -> Message:
    try:
        async with asyncio.timeout(SILENCE_SECONDS):
            return await receive()
    except TimeoutError:
        raise TooSlow(f"Nothing of the body came for {SILENCE_SECONDS} seconds.") from None


def _has_body(request: Request) -> bool:
    return "Content-Length" in request.headers or "Transfer-Encoding" in request.headers


def _is_large(request: Request) -> bool:
    length = request.headers.get("Content-Length", "")
    if not length:
        return "Transfer-Encoding" in request.headers
    return not length.isdecimal() or int(length) > _INLINE


async def _read(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    length = 0
    try:
        async for chunk in request.stream():
            length += len(chunk)
            if length > limit:
                raise TooLarge(f"The body is larger than {limit} bytes.")
            chunks.append(chunk)
    except ClientDisconnect:
        raise _broken_off() from None
    return b"".join(chunks)
