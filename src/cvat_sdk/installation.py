"""Whether the official packages lie in the same environment.

They own the same import names: installed together, each overwrites files of the other.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from pathlib import Path

_OFFICIAL = ("cvat_sdk", "cvat_cli")


def official_packages(folders: Iterable[str]) -> list[str]:
    """Return the official packages that are installed in the folders, with their versions."""
    return sorted(
        "-".join(found.name.removesuffix(".dist-info").split("_", 1))
        for folder in folders
        for name in _OFFICIAL
        for found in Path(folder or ".").glob(f"{name}-*.dist-info")
    )


def warn_of_official_packages() -> None:
    """Warn with the command that mends the environment, if there is something to mend."""
    found = official_packages(sys.path)
    if found:
        warnings.warn(
            f"{' and '.join(found)} lies in the environment of cvat-hub, which provides the same"
            " modules: files of both are mixed up. To mend it: pip uninstall -y cvat-sdk cvat-cli"
            " && pip install --force-reinstall --no-deps cvat-hub",
            RuntimeWarning,
            stacklevel=3,
        )
