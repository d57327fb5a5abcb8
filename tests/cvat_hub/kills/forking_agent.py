"""Runs an agent, and another one whenever it has ended: each a fork of this process, which has
imported everything once.

Its arguments are the hub's address, the key of a user, the id of a function, the file with its
code, the file to which the agents write what they are given, and a file at whose presence no agent
is started any more. Prints the process id of each agent. Its output ends when all processes have.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def run(url: str, key: str, function_id: str, code: str, given: str) -> None:
    def note(queue: FunctionQueue, category: Category) -> Acquired | AcquireFailed:
        asked = time.time()
        event = acquire(queue, category)
        if isinstance(event, Acquired) and event.assignment:
            line = f"{event.assignment.id} {queue.agent_id} {asked} {time.time()}\n"
            with Path(given).open("a") as file:
                file.write(line)
        return event

    acquire, FunctionQueue.acquire = FunctionQueue.acquire, note  # type: ignore[method-assign, assignment]
    periods = Periods(poll=5, poll_beside_stream=5, report=0.3, retry=0.05, retry_most=0.5)
    with Client(url, check_server_version=False) as client:
        client.api_client.set_default_header("Authorization", f"Token {key}")
        run_agent(client, int(function_id), Source(file=Path(code)), periods=periods)


# Workers import this module too, and need nothing of it.
if __name__ == "__main__":
    import cvat_sdk.datasets.frames  # noqa: F401
    from cvat_agent.machine import Acquired, AcquireFailed, Category, Periods
    from cvat_agent.running import run_agent
    from cvat_agent.server import FunctionQueue
    from cvat_cli.functions import Source
    from cvat_sdk import Client

    *arguments, end = sys.argv[1:]
    while not Path(end).exists():
        child = os.fork()
        if child == 0:
            run(*arguments)
            os._exit(0)
        print(child, flush=True)
        os.waitpid(child, 0)
