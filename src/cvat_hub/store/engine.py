"""The way to the database: SQLite in one file, or PostgreSQL.

On SQLite there is one writer at a time, and writers take turns in the order in which they came;
readers never wait for them (write-ahead log). A committed write survives the hub being killed at
any moment; a power cut may take the last moments, never half of a write.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, CursorResult, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from .checkpoints import Checkpoints
from .turns import Turns

_WAIT_SECONDS = 30
_MIGRATION_LOCK = 4_286_001
# Values stay out of error messages, and so out of the log: some are hashes of secrets.
_OPTIONS: dict[str, Any] = {"pool_size": 16, "max_overflow": 16, "hide_parameters": True}


class StoreError(Exception):
    """The database cannot be used; the message is one line for the user."""


class Store:
    """The database, for as long as a hub runs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turns: Turns | None = None
        self._checkpoints: Checkpoints | None = None
        self._writing = engine.execution_options(writes=True)
        if engine.dialect.name == "sqlite":
            self._reading = engine
            self._turns = Turns()
            self._checkpoints = Checkpoints(engine)
        else:
            self._reading = engine.execution_options(isolation_level="REPEATABLE READ")

    @property
    def is_shared(self) -> bool:
        """Whether other hubs may use the database at the same time."""
        return self._turns is None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the database, and changes nothing."""
        with self._reading.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that is committed at the end, or on an error leaves no trace."""
        with self._turns or nullcontext(), self._writing.begin() as connection:
            yield connection
        if self._checkpoints:
            self._checkpoints.note_commit()

    def close(self) -> None:
        """Close all connections."""
        if self._checkpoints:
            self._checkpoints.close()
        self._engine.dispose()


def open_store(url: str) -> Store:
    """Open the database, and create or migrate it where that is needed.

    Raises:
        StoreError: the address is wrong, or the database cannot be reached or migrated.
    """
    try:
        engine = _engine(url)
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(f"database: the address cannot be used: {_line(error)}") from None
    except ModuleNotFoundError as error:
        hint = "; pip install 'cvat-hub[postgresql]'" if error.name == "psycopg" else ""
        raise StoreError(f"database: {error.name} is not installed{hint}") from None
    except SQLAlchemyError as error:
        where = make_url(url).render_as_string(hide_password=True)
        raise StoreError(f"database {where}: {_line(error)}") from None
    return Store(engine)


def migrate(engine: Engine, version: str = "head") -> None:
    """Bring the tables of a database to a version."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.execution_options(writes=True, migrates=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    # The connection still has the settings of a migration.
    engine.dispose()


def inserted_id(result: CursorResult[Any]) -> int:
    """Return the number that the database gave to an inserted row."""
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def _engine(url: str) -> Engine:
    if _parsed(url).get_backend_name() != "sqlite":
        return create_engine(url, **_OPTIONS)
    engine = create_engine(url, **_OPTIONS, connect_args={"timeout": _WAIT_SECONDS})
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ValueError:
        # Its message would show a part of the address, which may be a part of the password.
        raise StoreError(
            "database: the address cannot be used: its port is not a number; "
            "in passwords, write : / @ and % as %3A %2F %40 and %25"
        ) from None


def _on_connect(connection: Any, _record: Any) -> None:
    # The driver's own idea of transactions would begin them too late.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-2000",
        # Otherwise a writer that nobody expects it of would do it, while others wait for it.
        "wal_autocheckpoint=0",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    raw: Any = connection.connection.driver_connection
    if options.get("migrates"):
        # A table that is made anew must not take along what refers to it.
        raw.execute("PRAGMA foreign_keys=OFF")
    # A transaction that reads first and writes later could not be granted the write at all.
    raw.execute("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")


def _line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split())
