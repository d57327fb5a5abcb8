"""Auto-annotation of images and videos in the CVAT ecosystem: the SDK.

The names below are loaded when they are first used, so that importing one part costs one part.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from cvat_sdk.installation import warn_of_official_packages
from cvat_sdk.version import VERSION as __version__

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client, Config, make_client

_HOMES = {
    "Client": "cvat_sdk.core.client",
    "Config": "cvat_sdk.core.client",
    "make_client": "cvat_sdk.core.client",
}
warn_of_official_packages()

__all__ = ["Client", "Config", "__version__", "make_client"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
