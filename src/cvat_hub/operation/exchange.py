"""The request that is being answered, as the log knows it: its id, and who sends it.

It follows a request into the threads that work for it, so that whatever they log can be found.
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass

_SANE = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass
class Exchange:
    """A request and its reply."""

    id: str
    user_id: int | None = None


current: ContextVar[Exchange | None] = ContextVar("current", default=None)


def choose_id(asked: str) -> str:
    """Return the id that the client asks for, if it can stand in a log, or else a new one.

    >>> choose_id("job-7.3")
    'job-7.3'
    >>> len(choose_id("two words"))
    16
    """
    return asked if _SANE.fullmatch(asked) else secrets.token_hex(8)


def request_id() -> str:
    """Return the id of the request that is being answered here; empty if there is none."""
    exchange = current.get()
    return exchange.id if exchange else ""


def note_user(user_id: int) -> None:
    """Remember who sends the request."""
    exchange = current.get()
    if exchange:
        exchange.user_id = user_id
