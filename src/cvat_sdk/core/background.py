"""Waiting for what the server does in the background: when to look, and what the answer means."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from cvat_sdk.exceptions import BackgroundRequestException

# A wait is a third of the time waited before, so that what is soon done is soon seen.
_FIRST_WAIT_S = 0.02
_GROWTH = 1.5


def polls(period_s: float, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Yield forever; the waits in between grow until they are `period_s` seconds long."""
    wait = min(_FIRST_WAIT_S, period_s)
    while True:
        yield
        sleep(wait)
        wait = min(period_s, wait * _GROWTH)


def wait_until_finished(
    look: Callable[[], tuple[str, str | None]],
    *,
    what: str,
    period_s: float,
    sleep: Callable[[float], None],
    logger: logging.Logger,
) -> None:
    """Look until the server is done, and log when what it tells has changed.

    Args:
        look: asks the server, and returns status and message.

    Raises:
        BackgroundRequestException: it has failed.
    """
    told = None
    for _ in polls(period_s, sleep=sleep):
        status, message = state = look()
        if state != told:
            logger.info("%s: %s %s", what, status, message or "")
            told = state
        if is_finished(status, message, what=what):
            return


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
