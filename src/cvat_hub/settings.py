"""The settings of a hub: one table, from which flags, variables and help derive.

A field of `Settings` is an option: its name gives the flag (`--data-dir`) and the environment
variable (`CVAT_HUB_DATA_DIR`), its annotation the help. A flag wins over a variable, a variable
over the default.
"""

from __future__ import annotations

import argparse
import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

PREFIX = "CVAT_HUB_"
MiB = 1024 * 1024


class SettingsError(ValueError):
    """A setting cannot be used; the message is one line for the user."""


@dataclass(frozen=True)
class Settings:
    """How a hub runs."""

    host: Annotated[str, "address to listen on"] = "127.0.0.1"
    port: Annotated[int, "port to listen on; 0 lets the system choose"] = 8080
    data_dir: Annotated[Path, "folder of the database and the pixels"] = Path("cvat-hub-data")
    database: Annotated[
        str, "address of the database, postgresql://... or sqlite:///...; SQLite in the data folder"
    ] = ""
    max_json_bytes: Annotated[int, "the largest JSON body that is taken, in bytes"] = 512 * MiB
    max_upload_bytes: Annotated[
        int, "the largest file that is taken in pieces, and request of whole files, in bytes"
    ] = 2**36
    preparations: Annotated[int, "how many uploads are made ready at the same time"] = 2
    stop_seconds: Annotated[int, "how long running requests may go on when the hub stops"] = 10
    session_days: Annotated[int, "how long a login lasts"] = 14
    admin_password: Annotated[
        str, "password of the first user, `admin`; made up and stored in the data folder if absent"
    ] = field(default="", repr=False, metadata={"secret": True})

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise SettingsError(f"{name}: {value} is not between {least} and {most}")

    @property
    def database_url(self) -> str:
        """The address of the database, for SQLAlchemy."""
        if not self.database:
            return f"sqlite:///{self.data_dir / 'hub.sqlite3'}"
        scheme, colon, rest = self.database.partition("://")
        return ("postgresql+psycopg" if scheme in _POSTGRESQL else scheme) + colon + rest

    @property
    def shares_data(self) -> bool:
        """Whether several hubs may use the database, and so the data folder, at a time."""
        return self.database.partition("://")[0].startswith(_POSTGRESQL)


_POSTGRESQL = ("postgresql", "postgres")
_RANGES = {
    "port": (0, 65535),
    "max_json_bytes": (1, 2**40),
    "max_upload_bytes": (1, 2**50),
    "preparations": (1, 64),
    "stop_seconds": (0, 3600),
    "session_days": (1, 3650),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the parser a flag for each setting; secrets have none, as others could see them."""
    for option in dataclasses.fields(Settings):
        if not option.metadata.get("secret"):
            kind, text = _annotation(option.name)
            parser.add_argument(
                f"--{option.name.replace('_', '-')}",
                type=kind,
                metavar=option.name.upper(),
                help=f"{text} (default: {option.default}; ${variable(option.name)})",
            )
    parser.epilog = "Secrets come from the environment alone: " + ", ".join(
        f"${variable(option.name)} ({_annotation(option.name)[1]})"
        for option in dataclasses.fields(Settings)
        if option.metadata.get("secret")
    )


def from_arguments(arguments: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Return the settings that flags and variables make.

    Raises:
        SettingsError: a value cannot be used.
    """
    values: dict[str, Any] = {}
    for option in dataclasses.fields(Settings):
        given = getattr(arguments, option.name, None)
        if given is not None:
            values[option.name] = given
        elif environment.get(variable(option.name)):
            values[option.name] = _converted(option.name, environment[variable(option.name)])
    return Settings(**values)


def variable(name: str) -> str:
    """Return the environment variable of a setting.

    >>> variable("data_dir")
    'CVAT_HUB_DATA_DIR'
    """
    return PREFIX + name.upper()


def _converted(name: str, text: str) -> Any:
    kind, _ = _annotation(name)
    try:
        return kind(text)
    except ValueError:
        raise SettingsError(f"${variable(name)}: {text!r} is not of type {kind.__name__}") from None


def _annotation(name: str) -> tuple[Any, str]:
    kind, text = typing.get_args(_HINTS[name])
    return kind, text


_HINTS = typing.get_type_hints(Settings, include_extras=True)
