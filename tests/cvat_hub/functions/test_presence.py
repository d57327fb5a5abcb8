"""Whether an agent is there: by its streams, its calls and its leases, at any hub."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import update

from cvat_hub.functions.presence import Presence
from cvat_hub.functions.states import Agent
from cvat_hub.store import Store, function_requests, functions, tables
from cvat_hub.store import function_agents as agents

NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
LONG_AGO = NOW - datetime.timedelta(days=2)
NAMED, UNNAMED = Agent("a", 1), Agent("", 1)


def at(seconds: float) -> datetime.datetime:
    return NOW + datetime.timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def store(shared_store: Store) -> Store:
    return shared_store


@pytest.fixture
def see(store: Store, function: int) -> Callable[..., None]:
    """Has an agent come for work, so many seconds from the start."""

    def see(seconds: float, agent: Agent = NAMED) -> None:
        with store.write() as connection:
            agents.see(connection, function, *agent, at(seconds))

    return see


@pytest.fixture
def lease(store: Store, function: int) -> Callable[[float], None]:
    """Has an agent be heard of in its work on a request."""

    def lease(seconds: float) -> None:
        row = {
            "key": f"{function}",
            "function_id": function,
            "category": "batch",
            "type": "track_task",
        }
        row |= {"user_id": 1, "task_id": function, "params": {}, "turn": 1}
        with store.write() as connection:
            number = function_requests.add(connection, row, NOW)
            changes = {"status": "started", "agent_id": "b", "heard_date": at(seconds)}
            function_requests.update(connection, number, **changes)

    return lease


def hub(started: datetime.datetime | None = None) -> Presence:
    return Presence(alive_seconds=75, lease_seconds=180, started=started)


def is_served(presence: Presence, store: Store, function: int, seconds: float) -> bool:
    with store.read() as connection:
        return presence.is_served(connection, function, at(seconds))


def is_alive(
    presence: Presence, store: Store, function: int, seconds: float, agent: str = "a"
) -> bool:
    with store.read() as connection:
        return presence.is_alive(connection, function, agent, at(seconds))


@pytest.mark.parametrize(("seconds", "served"), [(0, True), (75, True), (76, False)])
def test_an_agent_that_has_come_counts_for_a_while(
    store: Store, function: int, see: Any, seconds: int, served: bool
) -> None:
    assert not is_served(hub(), store, function, 0)
    see(0)
    assert is_served(hub(), store, function, seconds) == served


@pytest.mark.parametrize(("seconds", "served"), [(180, True), (181, False)])
def test_an_agent_at_work_counts_as_long_as_its_lease(
    store: Store, function: int, lease: Any, seconds: int, served: bool
) -> None:
    lease(0)
    assert is_served(hub(), store, function, seconds) == served


def test_a_stream_counts_as_long_as_it_is_open(store: Store, function: int) -> None:
    presence = hub()
    with presence.watching(function, UNNAMED):
        assert is_served(presence, store, function, 10**6)
        assert not is_served(presence, store, function + 1, 10**6)
    assert not is_served(presence, store, function, 10**6)


@pytest.mark.parametrize(
    ("started", "came", "asked", "served"),
    [
        # An agent that was there before is about to come back.
        (0, -3600, 10, True),
        (0, -3600, 75, False),
        (0, -90_000, 10, False),
        # Another hub was there all the time, and the agent could have come to it.
        (None, -3600, 10, False),
        (None, -70, 0, True),
    ],
)
def test_agents_have_time_to_come_back_to_a_hub_that_was_alone(
    store: Store,
    function: int,
    see: Any,
    started: int | None,
    came: int,
    asked: int,
    served: bool,
) -> None:
    see(came)
    presence = hub(None if started is None else at(started))
    assert is_served(presence, store, function, asked) == served


def test_streams_at_another_hub_count(store: Store, function: int) -> None:
    here, there = hub(), hub()
    with there.watching(function, UNNAMED):
        assert not is_served(here, store, function, 0)
        there.tell(store, at(0))
        assert is_served(here, store, function, 0)
        # A hub that is killed tells nothing any more.
        assert not is_served(here, store, function, 76)
        there.tell(store, at(60))
        assert is_served(here, store, function, 76)
    there.tell(store, at(61))
    assert not is_served(here, store, function, 62)


def test_a_hub_that_stops_takes_its_streams_along(store: Store, function: int) -> None:
    here, there = hub(), hub()
    with there.watching(function, UNNAMED):
        there.tell(store, at(0))
        there.leave(store)
    assert not is_served(here, store, function, 0)


def test_a_hub_knows_its_own_streams_better_than_what_it_told(store: Store, function: int) -> None:
    presence = hub()
    with presence.watching(function, UNNAMED):
        presence.tell(store, at(0))
    assert not is_served(presence, store, function, 1)


def test_streams_are_told_again_only_when_that_is_due(store: Store, function: int) -> None:
    presence = hub()

    def told() -> datetime.datetime | None:
        with store.read() as connection:
            return agents.last_seen(connection, function)

    with presence.watching(function, UNNAMED):
        for seconds, seen in [(0, 0), (5, 0), (18, 0), (19, 19)]:
            presence.tell(store, at(seconds))
            assert told() == at(seen)


def test_streams_for_a_function_that_was_removed_are_told_to_nobody(
    store: Store, function: int
) -> None:
    presence = hub()
    with presence.watching(function, NAMED), presence.watching(function + 1, NAMED):
        presence.tell(store, at(0))
        with store.write() as connection:
            functions.remove(connection, function)
        presence.tell(store, at(60))
    presence.tell(store, at(61))


@pytest.mark.parametrize(
    ("came", "streams", "asked", "alive"),
    [
        (0, [], 75, True),
        (0, [], 76, False),
        # It may be the one who waits and doesn't tell its name.
        (0, [UNNAMED], 600, True),
        (0, [UNNAMED], 661, False),
        (None, [UNNAMED], 0, False),
        # Who waits is somebody else.
        (0, [Agent("b", 1)], 600, False),
        (None, [NAMED], 10**6, True),
        (0, [Agent("b", 1), UNNAMED], 600, True),
    ],
)
def test_an_agent_is_alive_if_it_came_or_may_be_waiting(
    store: Store,
    function: int,
    see: Any,
    came: int | None,
    streams: list[Agent],
    asked: int,
    alive: bool,
) -> None:
    if came is not None:
        see(came)
    presence = hub()
    with ExitStack() as stack:
        for agent in streams:
            stack.enter_context(presence.watching(function, agent))
        assert is_alive(presence, store, function, asked) == alive


def test_an_agent_that_tells_its_name_is_known_at_other_hubs(store: Store, function: int) -> None:
    here, there = hub(), hub()
    with there.watching(function, NAMED):
        there.tell(store, at(1000))
        assert is_alive(here, store, function, 1000)
        assert not is_alive(here, store, function, 1000, "b")


@pytest.mark.parametrize(
    ("agent", "seconds", "found"), [("b", 75, True), ("b", 76, False), ("a", 0, False)]
)
def test_another_agent_is_one_that_has_come_lately(
    store: Store, function: int, see: Any, agent: str, seconds: int, found: bool
) -> None:
    see(0, Agent(agent, 1))
    with store.read() as connection:
        assert hub().has_others(connection, function, "a", at(seconds)) == found


def test_figures_tell_how_a_function_is_served(
    store: Store, function: int, see: Any, lease: Any
) -> None:
    presence = hub()
    with store.read() as connection:
        told = presence.figures(connection, function, NOW)
    assert (told.agents, told.watching, told.last_seen, told.seconds) == (0, 0, None, {})
    assert told.queued == {"interactive": 0, "batch": 0}
    lease(0)
    row = {"function_id": function, "category": "interactive", "type": "track"}
    row |= {"user_id": 1, "task_id": 1, "params": {}, "turn": 1}
    with store.write() as connection:
        function_requests.add(connection, row | {"key": f"{function} waits"}, NOW)
        # The clock of the hub that finishes the last one is late.
        for key, seconds in [("one", 1.0), ("two", 2.0), ("three", -0.5)]:
            number = function_requests.add(connection, row | {"key": f"{function} {key}"}, NOW)
            done = {"status": "finished", "finished_date": at(seconds)}
            function_requests.update(connection, number, **done)
    with store.read() as connection:
        told = presence.figures(connection, function, NOW)
    assert (told.agents, told.queued) == (1, {"interactive": 1, "batch": 0})
    assert told.seconds == {"p50": 1.0, "p90": 2.0, "p99": 2.0}
    see(0)
    streams = presence.watching(function, UNNAMED), presence.watching(function, UNNAMED)
    with streams[0], streams[1], store.read() as connection:
        told = presence.figures(connection, function, at(5))
    assert (told.agents, told.watching, told.last_seen) == (2, 2, at(5))


def test_who_is_long_gone_is_forgotten(store: Store, function: int, see: Any) -> None:
    see(0)
    presence = hub()
    with presence.watching(function, UNNAMED):
        presence.tell(store, NOW)
    with store.write() as connection:
        connection.execute(update(tables.function_watches).values(seen_date=LONG_AGO))
        connection.execute(update(tables.function_agents).values(seen_date=LONG_AGO))
        agents.forget(connection, NOW)
        assert agents.last_seen(connection, function) is None
