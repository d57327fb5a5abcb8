"""What a user is told when something goes wrong: one line that names the place and the way out."""

from __future__ import annotations

import json
import traceback
from typing import Any

from cvat_sdk.exceptions import (
    ApiException,
    BadFunctionError,
    CvatSdkException,
    ForbiddenException,
    NotFoundException,
    UnauthorizedException,
)


class CommandError(Exception):
    """A command cannot be carried out; the message is one line for the user."""


def explain(error: BaseException) -> str:
    """Return one line for the user about an error that ended a command."""
    parts = [_describe(error), *getattr(error, "__notes__", ())]
    return " ".join("; ".join(parts).split())


def server_says(error: ApiException) -> str:
    """Return what the server gave as the reason of its refusal.

    >>> server_says(ApiException(400, "Bad Request", body='{"name": ["This field is required."]}'))
    'name: This field is required.'
    """
    try:
        said = _flatten(json.loads(error.body))
    except ValueError:
        said = ""
    return said or str(error.reason or "no reason given")


def _describe(error: BaseException) -> str:
    match error:
        case CommandError():
            return str(error)
        case UnauthorizedException():
            return f"the server refuses the login or the access token: {server_says(error)}"
        case ForbiddenException():
            return f"this user may not do that: {server_says(error)}"
        case NotFoundException():
            return f"the server has no such object, or hides it: {server_says(error)}"
        case ApiException():
            return f"the server answers {error.status}: {server_says(error)}"
        case BadFunctionError():
            return f"bad function: {error}"
        case CvatSdkException():
            return str(error)
        case OSError() if error.filename is not None:
            return f"{error.filename}: {error.strerror}"
        case OSError() if str(error):
            return str(error)
        case _:
            return _unexpected(error)


def _unexpected(error: BaseException) -> str:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return what
    return f"{what} ({frames[-1].filename}, line {frames[-1].lineno}; --debug shows all)"


def _flatten(value: Any) -> str:
    if isinstance(value, dict):
        plain = {"detail", "non_field_errors", "message"}
        return "; ".join(
            _flatten(item) if name in plain else f"{name}: {_flatten(item)}"
            for name, item in value.items()
        )
    if isinstance(value, list):
        return "; ".join(map(_flatten, value))
    return str(value)
