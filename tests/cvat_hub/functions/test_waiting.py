"""Replies that wait: what they send, to whom, and when they give up."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from typing import Any

import pytest
import uvicorn

from cvat_hub.errors import Failed
from cvat_hub.functions import waiting
from cvat_hub.functions.bells import GONE, STOP, Mailbox
from cvat_hub.functions.waiting import Conversation, Desk, EventStream, Later
from cvat_hub.operation.protocol import CUT_OFF, Protocol
from cvat_hub.replies import Reply, json_reply

Message = Any


class Wire:
    """A client at the other end; it stays until `gone` is set.

    Attributes:
        takes: how many messages it takes before it takes no more; None is all.
        stays: after how many messages it leaves; None is never.
    """

    def __init__(self, takes: int | None = None, stays: int | None = None) -> None:
        self.sent: list[Message] = []
        self.gone = asyncio.Event()
        self.takes, self.stays = takes, stays
        self.scope = {"type": "http", "method": "GET", "extensions": {CUT_OFF: {"act": self.cut}}}
        self.is_cut = False

    def cut(self) -> None:
        self.is_cut = True
        self.gone.set()

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self.takes is not None and len(self.sent) >= self.takes:
            await asyncio.Event().wait()
        self.sent.append(message)
        if len(self.sent) == self.stays:
            self.gone.set()

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def is_complete(self) -> bool:
        return not self.sent[-1].get("more_body", False)


def stream(
    box: Mailbox, event_of: Any = str.encode, may_stay: Callable[[], bool] = lambda: True
) -> EventStream:
    return EventStream(Desk(), box, nullcontext(), event_of, may_stay)


def answer(reply: Reply, wire: Wire) -> Awaitable[None]:
    return asyncio.wait_for(reply(wire.scope, wire.receive, wire.send), 30)


@pytest.mark.parametrize("end", [STOP, GONE])
def test_a_stream_sends_what_comes_until_the_end(end: str) -> None:
    async def run() -> Wire:
        box, wire = Mailbox(), Wire()
        for news in ("one", "two", end):
            box.put(news)
        await answer(stream(box, lambda news: None if news == end else news.encode()), wire)
        return wire

    wire = asyncio.run(run())
    assert wire.body == b": watching\nretry: 2000\nonetwo"
    assert wire.is_complete


def test_a_stream_says_now_and_then_that_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_KEEP_ALIVE_SECONDS", 0.01)

    async def run() -> Wire:
        wire = Wire(stays=4)
        await answer(stream(Mailbox()), wire)
        return wire

    # No comment is followed by an empty line: readers would take it for an event.
    still = b": still here\n"
    assert asyncio.run(run()).body.startswith(b": watching\nretry: 2000\n" + 2 * still)


def test_a_stream_ends_when_its_reader_leaves() -> None:
    async def run() -> None:
        wire = Wire()
        wire.gone.set()
        await answer(stream(Mailbox()), wire)

    asyncio.run(run())


def test_a_stream_ends_when_its_reader_may_not_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_KEEP_ALIVE_SECONDS", 0.01)
    monkeypatch.setattr(waiting, "_CHECK_SECONDS", 0.0)
    answers = iter([True, True, False])

    async def run() -> Wire:
        wire = Wire()
        await answer(stream(Mailbox(), may_stay=lambda: next(answers)), wire)
        return wire

    wire = asyncio.run(run())
    assert wire.body.count(b": still here\n") == 2
    assert wire.is_complete


@pytest.mark.parametrize("takes", [1, 2, 3])
def test_a_reader_that_takes_nothing_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, takes: int
) -> None:
    monkeypatch.setattr(waiting, "_PATIENCE_SECONDS", 0.01)

    async def run() -> Wire:
        box, wire = Mailbox(), Wire(takes)
        box.put("one")
        box.put("end")
        await answer(stream(box, lambda news: None if news == "end" else b"event"), wire)
        return wire

    assert asyncio.run(run()).is_cut


@contextmanager
def _serving(app: Any) -> Iterator[int]:
    """Serve an application as the hub is served, and return the port."""
    config = uvicorn.Config(app, http=Protocol, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def test_the_connection_of_a_slow_reader_is_ended_with_what_was_to_be_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "_PATIENCE_SECONDS", 0.2)
    closed, size = threading.Event(), 2**25

    box = Mailbox()
    for news in ("one", "two"):
        box.put(news)
    app = EventStream(Desk(), box, _closing(closed), lambda news: bytes(size), lambda: True)
    with _serving(app) as port, socket.create_connection(("127.0.0.1", port), 30) as reader:
        reader.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert closed.wait(30)
        assert 0 < _rest(reader) < size


@contextmanager
def _closing(closed: threading.Event) -> Iterator[None]:
    try:
        yield
    finally:
        closed.set()


def _rest(connection: socket.socket) -> int:
    """Return how many bytes come until the connection ends."""
    count = 0
    try:
        while some := connection.recv(2**20):
            count += len(some)
    except ConnectionResetError:
        pass
    return count


def test_no_news_is_lost_to_who_waits_in_turns() -> None:
    count = 2000

    async def run() -> list[str]:
        box, heard = Mailbox(), []
        gone = asyncio.ensure_future(asyncio.Event().wait())
        names = map(str, range(count))
        putter = threading.Thread(target=lambda: [box.put(name) for name in names])
        putter.start()
        async with asyncio.timeout(30):
            while len(heard) < count:
                heard += await waiting._first(box, gone, 0.0001) or []
        putter.join()
        gone.cancel()
        return heard

    assert asyncio.run(run()) == [str(number) for number in range(count)]


class Talk(Conversation):
    """A conversation that gives these answers, one at each look."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.was_left = False

    def look(self) -> Reply | float:
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found  # type: ignore[no-any-return]

    def leave(self) -> None:
        self.was_left = True


def test_an_answer_is_sent_as_soon_as_there_is_one() -> None:
    async def run() -> tuple[Wire, Talk]:
        box, wire, talk = Mailbox(), Wire(), Talk(1000.0, 0.0, json_reply({"a": 1}))
        box.put("news")
        await answer(Later(Desk(), box, talk), wire)
        return wire, talk

    wire, talk = asyncio.run(run())
    assert (wire.sent[0]["status"], wire.body) == (200, b'{"a":1}')
    assert not talk.was_left


@pytest.mark.parametrize(
    ("last", "news", "status"),
    [(Failed("The function failed."), "news", 500), (1000.0, STOP, 503)],
)
def test_who_gets_no_answer_is_told_why_and_waits_no_longer(
    last: Any, news: str, status: int
) -> None:
    async def run() -> tuple[Wire, Talk]:
        box, wire, talk = Mailbox(), Wire(), Talk(last)
        box.put(news)
        await answer(Later(Desk(), box, talk), wire)
        return wire, talk

    wire, talk = asyncio.run(run())
    assert wire.sent[0]["status"] == status
    assert talk.was_left


def test_who_hangs_up_waits_no_longer() -> None:
    async def run() -> tuple[Wire, Talk]:
        wire, talk = Wire(), Talk(1000.0)
        wire.gone.set()
        await answer(Later(Desk(), Mailbox(), talk), wire)
        return wire, talk

    wire, talk = asyncio.run(run())
    assert (wire.sent, talk.was_left) == ([], True)
