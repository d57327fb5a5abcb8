from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

import pytest

from cvat_sdk.datasets import fetching
from cvat_sdk.datasets.arriving import ArrivingFile
from cvat_sdk.datasets.fetching import Fetching
from cvat_sdk.datasets.plan import Piece

WAIT_S = 10


def _pieces(count: int) -> list[Piece]:
    return [Piece("chunk", number, 2 * number, 2, []) for number in range(count)]


class Server:
    """Logs what is asked for; each answer is one piece of bytes, given when it is allowed."""

    def __init__(self, size: int = 10) -> None:
        self.log: list[str] = []
        self.answer = b"x" * size
        self.allowed = threading.Event()
        self.allowed.set()
        self.changed = threading.Condition()

    def __call__(self, piece: Piece, file: ArrivingFile) -> None:
        self.say(f"begin {piece.number}")
        self.allowed.wait(WAIT_S)
        file.write(self.answer)
        self.say(f"end {piece.number}")

    def say(self, what: str) -> None:
        with self.changed:
            self.log.append(what)
            self.changed.notify_all()

    def wait_for(self, what: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: what in self.log, WAIT_S), self.log


@contextmanager
def _fetching(
    count: int, download: Callable[[Piece, ArrivingFile], object], at_once: int = 3
) -> Iterator[Fetching]:
    started = Fetching(_pieces(count), download, at_once=at_once, spent=lambda seconds: None)
    started.start()
    try:
        yield started
    finally:
        started.close()


def test_pieces_begin_in_order_and_each_once() -> None:
    server = Server()
    with _fetching(6, server, at_once=1) as fetches:
        for place in range(6):
            assert fetches.file(place).read_at(0, 99) == server.answer
    assert server.log == [f"{what} {n}" for n in range(6) for what in ("begin", "end")]


def test_who_does_not_read_on_stops_the_fetching(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_MAX_PIECES", 3)
    server = Server()
    with _fetching(9, server) as fetches:
        server.wait_for("end 2")
        server.say("release")
        fetches.release(0)
        server.wait_for("begin 3")
        assert server.log.index("release") < server.log.index("begin 3")
        assert "begin 4" not in server.log


def test_large_pieces_are_fetched_one_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_MAX_BYTES", 25)
    server = Server(size=20)
    with _fetching(9, server) as fetches:
        server.wait_for("end 1")
        server.say("release")
        fetches.release(0)
        server.wait_for("begin 2")
        assert server.log.index("release") < server.log.index("begin 2")


def test_the_first_request_has_the_line_to_itself() -> None:
    server = Server()
    server.allowed.clear()
    with _fetching(9, server):
        server.wait_for("begin 0")
        server.say("allow")
        server.allowed.set()
        server.wait_for("begin 1")
    assert server.log.index("allow") < server.log.index("begin 1")


def test_several_requests_are_sent_at_once_when_the_server_is_slow() -> None:
    together = threading.Barrier(3)

    def download(piece: Piece, file: ArrivingFile) -> None:
        if piece.number:
            together.wait(WAIT_S)
        file.write(b"x")

    with _fetching(4, download) as fetches:
        for place in range(4):
            fetches.file(place).wait()


def test_an_error_ends_the_fetching_but_keeps_what_came_before() -> None:
    server = Server()

    def download(piece: Piece, file: ArrivingFile) -> None:
        server(piece, file)
        if piece.number == 2:
            raise KeyError("no")

    with _fetching(9, download, at_once=1) as fetches:
        assert [fetches.file(place).read_at(0, 10) for place in (0, 1)] == [server.answer] * 2
        with pytest.raises(KeyError, match="no"):
            fetches.file(2).wait()
    assert "begin 3" not in server.log


def test_a_request_that_is_not_needed_any_more_is_broken_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fetching, "_WORTH_A_CONNECTION", 5)
    server, released = Server(), threading.Event()

    def download(piece: Piece, file: ArrivingFile) -> None:
        if piece.number != 1:
            server(piece, file)
            return
        file.write(b"x")
        assert released.wait(WAIT_S)
        try:
            file.write(b"x")
        except CancelledError:
            server.say("broken off")
            raise

    with _fetching(3, download) as fetches:
        fetches.file(0).wait()
        fetches.file(1).read_at(0, 1)
        fetches.release(1)
        released.set()
        server.wait_for("broken off")
        fetches.file(2).wait()


def test_closing_frees_those_who_wait_and_does_not_wait_for_a_silent_server() -> None:
    server = Server()
    server.allowed.clear()
    with _fetching(3, server) as fetches:
        server.wait_for("begin 0")
        file = fetches.file(0)
    for wait in (file.wait, lambda: fetches.file(2)):
        with pytest.raises(CancelledError):
            wait()
    left = [thread for thread in threading.enumerate() if thread.name.startswith("cvat-fetch")]
    assert len(left) == 1
    assert left[0].daemon
    server.allowed.set()
    left[0].join(WAIT_S)
    assert not left[0].is_alive()
    assert "end 0" not in server.log
