"""Waiting for what the server does in the background: when to look, and what the answer means."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from cvat_sdk.exceptions import BackgroundRequestException

_FIRST_WAIT_S = 0.1


def polls(period_s: float, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Yield forever; the waits in between double until they are `period_s` seconds long."""
    wait = min(_FIRST_WAIT_S, period_s)
    while True:
        yield
        sleep(wait)
        wait = min(period_s, wait * 2)


def is_finished(status: str, message: str | None, *, what: str) -> bool:
    """Tell whether the server is done.

    Args:
        status: as the server tells it; older servers write it with a capital.
        what: what the server was asked to do, for the message of an error.

    Raises:
        BackgroundRequestException: it has failed.
    """
    if status.lower() == "failed":
        raise BackgroundRequestException(f"{what} failed: {last_line(message or '')}")
    return status.lower() == "finished"


def last_line(message: str) -> str:
    """Return what matters of a server's message, which may be the traceback of its worker.

    >>> last_line("Traceback:\\n  File ...\\nValueError: no frames\\n")
    'ValueError: no frames'
    """
    lines = [line for line in message.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "the server does not say why"
