"""Replies that wait, on the event loop: they hold no thread meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import anyio
import anyio.to_thread
import msgspec
from starlette.types import Receive, Scope, Send

from cvat_hub.errors import Unavailable, reply_to
from cvat_hub.operation.protocol import CUT_OFF
from cvat_hub.replies import Reply

from .bells import STOP, Mailbox

_KEEP_ALIVE_SECONDS = 15.0
# Who doesn't take a few bytes within this time is cut off.
_PATIENCE_SECONDS = 20.0
# Whether a stream may go on is asked this often.
_CHECK_SECONDS = 60.0
# Who waits for an answer looks this often even without news: those of other hubs may be lost.
_LOOK_SECONDS = 5.0
_THREADS = 8
_STOPPING = "The hub is stopping; try again later."


class Conversation(Protocol):
    """What somebody waits for; it runs in threads."""

    def look(self) -> Reply | float:
        """Return the answer, or in how many seconds to look again if no news come before."""

    def leave(self) -> None:
        """Note that nobody waits any longer."""


class Desk:
    """Where replies wait, and the threads in which they look."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(_THREADS)

    async def run(self, function: Callable[[], Any]) -> Any:
        """Run a function in a thread."""
        return await anyio.to_thread.run_sync(function, limiter=self._limiter)


class Later(Reply):
    """A reply that is not known yet."""

    def __init__(self, desk: Desk, box: Mailbox, conversation: Conversation) -> None:
        super().__init__()
        self._desk = desk
        self._box = box
        self._conversation = conversation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the answer, and send it."""
        gone = asyncio.create_task(_gone(receive))
        try:
            reply = await self._answer(gone)
        except asyncio.CancelledError:
            reply = reply_to(Unavailable(_STOPPING))
        except Exception as error:
            reply = reply_to(error)
        finally:
            gone.cancel()
        if reply:
            await reply(scope, receive, send)

    async def _answer(self, gone: asyncio.Task[None]) -> Reply | None:
        """Return the answer; None if the asker has gone."""
        found: Reply | float | None = None
        try:
            while not isinstance(found := await self._desk.run(self._conversation.look), Reply):
                news = await _first(self._box, gone, min(found, _LOOK_SECONDS))
                if news is None:
                    return None
                if STOP in news:
                    raise Unavailable(_STOPPING)
            return found
        finally:
            if not isinstance(found, Reply):
                await self._desk.run(self._conversation.leave)


class EventStream(Reply):
    """A stream of server-sent events, pushed by news.

    Nothing but an event is ever followed by an empty line: readers take any block for an event.
    """

    def __init__(
        self,
        desk: Desk,
        box: Mailbox,
        watching: AbstractContextManager[None],
        event_of: Callable[[str], bytes | None],
        may_stay: Callable[[], bool],
    ) -> None:
        """Stream what a mailbox gets.

        Args:
            watching: is entered for as long as the stream is open.
            event_of: makes an event of news; None ends the stream.
            may_stay: tells, from time to time and in a thread, whether the stream may go on.
        """
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(headers=headers, media_type="text/event-stream")
        del self.headers["content-length"]
        self._desk = desk
        self._box = box
        self._watching = watching
        self._event_of = event_of
        self._may_stay = may_stay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the reader leaves."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        gone = asyncio.create_task(_gone(receive))
        try:
            with self._watching:
                await self._stream(send, gone)
                await _push(send, b"", more=False)
        except TimeoutError:
            # To close the connection properly, its reader would have to take what was sent.
            _cut_off(scope)
            await asyncio.wait([gone], timeout=1.0)
        except asyncio.CancelledError:
            return
        finally:
            gone.cancel()

    async def _stream(self, send: Send, gone: asyncio.Task[None]) -> None:
        await _push(send, b": watching\nretry: 2000\n")
        async for news in self._news(gone):
            for event in map(self._event_of, news):
                if event is None:
                    return
                await _push(send, event)
            if not news:
                await _push(send, b": still here\n")

    async def _news(self, gone: asyncio.Task[None]) -> AsyncIterator[Iterable[str]]:
        """Yield what comes, or nothing now and then, until the reader goes or has to go."""
        clock = asyncio.get_running_loop().time
        checked = clock()
        while (news := await _first(self._box, gone, _KEEP_ALIVE_SECONDS)) is not None:
            if clock() - checked >= _CHECK_SECONDS:
                if not await self._desk.run(self._may_stay):
                    return
                checked = clock()
            yield news


def event(name: str, data: Any) -> bytes:
    """Return an event, as it goes over the wire.

    >>> event("newrequest", {"request_category": "batch"})
    b'event: newrequest\\ndata: {"request_category":"batch"}\\n\\n'
    """
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))


async def _push(send: Send, body: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def _first(box: Mailbox, gone: asyncio.Task[None], seconds: float) -> Iterable[str] | None:
    """Return the news; none if there is none for so long; None if who waits has gone."""
    taking = asyncio.create_task(box.take())
    try:
        waiting: set[asyncio.Task[Any]] = {taking, gone}
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            return None
        return taking.result() if taking.done() else []
    finally:
        taking.cancel()


def _cut_off(scope: Scope) -> None:
    scope["extensions"][CUT_OFF]["act"]()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
