"""The high-level client: tasks, jobs and users as objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client, Config, make_client

__all__ = ["Client", "Config", "make_client"]


def __getattr__(name: str) -> Any:
    # Later, because the modules of `api_client` need `core.transport` and the client needs them.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cvat_sdk.core import client

    return getattr(client, name)
