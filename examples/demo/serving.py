"""The detector served by an agent, and asked as people do who annotate in a browser."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from processes import START_SECONDS, DemoError, command, running_agent

from cvat_sdk import Client
from cvat_sdk.core.proxies.tasks import Task

ANNOTATING_SECONDS = 120
PAUSE_SECONDS = 0.1


def annotate_by_agent(
    client: Client, task: Task, module: str, password: str, folder: Path, say: Callable[[str], None]
) -> None:
    """Register a function, start an agent for it, and have it annotate a task."""
    login = ["--auth", "admin", "--server-host", client.api_map.host, "function"]
    source = ["--function-module", module]
    register = [*login, "create-native", "everyday objects", *source]
    say(f"  $ cvat-cli {shlex.join(register)}")
    function_id = _output(register, password)
    run = [*login, "run-agent", function_id, *source]
    say(f"  $ cvat-cli {shlex.join(run)} &")
    try:
        with running_agent(folder, run, password):
            path = f"functions/{function_id}"
            _until(client, path, lambda found: found["figures"]["agents"], START_SECONDS)
            _annotate(client, task.id, function_id, say)
    finally:
        client.functions.remove_by_ids([int(function_id)])


def _annotate(client: Client, task_id: int, function_id: str, say: Callable[[str], None]) -> None:
    asked = {"type": "annotate_task", "function": function_id, "task": task_id}
    request = _ask(client, "POST", "requests", asked)
    say(f"  POST /api/lambda/requests: {request['id']} is {request['status']}")
    path = f"requests/{request['id']}"
    done = _until(client, path, lambda found: found["ended"], ANNOTATING_SECONDS)
    say(f"  GET  /api/lambda/{path}: {done['status']}, {done['progress']} %")
    if done["status"] != "finished":
        raise DemoError(f"the agent could not annotate the task: {done['exc_info']}")


def _until(client: Client, path: str, is_so: Callable[[Any], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while not is_so(found := _ask(client, "GET", path)):
        if time.monotonic() > deadline:
            raise DemoError(f"nothing happened within {seconds:.0f} s; .demo/agent.log tells more")
        time.sleep(PAUSE_SECONDS)
    return found


def _ask(client: Client, method: str, path: str, body: Any = None) -> Any:
    url = f"/api/lambda/{path}"
    _, answer = client.api_client.call_api(url, method, body=body, _parse_response=False)
    return json.loads(answer.data)


def _output(words: list[str], password: str) -> str:
    done = subprocess.run(
        command(words), env={**os.environ, "PASS": password}, stdout=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        raise DemoError(f"cvat-cli ended with exit code {done.returncode}")
    return done.stdout.strip()
