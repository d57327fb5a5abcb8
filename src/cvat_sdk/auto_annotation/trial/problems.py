"""What is wrong with a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cvat_sdk.exceptions import BadFunctionError


@dataclass(frozen=True)
class Problem:
    """A rule that a function breaks, or, as a warning, something that users will not like.

    Attributes:
        rule: which part of the protocol it is about, as "spec", "detect" or "batch".
        problem: what is wrong, and where.
        hint: what to do.
    """

    rule: str
    problem: str
    hint: str = ""
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.level}: {self.rule}: {self.problem}" + (f" ({self.hint})" * bool(self.hint))


def told(error: Exception) -> str:
    """Return an error of a function as text, with the line of the function that it comes from."""
    if isinstance(error, BadFunctionError):
        return str(error)
    name = type(error).__name__
    what = f"{name}: {error}" if str(error) else name
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None:
        return what
    return f"{what} ({trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno})"
