"""Runs one hub after the other, each a fork of this process, which has imported everything once.

Reads the settings of a hub, as JSON, a line; prints its process id, its address as soon as it
accepts connections, and an empty line when it has ended. A hub kills itself before, or after, it
commits what a function has found, if a file of that name is in its data folder.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from uvicorn.loops.auto import auto_loop_factory

import cvat_hub.hub
import cvat_hub.media.images
import cvat_hub.media.video
from cvat_hub.functions.own_tasks import OwnTasks
from cvat_hub.passwords import Passwords
from cvat_hub.serve import serve
from cvat_hub.settings import Settings


def run(values: dict[str, Any]) -> None:
    settings = Settings(**values | {"data_dir": Path(values["data_dir"])})
    OwnTasks.apply = dying(OwnTasks.apply, settings.data_dir)  # type: ignore[method-assign]
    serve(settings, lambda hub, address: print(address, flush=True))


def dying(apply: Callable[..., Any], folder: Path) -> Any:
    @contextmanager
    def act(*args: Any) -> Iterator[Any]:
        with apply(*args) as connection:
            yield connection
            die_if(folder / "before")
        die_if(folder / "after")

    return act


def die_if(file: Path) -> None:
    with suppress(FileNotFoundError):
        file.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    # Nobody signs in by a password here, and a good hash costs more than all else of a start.
    cvat_hub.hub.Passwords = partial(Passwords, PasswordHasher(1, 8, 1))
    auto_loop_factory()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(json.loads(line))
            os._exit(0)
        print(child, flush=True)
        os.waitpid(child, 0)
        print(flush=True)
