"""PostgreSQL may finish the last commit of a hub that is dead already, after the next has begun."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from cvat_hub.folder_pixels import FolderPixels
from cvat_hub.hub import Hub, open_hub, utc_now
from cvat_hub.media import Options, prepare
from cvat_hub.preparation import Preparation
from cvat_hub.settings import Settings
from cvat_hub.store import Store, open_store, requests, tasks


@pytest.fixture
def shared(postgresql_server: Any, tmp_path: Path) -> Settings:
    """Settings of hubs that share a database and a folder."""
    database = postgresql_server.new_database()
    return Settings(port=0, data_dir=tmp_path / "data", database=database, admin_password="a" * 9)


@dataclass
class Dying:
    """A hub that has prepared a task, and asked for the commit."""

    store: Store
    task_id: int
    commit: threading.Event

    def commit_when_awaited(self, other: Future[Any]) -> None:
        """Let the commit happen as soon as another hub waits for it, or doesn't."""
        waiting = sqlalchemy.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not other.done():
            with self.store.read() as connection:
                if connection.scalar(waiting):
                    break
        self.commit.set()


@pytest.fixture
def dying(
    shared: Settings,
    start: Any,
    new_task: Callable[..., Any],
    photo: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], Any]:
    """Enters with a dying hub, whose commit has happened at the end."""
    adopt = FolderPixels.adopt

    @contextmanager
    def make() -> Iterator[Dying]:
        with start(shared) as hub:
            user = hub.new_user()
            task_id = new_task(user, frames=0)["id"]
            url = f"tasks/{task_id}/data/"
            user("POST", url, headers={"Upload-Multiple": ""}, files={"a.jpg": photo()})
        store, pixels, commit = (
            open_store(shared.database_url),
            FolderPixels(shared.data_dir),
            threading.Event(),
        )
        adopted = threading.Event()

        def late(*args: Any) -> None:
            adopt(*args)
            adopted.set()
            assert commit.wait(30)

        with store.write() as connection:
            request_id = requests.queue_creation(connection, task_id, user.user_id, {}, utc_now())
        manifest = prepare(
            pixels.uploads(task_id), pixels.preparing(task_id), Options(), lambda _: None
        )
        preparation = Preparation(store, pixels, 1, utc_now)
        monkeypatch.setattr(FolderPixels, "adopt", late)
        # It is dead when it comes to that.
        monkeypatch.setattr(preparation._pixels, "forget_uploads", lambda _: None)
        with ThreadPoolExecutor(1) as pool:
            finishing = pool.submit(preparation._finish, request_id, task_id, manifest)
            assert adopted.wait(30)
            monkeypatch.setattr(FolderPixels, "adopt", adopt)
            try:
                yield Dying(store, task_id, commit)
            finally:
                commit.set()
                finishing.result()
                preparation.stop()
                store.close()

    return make


def _check(hub: Hub, task_id: int, photo: bytes) -> None:
    """Look whether the task is whole."""
    with hub.store.read() as connection:
        task = tasks.get(connection, task_id)
        assert tasks.job_counts(connection, [task_id])[task_id].count == 1
        assert not requests.unfinished(connection)
    assert task
    assert task.data
    assert hub.pixels.reader(task.data.id).frame(0, "original").body == photo


def test_a_hub_that_starts_waits_for_it_and_keeps_the_pixels(
    shared: Settings, dying: Any, photo: Callable[..., bytes]
) -> None:
    with dying() as dead, ThreadPoolExecutor(1) as pool:
        heir = open_hub(shared)
        opening = pool.submit(heir.__enter__)
        dead.commit_when_awaited(opening)
        hub = opening.result()
        try:
            _check(hub, dead.task_id, photo())
        finally:
            heir.__exit__(None, None, None)


def test_a_hub_that_takes_over_waits_for_it_and_does_nothing_twice(
    shared: Settings, dying: Any, photo: Callable[..., bytes]
) -> None:
    with dying() as dead, ThreadPoolExecutor(1) as pool:
        preparation = Preparation(dead.store, FolderPixels(shared.data_dir), 1, utc_now)
        taking = pool.submit(
            lambda: (preparation.take_over(), preparation._workers.submit(int).result())
        )
        dead.commit_when_awaited(taking)
        taking.result()
        preparation.stop()
    with open_hub(shared) as hub:
        _check(hub, dead.task_id, photo())
