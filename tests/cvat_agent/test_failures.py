from __future__ import annotations

import pytest

from cvat_agent import failures
from cvat_agent.failures import told_to_users
from cvat_sdk.exceptions import (
    ApiException,
    BadFunctionError,
    TransportError,
    UnsupportedDatasetError,
)

SECRET = 'File "/home/me/model.py", line 3, in detect: weights = load("/mnt/weights")'


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (failures.FunctionError(SECRET), "The function failed."),
        (failures.FunctionMemoryError(SECRET), "The function ran out of memory."),
        (BadFunctionError(SECRET), "The function returned something that breaks the rules"),
        (failures.WorkerDiedError(SECRET), "The process that runs the function ended"),
        (failures.WorkerStartError(SECRET), "The function cannot be loaded."),
        (UnsupportedDatasetError(SECRET), "The task's data cannot be read as images."),
        (TransportError(SECRET), "The agent cannot reach the server."),
        (ApiException(status=403, reason=SECRET), "The server refused what the agent needs"),
        (OSError(SECRET), "The agent failed unexpectedly."),
        (AssertionError(SECRET), "The agent failed unexpectedly."),
    ],
)
def test_users_are_told_the_kind_of_a_failure_alone(error: Exception, told: str) -> None:
    text = told_to_users(error)
    assert text.startswith(told)
    assert not any(word in text for word in ("/home", "/mnt", "model.py", "line 3"))


def test_who_asked_for_nonsense_is_told_what_it_is() -> None:
    assert told_to_users(failures.BadRequestError("no frame 9")) == "Invalid request: no frame 9"
