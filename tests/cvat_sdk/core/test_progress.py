from __future__ import annotations

import io
from typing import Any

import pytest
import tqdm

from cvat_sdk.core.helpers import (
    DeferredTqdmProgressReporter,
    StreamWithProgress,
    TqdmProgressReporter,
)
from cvat_sdk.core.progress import BaseProgressReporter, NullProgressReporter, ProgressReporter


class OldReporter(ProgressReporter):
    """Overrides what reporters had before `start2`."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def start(self, total: int, *, desc: str | None = None) -> None:
        self.seen.append((total, desc))

    def advance(self, delta: int) -> None:
        self.seen.append(delta)

    def finish(self) -> None:
        self.seen.append("finish")


def test_a_reporter_of_the_older_kind_is_told_as_well() -> None:
    reporter = OldReporter()
    with reporter.task(total=2, desc="work", unit="B"):
        assert list(reporter.iter("ab")) == ["a", "b"]
    assert reporter.seen == [(2, "work"), 1, 1, "finish"]


def test_a_task_is_finished_even_if_it_fails() -> None:
    reporter = OldReporter()
    with pytest.raises(KeyError), reporter.task(total=1):
        raise KeyError
    assert reporter.seen[-1] == "finish"


def test_tasks_within_tasks_are_refused() -> None:
    reporter = NullProgressReporter()
    with reporter.task(total=1), pytest.raises(RuntimeError, match="finish"):
        reporter.start(1)
    reporter.start(1)


def _bar(file: io.StringIO) -> tqdm.tqdm[Any]:
    return tqdm.tqdm(file=file, mininterval=0, leave=True)


def test_a_bar_shows_what_is_reported() -> None:
    with _bar(io.StringIO()) as bar:
        reporter: BaseProgressReporter = TqdmProgressReporter(bar)
        with reporter.task(total=10, desc="work", unit="B", unit_scale=True):
            reporter.advance(3)
            reporter.report_status(7)
        assert (bar.n, bar.total, bar.desc, bar.unit) == (7, 10, "work", "B")
        with reporter.task(total=5, desc="more"):
            assert (bar.n, bar.total) == (0, 5)


def test_a_deferred_bar_exists_during_its_task_only() -> None:
    file = io.StringIO()
    reporter = DeferredTqdmProgressReporter({"file": file, "mininterval": 0})
    assert file.getvalue() == ""
    with reporter.task(total=4, desc="work"):
        reporter.advance(4)
    assert "work: 100%" in file.getvalue()
    reporter.advance(1)
    reporter.report_status(1)


def test_a_stream_reports_how_far_it_was_read() -> None:
    reporter = OldReporter()
    stream: Any = io.BytesIO(b"abcdef")
    reading = StreamWithProgress(stream, reporter)
    assert (len(reading), reading.read(4), reading.tell(), reading.read()) == (6, b"abcd", 4, b"ef")
    assert reporter.seen == [4, 2]
