"""The log of a hub: a line for each request, and no secret in any."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from cvat_hub.operation.exchange import Exchange, current
from cvat_hub.operation.logs import JsonLines, TextLines

ADMIN_PASSWORD = "the admin's own password"
METRICS_TOKEN = "the token of Prometheus"


class LoggedHub:
    """A hub in a process of its own, whose log is read when it has stopped."""

    def __init__(self, data_dir: Path) -> None:
        secret = {
            "CVAT_HUB_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "CVAT_HUB_METRICS_TOKEN": METRICS_TOKEN,
        }
        command = [sys.executable, "-m", "cvat_hub", "serve", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--data-dir", data_dir, "--log-format", "json", "--log-level", "debug"],
            env=os.environ | secret,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().split()[-1]
        self.pool = urllib3.PoolManager(retries=False, timeout=30)

    def __call__(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.pool.request(method, self.address + path, json=data, headers=sent)

    def stop(self) -> list[Any]:
        """Return the lines of the log."""
        self.pool.clear()
        self.process.terminate()
        _, errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return [json.loads(line) for line in errors.splitlines()]


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[LoggedHub]:
    hub = LoggedHub(tmp_path)
    yield hub
    if hub.process.poll() is None:
        hub.process.kill()
        hub.process.communicate()


def test_each_request_is_a_line(logged: LoggedHub) -> None:
    basic = "Basic " + base64.b64encode(f"admin:{ADMIN_PASSWORD}".encode()).decode()
    answer = logged("GET", "/api/users/self?a=b", Authorization=basic, X_Request_ID="number-1")
    logged("GET", "/api/tasks/17/%0a%22x", X_Request_ID="number-2")
    lines = {line.get("request_id"): line for line in logged.stop()}
    first, second = lines["number-1"], lines["number-2"]
    assert first.pop("ms") > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first.pop("time"))
    assert first.pop("message").startswith("GET /api/users/self 200, ")
    assert first == {
        "level": "info",
        "logger": "cvat_hub.requests",
        "request_id": "number-1",
        "method": "GET",
        "route": "/api/users/self",
        "path": "/api/users/self",
        "status": 200,
        "bytes": len(answer.data),
        "user_id": 1,
        "client": "127.0.0.1",
    }
    wanted = {"status": 404, "route": "unknown", "path": "/api/tasks/17/%0A%22x", "user_id": None}
    assert {name: second[name] for name in wanted} == wanted


def test_a_session_of_logins_tokens_and_failures_leaves_no_secret_in_the_log(
    logged: LoggedHub,
) -> None:
    wrong, new = "a wrong password", "the next password"
    secrets = {ADMIN_PASSWORD, METRICS_TOKEN, wrong, new}

    login = {"username": "admin", "password": ADMIN_PASSWORD}
    answer = logged("POST", "/api/auth/login", login)
    key = answer.json()["key"]
    cookies = dict(
        cookie.partition(";")[0].split("=") for cookie in answer.headers.getlist("Set-Cookie")
    )
    secrets |= {key, *cookies.values()}
    token = {"Authorization": f"Token {key}"}
    session = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    value = logged("POST", "/api/auth/access_tokens", {"name": "x"}, **token).json()["value"]
    secrets |= {value, *value.split(".")}

    def basic(password: str) -> dict[str, str]:
        shown = base64.b64encode(f"admin:{password}".encode()).decode()
        secrets.add(shown)
        return {"Authorization": f"Basic {shown}"}

    change = {"old_password": ADMIN_PASSWORD, "new_password1": new, "new_password2": new}
    for status, method, path, data, headers in (
        (400, "POST", "/api/auth/login", login | {"password": wrong}, {}),
        (400, "POST", "/api/auth/login", {"username": 1, "password": wrong}, {}),
        (200, "GET", f"/api/tasks?token={value}", None, token),
        (200, "GET", "/api/users/self", None, session),
        (403, "POST", "/api/tasks", {"name": wrong}, session | {"X_CSRFToken": wrong}),
        (200, "GET", "/api/users/self", None, {"Authorization": f"Bearer {value}"}),
        (403, "POST", "/api/tasks", {"name": "x"}, {"Authorization": f"Bearer {value}"}),
        (401, "GET", "/api/users/self", None, {"Authorization": f"Bearer {wrong}"}),
        (401, "GET", "/api/users/self", None, {"Authorization": f"Token {wrong}"}),
        (200, "GET", "/api/users/self", None, basic(ADMIN_PASSWORD)),
        (401, "GET", "/api/users/self", None, basic(wrong)),
        (200, "GET", "/metrics", None, {"Authorization": f"Bearer {METRICS_TOKEN}"}),
        (400, "POST", "/api/auth/password/change", change | {"old_password": wrong}, token),
        (200, "POST", "/api/auth/password/change", change, token),
        (200, "POST", "/api/auth/logout", None, token),
    ):
        assert logged(method, path, data, **headers).status == status, (method, path, data)
    lines = logged.stop()
    first = next(line for line in lines if line.get("path") == "/api/auth/login")
    assert first["user_id"] == 1
    text = json.dumps(lines)
    assert text.count("/api/users/self") > 4
    assert [secret for secret in secrets if secret in text] == []


@pytest.mark.parametrize("form", [TextLines("%(levelname)s%(request)s: %(message)s"), JsonLines()])
def test_what_is_logged_during_a_request_bears_its_id(form: logging.Formatter) -> None:
    record = logging.LogRecord("cvat_hub", logging.INFO, "", 0, "hello %s", ("you",), None)
    before = current.set(Exchange("the-one"))
    try:
        assert "the-one" in form.format(record)
    finally:
        current.reset(before)
    assert "the-one" not in form.format(record)


def test_a_traceback_is_part_of_its_line() -> None:
    try:
        raise RuntimeError("of all things")
    except RuntimeError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), sys.exc_info())
    line = JsonLines().format(record)
    assert "\n" not in line
    assert "of all things" in json.loads(line)["traceback"]
