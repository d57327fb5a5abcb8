"""The settings of a hub: one table, from which flags, variables, help and the docs derive.

A field of `Settings` is an option: its name gives the flag (`--data-dir`) and the environment
variable (`CVAT_HUB_DATA_DIR`), its annotation the help. A flag wins over a variable, a variable
over the default. A secret has a variable only, as others can see the flags of a process.
"""

from __future__ import annotations

import argparse
import dataclasses
import ipaddress
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from .operation.logs import FORMATS, LEVELS

PREFIX = "CVAT_HUB_"
MiB = 1024 * 1024


class SettingsError(ValueError):
    """A setting cannot be used; the message is one line for the user."""


@dataclass(frozen=True)
class Settings:
    """How a hub runs."""

    data_dir: Annotated[Path, "folder of the database and the pixels"] = Path("cvat-hub-data")
    database: Annotated[
        str,
        "address of the database, `postgresql://...` or `sqlite:///...`; "
        "SQLite in the data folder unless given",
    ] = field(default="", repr=False)
    host: Annotated[str, "address to listen on"] = "127.0.0.1"
    port: Annotated[int, "port to listen on; 0 lets the system choose"] = 8080
    trusted_proxies: Annotated[
        str,
        "addresses and networks of the proxies whose `X-Forwarded-...` headers are believed, "
        "separated by commas",
    ] = ""
    max_json_bytes: Annotated[int, "the largest JSON body that is taken, in bytes"] = 512 * MiB
    max_upload_bytes: Annotated[
        int, "the largest file that is taken in pieces, and request of whole files, in bytes"
    ] = 2**36
    preparations: Annotated[int, "how many uploads are made ready at the same time"] = 2
    stop_seconds: Annotated[int, "how long running requests may go on when the hub stops"] = 10
    lease_seconds: Annotated[
        int, "an agent that is silent for so long loses its request, which is queued again"
    ] = 180
    lease_attempts: Annotated[int, "how many agents may lose a request before it fails"] = 3
    interactive_seconds: Annotated[
        int, "how long somebody waits for a function's answer at most"
    ] = 60
    agent_alive_seconds: Annotated[
        int, "how long after its last call an agent counts as running"
    ] = 75
    rebuild_seconds: Annotated[
        int, "how long a tracker's agent may take to come before another one takes over"
    ] = 5
    tracking_hours: Annotated[int, "how long an unused tracking state is kept"] = 8
    session_days: Annotated[int, "how long a login lasts"] = 14
    log_format: Annotated[str, "`text`, or `json`: one object per line"] = "text"
    log_level: Annotated[
        str, "what is logged: `debug`, `info` (each request), `warning` or `error`"
    ] = "info"
    admin_password: Annotated[
        str, "password of the first user, `admin`; made up and stored in the data folder if absent"
    ] = field(default="", repr=False, metadata={"secret": True})
    metrics_token: Annotated[
        str, "opens `/metrics` as a Bearer token; without it only admins may read them"
    ] = field(default="", repr=False, metadata={"secret": True})

    def __post_init__(self) -> None:
        for name in _CHECKS:
            _check(name, getattr(self, name), name)

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


def _between(least: int, most: int) -> Callable[[int], str]:
    return lambda value: (
        "" if least <= value <= most else f"{value} is not between {least} and {most}"
    )


def _one_of(words: Iterable[str]) -> Callable[[str], str]:
    listed = ", ".join(words)
    return lambda value: "" if value in words else f"{value!r} is not one of {listed}"


def _networks(value: str) -> str:
    for part in filter(None, value.split(",")):
        try:
            ipaddress.ip_network(part.strip())
        except ValueError as error:
            return f"{error}; give addresses or networks, separated by commas"
    return ""


# What is wrong with a value, by setting; empty if nothing is.
_CHECKS: Mapping[str, Callable[[Any], str]] = {
    "port": _between(0, 65535),
    "trusted_proxies": _networks,
    "max_json_bytes": _between(1, 2**40),
    "max_upload_bytes": _between(1, 2**50),
    "preparations": _between(1, 64),
    "stop_seconds": _between(0, 3600),
    "lease_seconds": _between(1, 86400),
    "lease_attempts": _between(1, 100),
    "interactive_seconds": _between(1, 3600),
    "agent_alive_seconds": _between(1, 86400),
    "rebuild_seconds": _between(0, 3600),
    "tracking_hours": _between(1, 8760),
    "session_days": _between(1, 3650),
    "log_format": _one_of(FORMATS),
    "log_level": _one_of(LEVELS),
}
_KINDS = {int: "a whole number", str: "text", Path: "a path"}
WHERE = ("data_dir", "database")


@dataclass(frozen=True)
class Option:
    """One setting, as its user meets it."""

    name: str
    kind: Any
    text: str
    default: Any
    secret: bool

    @property
    def flag(self) -> str:
        """The flag on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable.

        >>> next(options()).variable
        'CVAT_HUB_DATA_DIR'
        """
        return PREFIX + self.name.upper()

    def value(self, text: str, place: str) -> Any:
        """Return what a text means; `place` is where it was found.

        Raises:
            SettingsError: it means nothing.
        """
        try:
            value = self.kind(text)
        except ValueError:
            raise SettingsError(f"{place}: {text!r} is not {_KINDS[self.kind]}") from None
        _check(self.name, value, place)
        return value


def options() -> Iterator[Option]:
    """Return all settings."""
    hints = typing.get_type_hints(Settings, include_extras=True)
    for found in dataclasses.fields(Settings):
        kind, text = typing.get_args(hints[found.name])
        secret = found.metadata.get("secret", False)
        yield Option(found.name, kind, text, found.default, secret)


def add_arguments(parser: argparse.ArgumentParser, names: Iterable[str] = ()) -> None:
    """Give the parser a flag for each setting that is no secret, or for those of these names."""
    wanted = set(names)
    for option in options():
        if not option.secret and (not wanted or option.name in wanted):
            default = "" if option.default == "" else f"default: {option.default}; "
            parser.add_argument(
                option.flag,
                metavar=option.name.upper(),
                help=f"{option.text} ({default}${option.variable})".replace("`", ""),
            )
    if not wanted:
        parser.epilog = "Secrets come from the environment alone: " + ", ".join(
            f"${option.variable} ({option.text})".replace("`", "")
            for option in options()
            if option.secret
        )


def from_arguments(arguments: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Return the settings that flags and variables make.

    Raises:
        SettingsError: a value cannot be used; it names the flag or the variable.
    """
    values: dict[str, Any] = {}
    for option in options():
        given = getattr(arguments, option.name, None)
        if given is not None:
            values[option.name] = option.value(given, option.flag)
        elif text := environment.get(option.variable):
            values[option.name] = option.value(text, f"${option.variable}")
    return Settings(**values)


def reference() -> str:
    """Return the table of all settings, in Markdown."""
    lines = ["| flag | variable | default | what it is |", "|---|---|---|---|"]
    for option in options():
        flag = "" if option.secret else f"`{option.flag}`"
        default = "" if option.default == "" else f"`{option.default}`"
        lines.append(f"| {flag} | `{option.variable}` | {default} | {option.text} |")
    return "\n".join(lines) + "\n"


def _check(name: str, value: Any, place: str) -> None:
    problem = _CHECKS[name](value) if name in _CHECKS else ""
    if problem:
        raise SettingsError(f"{place}: {problem}")
