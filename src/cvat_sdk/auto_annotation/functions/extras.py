"""Libraries that come with extras of the package."""

from __future__ import annotations

import importlib
from typing import Any

from cvat_sdk.exceptions import MissingExtraError


def load(module: str, *, extra: str) -> Any:
    """Return the module, imported now.

    Raises:
        MissingExtraError: it is not installed; the message has the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not f"{module}.".startswith(f"{error.name}."):
            raise
        raise MissingExtraError(
            f"this function needs {error.name}, which is not installed:"
            f" pip install 'cvat-hub[{extra}]'"
        ) from error
