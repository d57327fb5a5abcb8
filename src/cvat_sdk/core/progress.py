"""How far a long piece of work has come: the interface, and a reporter that says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class ProgressReporter:
    """Told about the progress of one task after the other.

    To write one, override `start2`, `advance`, `report_status` and `finish`. Those who report use
    `task`, which calls `start2` and `finish`.
    """

    @contextmanager
    def task(self, **kwargs: Any) -> Iterator[None]:
        """Report one task: `start2(**kwargs)` at the start of the block, `finish()` at its end."""
        self.start2(**kwargs)
        try:
            yield
        finally:
            self.finish()

    def start(self, total: int, *, desc: str | None = None) -> None:
        """The older form of `start2`, still overridden by some reporters."""
        raise NotImplementedError

    def start2(
        self,
        total: int,
        *,
        desc: str | None = None,
        unit: str = "it",
        unit_scale: bool = False,
        unit_divisor: int = 1000,
        **kwargs: Any,
    ) -> None:
        """A task begins.

        Args:
            total: how many units of work it has.
            desc: what it is, for people.
            unit: the unit's name; `unit_scale` asks for prefixes (k, M, ...), each `unit_divisor`
                times the one before.
        """
        self.start(total, desc=desc)

    def report_status(self, progress: int) -> None:
        """So many units are done since the start."""
        raise NotImplementedError

    def advance(self, delta: int) -> None:
        """So many more units are done."""
        raise NotImplementedError

    def finish(self) -> None:
        """The task has ended, well or not."""
        raise NotImplementedError

    def iter(self, iterable: Iterable[T]) -> Iterable[T]:
        """Hand on the items of `iterable`, each as a unit of the task that is being reported."""
        for item in iterable:
            yield item
            self.advance(1)


class BaseProgressReporter(ProgressReporter):
    """A base for reporters that refuses tasks within tasks, which none can show."""

    def __init__(self) -> None:
        self._in_progress = False

    def start(self, total: int, *, desc: str | None = None) -> None:
        self.start2(total, desc=desc)

    def start2(
        self,
        total: int,
        *,
        desc: str | None = None,
        unit: str = "it",
        unit_scale: bool = False,
        unit_divisor: int = 1000,
        **kwargs: Any,
    ) -> None:
        if self._in_progress:
            raise RuntimeError("a task is being reported already; finish() it first")
        self._in_progress = True

    def report_status(self, progress: int) -> None:
        """Overridden by those who show it."""

    def advance(self, delta: int) -> None:
        """Overridden by those who show it."""

    def finish(self) -> None:
        self._in_progress = False


class NullProgressReporter(BaseProgressReporter):
    """Takes all reports and shows none."""
