"""News crosses from one hub to another through PostgreSQL, also after the connection was lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from cvat_hub.functions import notices
from cvat_hub.functions.bells import LOOK, Bells, Mailbox
from cvat_hub.functions.notices import Listener, announce
from cvat_hub.settings import Settings
from cvat_hub.store import Store, open_store

OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
)


class Unlucky(Exception):
    pass


@pytest.fixture
def settings(postgresql_server: object) -> Settings:
    return Settings(database=postgresql_server.new_database())  # type: ignore[attr-defined]


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = open_store(settings.database_url)
    yield opened
    opened.close()


@pytest.fixture
def box(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mailbox of a hub that listens already."""
    monkeypatch.setattr(notices, "_AGAIN_SECONDS", 0.01)
    bells = Bells()
    box = bells.mailbox("f:1")
    listener = Listener(settings.database_url, bells)
    listener.start()
    try:
        # It has begun to listen, and has everybody look for what came before.
        assert taken(box) == [LOOK]
        yield box
    finally:
        listener.stop()


def taken(box: Mailbox) -> list[str]:
    return asyncio.run(asyncio.wait_for(box.take(), 30))


def test_news_is_heard_when_its_transaction_is_committed(store: Store, box: Mailbox) -> None:
    with store.write() as connection:
        announce(connection, ["f:1:batch", "f:2:batch"])
    assert taken(box) == ["f:1:batch"]


def test_news_of_a_transaction_that_fails_is_not_heard(store: Store, box: Mailbox) -> None:
    with contextlib.suppress(Unlucky), store.write() as connection:
        announce(connection, ["f:1:batch"])
        raise Unlucky
    with store.write() as connection:
        announce(connection, ["f:1:interactive"])
    assert taken(box) == ["f:1:interactive"]


def test_a_hub_that_lost_its_connection_looks_for_what_it_missed(
    store: Store, box: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    with store.write() as connection:
        assert list(connection.scalars(OTHERS)) == [True]
    assert taken(box) == [LOOK]
    assert "news of other hubs are missed" in caplog.text
    with store.write() as connection:
        announce(connection, ["f:1:batch"])
    assert taken(box) == ["f:1:batch"]
