"""Every refusal of the hub, and the one place that says what a client may see of an error.

Refusal
├── BadRequest       400
├── Unauthorized     401
├── Forbidden        403
├── NotFound         404
├── NotAllowed       405
├── TooSlow          408
├── Conflict         409
├── TooLarge         413
├── WrongType        415
├── TooMany          429
├── Failed           500
├── Unavailable      503
└── NoAnswer         504
"""

from __future__ import annotations

import logging
import re
from typing import Any, ClassVar

import msgspec
from sqlalchemy.exc import DataError, IntegrityError

from cvat_hub.media.errors import MediaError, UploadConflict

from .operation.exchange import request_id
from .replies import Reply, json_reply

log = logging.getLogger("cvat_hub")
MEANWHILE = "Somebody else changed this meanwhile; try again."


class Refusal(Exception):
    """A request that is answered with an error; `body` is what the client reads."""

    status: ClassVar[int] = 400
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, body: Any) -> None:
        super().__init__(body)
        self.body = body


class BadRequest(Refusal):
    """What was sent is wrong: a list of messages, or messages by field."""

    def __init__(self, body: Any) -> None:
        super().__init__([body] if isinstance(body, str) else body)


class _Told(Refusal):
    """A refusal of which the client reads one sentence."""

    sentence: ClassVar[str] = ""

    def __init__(self, sentence: str = "") -> None:
        super().__init__({"detail": sentence or self.sentence})


class Unauthorized(_Told):
    status = 401
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Token"}
    sentence = "Authentication credentials were not provided."


class Forbidden(_Told):
    status = 403
    sentence = "You do not have permission to perform this action."


class NotFound(_Told):
    status = 404
    sentence = "Not found."


class NotAllowed(_Told):
    status = 405


class TooSlow(_Told):
    status = 408
    # What may still come of the body is not to be taken for another request.
    headers: ClassVar[dict[str, str]] = {"Connection": "close"}


class Conflict(_Told):
    status = 409


class TooLarge(_Told):
    status = 413


class WrongType(_Told):
    status = 415


class TooMany(_Told):
    """Something was tried too often; it may be tried again in so many seconds."""

    status = 429

    def __init__(self, seconds: int) -> None:
        plural = "" if seconds == 1 else "s"
        super().__init__(f"Request was throttled. Expected available in {seconds} second{plural}.")
        self.seconds = seconds


class Failed(_Told):
    """What somebody else did for the hub came to nothing; the hub itself is well."""

    status = 500


class Unavailable(_Told):
    status = 503


class NoAnswer(_Told):
    status = 504


def at(path: list[str | int], message: str) -> BadRequest:
    """Return the refusal of one value somewhere in a body, in the form that CVAT's clients know.

    >>> at(["shapes", 1, "points"], "too few").body
    {'shapes': [{}, {'points': ['too few']}]}
    """
    body: Any = [message]
    for step in reversed(path):
        body = {step: body} if isinstance(step, str) else [{}] * step + [body]
    return BadRequest(body)


def invalid(error: msgspec.ValidationError, above: list[str | int] | None = None) -> BadRequest:
    """Return the refusal of a body that doesn't have the expected form."""
    message, _, place = str(error).partition(" - at `$")
    steps: list[str | int] = [
        int(index) if index else name for name, index in _STEP.findall(place.rstrip("`"))
    ]
    missing = _MISSING.match(message)
    if missing:
        steps.append(missing[1])
        message = "This field is required."
    return at([*(above or []), *steps], message)


_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")
_MISSING = re.compile(r"Object missing required field `(\w+)`")


def reply_to(error: Exception) -> Reply:
    """Return what a client sees of an error; one that nobody expected goes to the log."""
    match error:
        case TooMany():
            return json_reply(error.body, error.status, {"Retry-After": str(error.seconds)})
        case Refusal():
            return json_reply(error.body, error.status, error.headers)
        case UploadConflict():
            return json_reply({"detail": str(error)}, 409)
        case MediaError():
            return json_reply([str(error)], 400)
        case msgspec.ValidationError():
            return reply_to(invalid(error))
        case msgspec.DecodeError() | UnicodeDecodeError():
            return json_reply({"detail": f"JSON parse error - {error}"}, 400)
        case RecursionError():
            # Nothing of ours goes that deep by itself.
            return json_reply({"detail": "JSON parse error - it is nested too deeply"}, 400)
        case DataError():
            return json_reply(["a value cannot be stored"], 400)
        case IntegrityError():
            # Of two writers at a time, the second finds the world changed since it looked.
            return json_reply({"detail": MEANWHILE}, 409)
    log.error("unexpected error", exc_info=error)
    told = f"The hub failed on this request; its log says why, at {request_id() or 'this time'}."
    return json_reply({"detail": told}, 500)
