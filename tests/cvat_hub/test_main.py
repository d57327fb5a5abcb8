"""The command `cvat-hub`, as a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

READY = re.compile(r"CVAT Hub is ready at (http://127\.0\.0\.1:\d+)\n")


def _command(*args: str) -> list[str]:
    return [sys.executable, "-m", "cvat_hub", "serve", *args]


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CVAT_HUB_")}
    return kept | more


@contextlib.contextmanager
def _serving(data_dir: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        _command("--port", "0", "--data-dir", str(data_dir)),
        env=_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        try:
            ready = READY.fullmatch(process.stdout.readline())
            assert ready
            yield process, ready[1]
        finally:
            if process.poll() is None:
                process.kill()


def _refused(*args: str) -> str:
    done = subprocess.run(
        _command(*args), env=_environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_hub_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    with _serving(tmp_path, CVAT_HUB_ADMIN_PASSWORD="hush") as (process, address):
        with urllib.request.urlopen(f"{address}/api/server/about", timeout=30) as answer:
            about = json.load(answer)
        assert about["version"] == "2.80.0"
        assert about["hub_version"]
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
        assert process.returncode == 0
        assert output == ""
        [line] = errors.splitlines()
        assert "GET /api/server/about 200" in line


def test_a_request_that_is_being_sent_is_answered_before_the_hub_stops(tmp_path: Path) -> None:
    with _serving(tmp_path, CVAT_HUB_ADMIN_PASSWORD="hush") as (process, address):
        with _half_a_login(address) as connection:
            process.terminate()
            _wait_until_nobody_listens(address)
            connection.sendall(b'sh"}')
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "Traceback" not in errors


def test_a_request_that_does_not_end_is_ended_when_the_hub_stops(tmp_path: Path) -> None:
    with _serving(tmp_path, CVAT_HUB_STOP_SECONDS="0") as (process, address):
        with _half_a_login(address) as connection:
            process.terminate()
            assert connection.recv(65536).startswith(b"HTTP/1.1 503 ")
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "Traceback" not in errors


def _half_a_login(address: str) -> socket.socket:
    """Send a request but for its end, and wait until the hub works on it."""
    host, port = address.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), 30)
    head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
    body = b'{"username": "admin", "password": "hu'
    connection.sendall(f"{head}Content-Length: {len(body) + 4}\r\n\r\n".encode())
    assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
    connection.sendall(body)
    return connection


def _wait_until_nobody_listens(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    with contextlib.suppress(ConnectionRefusedError, ConnectionResetError):
        while True:
            socket.create_connection((host, int(port)), 30).close()


def test_a_made_up_password_is_told_once_and_kept_where_only_its_owner_reads(
    tmp_path: Path,
) -> None:
    with _serving(tmp_path) as (process, _):
        process.terminate()
        _, errors = process.communicate(timeout=30)
    kept = tmp_path / "admin-password.txt"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert f"password {kept.read_text().strip()} " in errors
    with _serving(tmp_path) as (process, _):
        process.terminate()
        assert process.communicate(timeout=30) == ("", "")


def test_a_second_hub_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with _serving(tmp_path) as (process, _):
        line = _refused("--port", "0", "--data-dir", str(tmp_path))
        assert line == f"cvat-hub: data folder {tmp_path}: another hub uses it; stop that first"
        process.terminate()
        process.communicate(timeout=30)


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        line = _refused("--port", port, "--data-dir", str(tmp_path))
    assert line.startswith(f"cvat-hub: 127.0.0.1:{port}: Address already in use")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = _refused("--data-dir", str(tmp_path / "file" / "data"))
    assert line == f"cvat-hub: data folder {tmp_path}/file/data: Not a directory"


@pytest.mark.parametrize(
    ("database", "reason"),
    [
        ("nonsense", "the address cannot be used"),
        ("oracle://x/y", "oracledb is not installed"),
        ("postgresql://me:my:hush@db:hush/x", "its port is not a number"),
        ("sqlite:////nowhere/at/all.db", "unable to open database file"),
        ("postgresql://me:hush@127.0.0.1:1/x", "refused"),
    ],
)
def test_a_database_that_cannot_be_reached_is_refused(
    tmp_path: Path, database: str, reason: str
) -> None:
    line = _refused("--data-dir", str(tmp_path), "--database", database)
    assert line.startswith("cvat-hub: database")
    assert reason in line
    assert "hush" not in line
