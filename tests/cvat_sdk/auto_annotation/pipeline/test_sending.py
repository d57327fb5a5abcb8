"""A sender sends in threads, keeps little waiting, and ends at the first error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cvat_sdk.auto_annotation.pipeline.sending import Sender

Start = Callable[..., Sender[Any]]


@pytest.fixture
def start() -> Iterator[Start]:
    senders = []

    def make(send: Callable[[Any], object], threads: int = 1) -> Sender[Any]:
        senders.append(Sender(send, threads))
        return senders[-1]

    yield make
    for sender in senders:
        sender.stop()


@pytest.mark.parametrize("threads", [1, 2])
def test_everything_is_sent_when_it_has_finished(start: Start, threads: int) -> None:
    sent: list[int] = []
    sender = start(sent.append, threads)
    for number in range(20):
        sender.offer(number)
    sender.finish()
    assert sorted(sent) == list(range(20))


def test_who_offers_waits_when_much_is_waiting(start: Start) -> None:
    go, sent = threading.Event(), []

    def send(number: int) -> None:
        go.wait()
        sent.append(number)

    sender = start(send)
    offered: list[int] = []

    def offer() -> None:
        for number in range(5):
            sender.offer(number)
            offered.append(number)

    thread = threading.Thread(target=offer)
    thread.start()
    # One is being sent, one waits, and one is held out.
    thread.join(0.2)
    assert len(offered) <= 2
    go.set()
    thread.join()
    sender.finish()
    assert sent == [0, 1, 2, 3, 4]


def test_the_first_error_ends_it(start: Start) -> None:
    sent: list[int] = []

    def send(number: int) -> None:
        if number == 1:
            raise ValueError("no")
        sent.append(number)

    def offer_all() -> None:
        for number in range(5):
            sender.offer(number)

    sender = start(send)
    with pytest.raises(ValueError, match="no"):
        offer_all()
    with pytest.raises(ValueError, match="no"):
        sender.finish()
    assert sent == [0]


def test_what_is_at_work_is_waited_for_when_another_fails(start: Start) -> None:
    failed, done = threading.Event(), []

    def send(number: int) -> None:
        if number == 0:
            failed.set()
            raise ValueError("no")
        failed.wait()
        done.append(number)

    sender = start(send, 2)
    sender.offer(1)
    sender.offer(0)
    with pytest.raises(ValueError, match="no"):
        sender.finish()
    assert done == [1]


def test_who_stops_does_not_wait_longer_than_they_like(start: Start) -> None:
    go = threading.Event()
    sender = start(lambda _: go.wait())
    sender.offer(0)
    sender.stop(0.01)
    go.set()
