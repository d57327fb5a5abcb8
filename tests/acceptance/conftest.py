"""Real hubs, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import urllib3

from cvat_sdk import Client, Config, make_client

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 30


@dataclass(frozen=True)
class RunningHub:
    """A hub that accepts connections."""

    url: str
    process: subprocess.Popen[str]
    data_dir: Path
    user: str = "admin"
    password: str = field(default="correct horse", repr=False)

    @contextmanager
    def client(self) -> Iterator[Client]:
        with make_client(self.url, credentials=(self.user, self.password)) as client:
            client.config.status_check_period = 0.1
            yield client

    def get(self, path: str) -> Any:
        """Return the JSON that the hub answers to a plain request, without any client."""
        headers = urllib3.make_headers(basic_auth=f"{self.user}:{self.password}")
        return urllib3.request("GET", self.url + path, headers=headers, timeout=30).json()

    def add_user(self, name: str) -> None:
        """Add a user, with the same password, as an operator does."""
        subprocess.run(
            [sys.executable, "-m", "cvat_hub", "user", "add", name, "--data-dir", self.data_dir],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            input=f"{self.password}\n",
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def stop(self) -> int:
        """Stop it as a service manager does, and return its exit code."""
        self.process.terminate()
        self.process.communicate(timeout=STOP_SECONDS)
        return self.process.returncode


StartHub = Callable[..., RunningHub]


@pytest.fixture(scope="session")
def start_hub() -> Iterator[StartHub]:
    """Start a hub with its data in a folder; it is stopped at the end of the session.

    Without a password, the hub makes one up, as it does for everybody. Settings have the names of
    their variables.
    """
    with ExitStack() as stack:

        def start(
            data_dir: Path,
            *,
            password: str | None = RunningHub.password,
            port: int = 0,
            **settings: str,
        ) -> RunningHub:
            chosen = {} if password is None else {"CVAT_HUB_ADMIN_PASSWORD": password}
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "cvat_hub", "serve"),
                    *("--port", str(port), "--data-dir", data_dir),
                ],
                env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **chosen, **settings},
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.callback(_end, process)
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert "http://" in ready, "the hub did not start: see its message on stderr"
            return RunningHub(ready.split()[-1], process, data_dir)

        yield start


@pytest.fixture(scope="session")
def hub(start_hub: StartHub, tmp_path_factory: pytest.TempPathFactory) -> RunningHub:
    """A hub that the tests of a session share."""
    return start_hub(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def hub_client(hub: RunningHub, tmp_path: Path) -> Iterator[Client]:
    """Somebody who is logged in to the hub, with a cache of their own."""
    config = Config(cache_dir=tmp_path / "cache", status_check_period=0.1)
    with Client(hub.url, config=config) as client:
        client.login((hub.user, hub.password))
        yield client


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
