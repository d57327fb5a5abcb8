"""A hub at work: its settings, its store, its pixels, and what it does in the background."""

from __future__ import annotations

import datetime
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .attempts import Attempts
from .data_folder import DataFolder
from .data_folder import HubError as HubError
from .folder_pixels import FolderPixels
from .functions.bells import Bells
from .functions.keeper import Keeper
from .functions.notices import Listener
from .functions.own_tasks import OwnTasks
from .functions.presence import Presence
from .functions.queue import Queue
from .functions.waiting import Desk
from .operation.metrics import Metrics
from .passwords import Passwords
from .pixels import Pixels
from .preparation import Preparation
from .settings import Settings
from .store import Store, open_store, users
from .store.sweeping import sweep_leftovers

Clock = Callable[[], datetime.datetime]


@dataclass(frozen=True)
class Hub:
    """What the routes work with."""

    settings: Settings
    store: Store
    pixels: Pixels
    preparation: Preparation
    passwords: Passwords
    clock: Clock
    queue: Queue
    presence: Presence
    new_admin_password: str = ""
    metrics: Metrics = field(default_factory=Metrics)
    attempts: Attempts = field(default_factory=Attempts)
    desk: Desk = field(default_factory=Desk)


def utc_now() -> datetime.datetime:
    """Return the time of day."""
    return datetime.datetime.now(datetime.UTC)


@contextmanager
def open_hub(settings: Settings, clock: Clock = utc_now) -> Iterator[Hub]:
    """Open the data folder and the database, go on with what was interrupted, and close all.

    `new_admin_password` is set on the hub if an admin was created with a password made up here.

    Raises:
        HubError: the data folder cannot be used, is used by a hub that doesn't share it, or
            belongs to another database.
        StoreError: the database cannot be used.
    """
    passwords = Passwords()
    with ExitStack() as stack:
        folder = stack.enter_context(DataFolder(settings.data_dir))
        with folder.starting(shared=settings.shares_data) as alone:
            store = open_store(settings.database_url)
            stack.callback(store.close)
            folder.belong_to(store)
            sweep_leftovers(store, clock())
            made_up = _first_admin(settings, store, passwords, clock())
            pixels = FolderPixels(settings.data_dir)
            stack.callback(pixels.close)
            preparation = Preparation(store, pixels, settings.preparations, clock)
            stack.callback(preparation.stop)
            if alone:
                preparation.sweep()
        preparation.start()
        started = clock() if alone else None
        presence = Presence(settings.agent_alive_seconds, settings.lease_seconds, started)
        queue = Queue(store, Bells(), OwnTasks(store, pixels), settings, clock)
        _keep(stack, Keeper(queue, presence))
        if store.is_shared:
            _keep(stack, Listener(settings.database_url, queue.bells))
        yield Hub(settings, store, pixels, preparation, passwords, clock, queue, presence, made_up)


def _keep(stack: ExitStack, worker: Keeper | Listener) -> None:
    """Start a worker, which stops when the hub is closed."""
    worker.start()
    stack.callback(worker.stop)


def _first_admin(
    settings: Settings, store: Store, passwords: Passwords, now: datetime.datetime
) -> str:
    """Create `admin` if there is nobody yet, and return the password if it was made up here."""
    with store.read() as connection:
        if users.count(connection):
            return ""
    made_up = "" if settings.admin_password else secrets.token_urlsafe(12)
    if made_up:
        _write_secret(settings.data_dir / "admin-password.txt", made_up)
    password_hash = passwords.hash(settings.admin_password or made_up)
    with store.write() as connection:
        users.create(connection, "admin", password_hash, now, is_admin=True)
    return made_up


def _write_secret(path: Path, secret: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret + "\n")
