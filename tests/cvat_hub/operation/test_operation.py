"""What those who run a hub see: figures, health, request ids, headers."""

from __future__ import annotations

import asyncio
import base64
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest

from cvat_hub import HUB_VERSION, health
from cvat_hub.operation.watch import HEADERS


def figures(hub: Any) -> dict[str, float]:
    headers = {"Authorization": f"Bearer {hub.settings.metrics_token}"}
    answer = hub.client()("GET", f"{hub.address}/metrics", headers=headers)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def added(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: value - before.get(name, 0) for name, value in after.items()}


def _count(route: str, method: str, status: int) -> str:
    labels = f'method="{method}",route="{route}",status="{status}"'
    return f"cvat_hub_requests_total{{{labels}}}"


def test_requests_are_counted_by_the_template_of_their_route(hub: Any, user: Any) -> None:
    before = figures(hub)
    for path in ("tasks/999991", "tasks/999992", "tasks/999992/"):
        assert user("GET", path).status == 404
    assert user("PUT", "tasks").status == 405
    assert user("GET", "no/such/path").status == 404
    after = figures(hub)
    found = added(before, after)
    assert found[_count("/api/tasks/{task_id}", "GET", 404)] == 3
    assert found[_count("/api/tasks", "PUT", 405)] == 1
    assert found[_count("unknown", "GET", 404)] == 1
    assert found['cvat_hub_request_seconds_count{method="GET",route="/api/tasks/{task_id}"}'] == 3
    assert after["cvat_hub_requests_in_progress"] == 1
    assert after[f'cvat_hub_info{{version="{HUB_VERSION}"}}'] == 1
    assert after["process_resident_memory_bytes"] > 0


def test_preparations_and_sign_ins_are_counted(
    hub: Any, user: Any, new_task: Callable[..., Any]
) -> None:
    broken = new_task(user, frames=0)
    before = figures(hub)
    new_task(user)
    assert user.upload(broken["id"], {"a.jpg": b"nothing"})["status"] == "failed"
    for password in ("wrong", hub.settings.admin_password):
        user("POST", "auth/login", {"username": "admin", "password": password})
    found = added(before, figures(hub))
    for status, count in {"queued": 0, "started": 0, "finished": 1, "failed": 1}.items():
        assert found[f'cvat_hub_preparations{{status="{status}"}}'] == count
    assert found['cvat_hub_sign_ins_total{outcome="wrong"}'] == 1


@pytest.mark.parametrize(
    ("who", "status"),
    [("stranger", 401), ("user", 403), ("admin", 200), ("password", 200), ("wrong token", 401)],
)
def test_figures_are_for_admins_and_prometheus(hub: Any, who: str, status: int) -> None:
    basic = base64.b64encode(f"admin:{hub.settings.admin_password}".encode()).decode()
    headers = {
        "stranger": {},
        "user": hub.new_user().headers,
        "admin": hub.new_user(is_admin=True).headers,
        "password": {"Authorization": f"Basic {basic}"},
        "wrong token": {"Authorization": "Bearer wrong"},
    }[who]
    assert hub.client()("GET", f"{hub.address}/metrics", headers=headers).status == status


def test_without_a_token_in_the_settings_an_empty_one_opens_nothing(
    settings: Any, start: Callable[..., Any]
) -> None:
    with start(settings) as hub:
        for shown in ("Bearer ", "Bearer", ""):
            headers = {"Authorization": shown}
            answer = hub.client()("GET", f"{hub.address}/metrics", headers=headers)
            assert answer.status == 401


def test_a_hub_that_is_well_says_so_to_anybody(hub: Any) -> None:
    answer = hub.client()("GET", f"{hub.address}/healthz")
    assert (answer.status, answer.json) == (200, {"database": "ok", "data_dir": "ok"})
    assert hub.client()("HEAD", f"{hub.address}/healthz").status == 200
    answer = hub.client()("POST", f"{hub.address}/healthz")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("part", ["database", "data_dir"])
def test_a_hub_that_cannot_work_says_what_fails_and_no_more(
    hub: Any, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def fail(_: Any) -> None:
        raise OSError("a secret path")

    monkeypatch.setattr(health, f"check_{part}", fail)
    answer = hub.client()("GET", f"{hub.address}/healthz")
    assert answer.status == 503
    assert answer.json == {"database": "ok", "data_dir": "ok"} | {part: "failed"}


def test_a_database_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    released, checks = threading.Event(), []

    def hang(_: Any) -> None:
        checks.append(1)
        released.wait()

    monkeypatch.setattr(health, "check_database", hang)
    monkeypatch.setattr(health, "check_data_dir", lambda _: None)
    statuses: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def ask() -> None:
        app = health.Health(hub=None, patience_seconds=0)  # type: ignore[arg-type]
        scope = {"type": "http", "method": "GET", "headers": []}
        for _ in range(3):
            await app(scope, None, send)  # type: ignore[arg-type]
        released.set()
        await app._running  # type: ignore[misc]

    asyncio.run(ask())
    assert statuses == [503, 503, 503]
    assert checks == [1]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("abc-1.2:3_4", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("two words", False),
        ('"}', False),
        ("", False),
    ],
)
def test_a_request_keeps_the_id_that_it_brings_if_it_can_stand_in_a_log(
    user: Any, sent: str, kept: bool
) -> None:
    told = user("GET", "users/self", headers={"X-Request-ID": sent}).headers["X-Request-ID"]
    assert told == sent if kept else re.fullmatch("[0-9a-f]{16}", told)


def test_an_unexpected_error_is_logged_with_the_id_that_the_client_is_told(
    user: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("of all things")

    monkeypatch.setattr("cvat_hub.records.user", fail)
    answer = user("GET", "users/self", headers={"X-Request-ID": "the-one"})
    assert answer.status == 500
    assert "the-one" in answer.json["detail"]
    assert answer.headers["X-Request-ID"] == "the-one"
    assert "of all things" in caplog.text
    assert b"of all things" not in answer.body


@pytest.mark.parametrize("path", ["users/self", "nothing", "tasks/1", "server/about"])
def test_each_reply_has_careful_headers(user: Any, path: str) -> None:
    answer = user("GET", path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "Server" not in answer.headers


def test_pixels_are_not_a_page_of_ours(user: Any, new_task: Callable[..., Any]) -> None:
    task = new_task(user)
    answer = user("GET", f"tasks/{task['id']}/data?type=frame&number=0&quality=original")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
