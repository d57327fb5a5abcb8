"""Serving a function to others: an agent takes requests off a server's queue and answers them.

`run_agent` is the front door, `register` makes a function known to a server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cvat_agent.failures import IncompatibleFunctionError, WorkerStartError
    from cvat_agent.registration import register
    from cvat_agent.running import run_agent

__all__ = ["IncompatibleFunctionError", "WorkerStartError", "register", "run_agent"]

_PLACES = {
    "IncompatibleFunctionError": "failures",
    "WorkerStartError": "failures",
    "register": "registration",
    "run_agent": "running",
}


def __getattr__(name: str) -> Any:
    # Later: who only wants to know whether there are agents needs no processes and no figures.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
