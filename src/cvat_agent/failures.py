"""What can go wrong with a request, and what users are told of it.

    AgentError
    ├── BadRequestError    the request makes no sense; the message is for users
    ├── FunctionError      the function raised something
    │   └── FunctionMemoryError (MemoryError)   it ran out of memory
    ├── WorkerDiedError    the process that runs the function has ended
    ├── WorkerStartError   the function cannot be loaded
    ├── IncompatibleFunctionError   it doesn't fit what was registered
    └── CancelledError     nobody wants the result any more

A function of somebody's machine is used by people who must not learn its paths and its code. So
they are told the kind of a failure; what really happened is in the agent's log.
"""

from __future__ import annotations

from cvat_sdk.exceptions import (
    ApiException,
    BadFunctionError,
    CvatSdkException,
    TransportError,
    UnsupportedDatasetError,
)


class AgentError(CvatSdkException):
    """The root of an agent's own errors."""


class BadRequestError(AgentError):
    """A request makes no sense. Users read the message: it tells of what they sent only."""


class FunctionError(AgentError):
    """The function raised an exception; the message is its traceback."""


class FunctionMemoryError(FunctionError, MemoryError):
    """The function ran out of memory."""


class WorkerDiedError(AgentError):
    """The process that runs the function has ended."""


class WorkerStartError(AgentError):
    """The function cannot be loaded."""


class IncompatibleFunctionError(AgentError):
    """The function is not the one that was registered."""


class CancelledError(AgentError):
    """The request was taken away, or the agent is to end."""


_TOLD: tuple[tuple[type[BaseException], str], ...] = (
    (FunctionMemoryError, "The function ran out of memory."),
    (FunctionError, "The function failed."),
    (BadFunctionError, "The function returned something that breaks the rules for functions."),
    (WorkerDiedError, "The process that runs the function ended unexpectedly."),
    (WorkerStartError, "The function cannot be loaded."),
    (UnsupportedDatasetError, "The task's data cannot be read as images."),
    (TransportError, "The agent cannot reach the server."),
)


def told_to_users(error: BaseException) -> str:
    """Return what users may know of a failure.

    >>> told_to_users(ValueError("/home/me/secret.py"))
    "The agent failed unexpectedly. The agent's log tells more."
    """
    if isinstance(error, BadRequestError):
        return f"Invalid request: {error}"
    if isinstance(error, ApiException):
        return f"The server refused what the agent needs (status {error.status})."
    text = next(
        (text for kind, text in _TOLD if isinstance(error, kind)), "The agent failed unexpectedly."
    )
    return f"{text} The agent's log tells more."
