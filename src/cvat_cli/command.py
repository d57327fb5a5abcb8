"""What a command is."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client


@dataclass(frozen=True)
class Command:
    """A word of the command line.

    Attributes:
        text: what it does, for `--help`.
        add_arguments: gives its parser the arguments.
        execute: does it, through a client that is logged in.
    """

    name: str
    text: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    execute: Callable[[Client, argparse.Namespace], None]


@dataclass(frozen=True)
class LocalCommand:
    """A word of the command line that needs nobody to be logged in."""

    name: str
    text: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    execute: Callable[[argparse.Namespace], None]
