from __future__ import annotations

from itertools import islice

import pytest

from cvat_sdk.core.background import is_finished, last_line, polls
from cvat_sdk.exceptions import BackgroundRequestException


def test_looks_follow_each_other_soon_at_first() -> None:
    waits: list[float] = []
    list(islice(polls(0.07, sleep=waits.append), 6))
    assert waits == pytest.approx([0.02, 0.03, 0.045, 0.0675, 0.07])


def test_a_wait_is_at_most_half_of_the_time_before_it() -> None:
    waits: list[float] = []
    list(islice(polls(1000, sleep=waits.append), 25))
    assert all(wait < 0.021 + sum(waits[:i]) / 2 for i, wait in enumerate(waits))


@pytest.mark.parametrize(
    ("status", "finished"),
    [("queued", False), ("Started", False), ("finished", True), ("Finished", True)],
)
def test_new_and_old_servers_write_states_differently(status: str, finished: bool) -> None:
    assert is_finished(status, None, what="it") is finished


@pytest.mark.parametrize("status", ["failed", "Failed"])
def test_a_failure_is_raised(status: str) -> None:
    with pytest.raises(BackgroundRequestException, match="it failed: the server does not say why"):
        is_finished(status, None, what="it")


@pytest.mark.parametrize(
    ("message", "line"),
    [("a\nb\n\n", "b"), ("one", "one"), ("  \n", "the server does not say why")],
)
def test_of_a_traceback_the_last_line_matters(message: str, line: str) -> None:
    assert last_line(message) == line
