"""Auto-annotation of images and videos in the CVAT ecosystem: the SDK.

The names below are loaded when they are first used, so that importing one part costs one part.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from cvat_sdk.installation import warn_of_official_packages
from cvat_sdk.version import VERSION as __version__

if TYPE_CHECKING:
    from cvat_sdk.core.auth import (
        ClientAuthParameters,
        configure_client_auth_arguments,
        make_client_from_cli,
        make_client_from_profile,
    )
    from cvat_sdk.core.auth_store import AuthStore, ProfileEntry, get_auth_store_path
    from cvat_sdk.core.client import Client, Config, make_client

_HOMES = {
    "AuthStore": "cvat_sdk.core.auth_store",
    "Client": "cvat_sdk.core.client",
    "ClientAuthParameters": "cvat_sdk.core.auth",
    "Config": "cvat_sdk.core.client",
    "ProfileEntry": "cvat_sdk.core.auth_store",
    "configure_client_auth_arguments": "cvat_sdk.core.auth",
    "get_auth_store_path": "cvat_sdk.core.auth_store",
    "make_client": "cvat_sdk.core.client",
    "make_client_from_cli": "cvat_sdk.core.auth",
    "make_client_from_profile": "cvat_sdk.core.auth",
}
warn_of_official_packages()

__all__ = [
    "AuthStore",
    "Client",
    "ClientAuthParameters",
    "Config",
    "ProfileEntry",
    "__version__",
    "configure_client_auth_arguments",
    "get_auth_store_path",
    "make_client",
    "make_client_from_cli",
    "make_client_from_profile",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
