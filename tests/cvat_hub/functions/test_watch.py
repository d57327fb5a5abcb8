"""Agents hear of requests at once, over streams that hold no thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from cvat_hub.functions import waiting
from cvat_hub.settings import Settings
from cvat_hub.store import tables


@pytest.fixture
def function(user: Any, register: Callable[..., int]) -> int:
    return register(user)


@pytest.fixture
def quick_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has streams asked all the time whether they may go on."""
    monkeypatch.setattr(waiting, "_KEEP_ALIVE_SECONDS", 0.02)
    monkeypatch.setattr(waiting, "_CHECK_SECONDS", 0.0)


def ask(user: Any, function: int, task: Any) -> Any:
    return user("POST", "functions/requests", {"function": function, "task": task["id"]})


def has_ended(stream: Any) -> bool:
    """Read a stream to its end, which comes within the time that a read may take."""
    while True:
        try:
            stream.line()
        except StopIteration:
            return True


def test_an_event_comes_with_the_request(user: Any, task: Any, function: int, agent: Any) -> None:
    with agent(user, function).watch() as stream:
        assert stream.reply.headers["Content-Type"].startswith("text/event-stream")
        assert stream.reply.headers["Cache-Control"] == "no-cache"
        assert [stream.line(), stream.line()] == [b": watching", b"retry: 2000"]
        assert ask(user, function, task).status == 201
        told = [stream.line() for _ in range(3)]
        assert told == [b"event: newrequest", b'data: {"request_category":"batch"}', b""]


def test_who_comes_late_is_told_what_waits(user: Any, task: Any, function: int, agent: Any) -> None:
    ask(user, function, task)
    with agent(user, function).watch() as stream:
        assert stream.event() == {"request_category": "batch"}


def test_a_released_request_is_told_again(user: Any, task: Any, function: int, agent: Any) -> None:
    key = ask(user, function, task).json["id"]
    worker = agent(user, function)
    worker.acquire("batch")
    with worker.watch() as stream:
        stream.line()
        assert worker.tell("release", key) == 204
        assert stream.event() == {"request_category": "batch"}


def test_streams_and_calls_that_wait_hold_no_thread(
    user: Any, task: Any, function: int, agent: Any, at_once: Any
) -> None:
    with ExitStack() as stack:
        worker = agent(user, function)
        streams = [stack.enter_context(worker.watch()) for _ in range(24)]
        asked = {"task": task["id"], "frame": 0}
        calls = [at_once(user, "POST", f"functions/{function}/run", asked) for _ in range(12)]
        # All of them wait; there are eight threads for quick calls.
        assert [stream.event() for stream in streams] == [{"request_category": "interactive"}] * 24
        assert user("GET", "users/self").status == 200
        for _ in calls:
            given = take(worker, streams[0])
            assert worker.tell("complete", given["ar_id"], annotations={}) == 204
        assert [call.result(30).status for call in calls] == [200] * 12


def take(worker: Any, stream: Any) -> Any:
    while not (given := worker.acquire()):
        stream.event()
    return given


def test_a_function_that_is_removed_ends_its_streams(
    user: Any, function: int, agent: Any, register: Any
) -> None:
    other = register(user)
    with agent(user, function).watch() as stream, agent(user, other).watch() as stays:
        assert user("DELETE", f"functions/{function}").status == 204
        assert has_ended(stream)
        assert stays.line() == b": watching"


def test_a_hub_that_stops_ends_all_streams_and_answers_who_waits(
    settings: Settings, start: Any, new_task: Any, register: Any, agent: Any, at_once: Any
) -> None:
    with ExitStack() as stack:
        with start(settings) as hub:
            user = hub.new_user()
            task, function = new_task(user), register(user)
            stream = stack.enter_context(agent(user, function).watch())
            asked = {"task": task["id"], "frame": 0}
            call = at_once(user, "POST", f"functions/{function}/run", asked)
            assert stream.event() == {"request_category": "interactive"}
        assert has_ended(stream)
        answer = call.result(30)
        assert (answer.status, "stopping" in answer.json["detail"]) == (503, True)


def test_who_may_stay_does(quick_checks: None, user: Any, function: int, agent: Any) -> None:
    with agent(user, function).watch() as stream:
        told = [stream.line() for _ in range(5)]
        assert told[2:] == [b": still here"] * 3


def log_out(hub: Any, owner: Any, agent: Any, slug: str) -> None:
    agent("POST", "auth/logout")


def be_removed(hub: Any, owner: Any, agent: Any, slug: str) -> None:
    found = owner("GET", f"memberships?org={slug}&user={hub.name_of(agent)}").json["results"]
    assert owner("DELETE", f"memberships/{found[0]['id']}").status == 204


def be_demoted(hub: Any, owner: Any, agent: Any, slug: str) -> None:
    found = owner("GET", f"memberships?org={slug}&user={hub.name_of(agent)}").json["results"]
    assert owner("PATCH", f"memberships/{found[0]['id']}", {"role": "worker"}).status == 200


def be_locked_out(hub: Any, owner: Any, agent: Any, slug: str) -> None:
    locked = sqlalchemy.update(tables.users).where(tables.users.c.id == agent.user_id)
    with hub.store.write() as connection:
        connection.execute(locked.values(is_active=False))


@pytest.mark.parametrize("lose", [log_out, be_removed, be_demoted, be_locked_out])
def test_who_loses_the_right_to_serve_loses_the_stream(
    quick_checks: None, hub: Any, register: Any, agent: Any, lose: Any
) -> None:
    owner, served = hub.new_user(), hub.new_user()
    slug = hub.new_organization(owner, maintainer=served)["slug"]
    function = register(owner, query=f"?org={slug}")
    with agent(served, function).watch() as stream:
        assert stream.line() == b": watching"
        lose(hub, owner, served, slug)
        assert has_ended(stream)


@pytest.mark.parametrize(("role", "status"), [("maintainer", 200), ("worker", 403)])
def test_only_who_serves_a_function_may_watch(
    hub: Any, register: Any, agent: Any, role: str, status: int
) -> None:
    owner, member = hub.new_user(), hub.new_user()
    slug = hub.new_organization(owner, **{role: member})["slug"]
    function = register(owner, query=f"?org={slug}")
    queue = agent(member, function).queue
    assert member("HEAD", f"{queue}/watch").status == status
    assert hub.new_user()("HEAD", f"{queue}/watch").status == 404


@pytest.fixture
def two_hubs(postgresql_server: Any, tmp_path: Path, start: Any) -> Iterator[tuple[Any, Any]]:
    """Two hubs on one database and one data folder."""
    settings = Settings(
        port=0,
        data_dir=tmp_path / "data",
        database=postgresql_server.new_database(),
        admin_password="correct horse",
    )
    with start(settings) as one, start(settings) as other:
        yield one, other


def test_requests_answers_and_removals_cross_from_hub_to_hub(
    two_hubs: Any, new_task: Any, register: Any, agent: Any, at_once: Any
) -> None:
    here, there = two_hubs
    user = here.new_user()
    task, function = new_task(user), register(user)
    worker = agent(there.client(user.headers, user.user_id), function)
    # From now on, the hub here knows that there is an agent.
    assert worker.acquire() is None
    with worker.watch() as stream:
        call = at_once(user, "POST", f"functions/{function}/run", {"task": task["id"], "frame": 0})
        given = take(worker, stream)
        assert worker.tell("complete", given["ar_id"], annotations={}) == 204
        assert call.result(30).status == 200
        assert user("DELETE", f"functions/{function}").status == 204
        assert has_ended(stream)
