"""What is done for the queue now and then, and when the hub stops."""

from __future__ import annotations

import asyncio
import datetime
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from cvat_hub.functions import keeper as keeping
from cvat_hub.functions.bells import STOP, Bells
from cvat_hub.functions.keeper import Keeper
from cvat_hub.functions.presence import Presence
from cvat_hub.functions.queue import Queue
from cvat_hub.functions.states import Agent
from cvat_hub.settings import Settings
from cvat_hub.store import Store

NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def new_keeper(store: Store) -> Callable[[Presence], tuple[Keeper, Bells]]:
    """Makes a keeper, and the bells of its queue."""

    def make(presence: Presence) -> tuple[Keeper, Bells]:
        nowhere: Any = None
        bells = Bells()
        return Keeper(Queue(store, bells, nowhere, Settings(), lambda: NOW), presence), bells

    return make


def test_streams_are_told_while_the_hub_runs_and_no_longer(
    store: Store, function: int, new_keeper: Any
) -> None:
    here, there = Presence(75, 180), Presence(75, 180)
    keeper, bells = new_keeper(here)
    box = bells.mailbox()

    def is_seen() -> bool:
        with store.read() as connection:
            return there.is_served(connection, function, NOW)

    with here.watching(function, Agent("", 1)):
        keeper.look()
        assert is_seen()
        keeper.start()
        keeper.stop()
    assert not is_seen()
    assert asyncio.run(asyncio.wait_for(box.take(), 30)) == [STOP]


def test_a_look_that_fails_is_logged_and_the_next_one_comes(
    new_keeper: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeping, "_LOOK_SECONDS", 0.001)
    looked = threading.Semaphore(0)
    keeper, _ = new_keeper(Presence(75, 180))

    def look() -> None:
        looked.release()
        raise OSError("the disk is full")

    monkeypatch.setattr(keeper, "look", look)
    with caplog.at_level(logging.ERROR, "cvat_hub"):
        keeper.start()
        try:
            assert looked.acquire(timeout=30)
            assert looked.acquire(timeout=30)
        finally:
            keeper.stop()
    assert "the disk is full" in caplog.text
