"""A real hub: the process that `cvat-hub serve` starts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cvat_sdk.core.client import Client, Config

PASSWORD = "correct horse battery"
START_LIMIT_S = 60


@dataclass(frozen=True)
class RunningHub:
    address: str
    credentials: tuple[str, str]


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    folder = tmp_path_factory.mktemp("hub")
    options = ["--port", "0", "--data-dir", folder / "data"]
    command = [sys.executable, "-m", "cvat_hub", "serve", *options]
    with (
        (folder / "log").open("w+") as log,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "CVAT_HUB_ADMIN_PASSWORD": PASSWORD, "PYTHONUNBUFFERED": "1"},
        ) as process,
    ):
        assert process.stdout is not None
        late = threading.Timer(START_LIMIT_S, process.kill)
        late.start()
        try:
            said = ""
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", said)):
                line = process.stdout.readline()
                assert line, f"the hub did not start: {said}{(folder / 'log').read_text()}"
                said += line
            late.cancel()
            yield RunningHub(found.group(), ("admin", PASSWORD))
        finally:
            late.cancel()
            late.join()
            process.terminate()
            process.wait(30)
            process.stdout.close()


@pytest.fixture
def hub_client(hub: RunningHub, tmp_path: Path) -> Iterator[Client]:
    """Somebody who is logged in to the hub."""
    with Client(hub.address, config=Config(cache_dir=tmp_path / "cache")) as client:
        client.login(hub.credentials)
        yield client
