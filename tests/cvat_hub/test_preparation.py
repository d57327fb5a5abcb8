"""Preparations that are killed or fail at any step, and what is made of them afterwards."""

from __future__ import annotations

import datetime
import errno
import io
import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cvat_hub import folder_pixels, preparation
from cvat_hub.folder_pixels import FolderPixels
from cvat_hub.hub import utc_now
from cvat_hub.media.manifest import Manifest
from cvat_hub.preparation import Preparation
from cvat_hub.settings import Settings
from cvat_hub.store import Store, jobs, open_store, requests, tasks, users

prepare_module = sys.modules["cvat_hub.media.prepare"]
NOW = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
FRAMES = 5


class Killed(BaseException):
    """Ends the preparation where it stands, as far as a test can without ending the process."""


# Every step that leaves something behind: where its function is looked up, and its name.
STEPS: list[tuple[Any, str]] = [
    (requests, "start"),
    (preparation, "prepare"),
    (prepare_module, "ZipChunk"),
    (Manifest, "save"),
    (prepare_module, "_sync"),
    (prepare_module, "sync"),
    (tasks, "lock"),
    (tasks, "add_data"),
    (tasks, "change"),
    (jobs, "add"),
    (requests, "finish"),
    (FolderPixels, "adopt"),
    (folder_pixels, "sync"),
    (FolderPixels, "forget_uploads"),
]
MOMENTS = [(where, name, late) for where, name in STEPS for late in (False, True)]
NAMES = [f"{'after' if late else 'before'} {name}" for _, name, late in MOMENTS]


class Bench:
    """A task with uploads and a queued request, and hubs' preparations that come and go."""

    def __init__(self, store: Store, folder: Path, photo: Callable[..., bytes]) -> None:
        self.store, self.folder = store, folder
        self.photos = [photo(number) for number in range(FRAMES)]
        values = {"name": "x", "bug_tracker": "", "subset": "", "segment_size": 2, "overlap": None}
        with store.write() as connection:
            self.user_id = users.create(connection, secrets.token_hex(8), "hash", NOW)
            self.task_id = tasks.add(connection, values | {"owner_id": self.user_id}, NOW)
        uploads = FolderPixels(folder).uploads(self.task_id)
        for number, body in enumerate(self.photos):
            uploads.save(f"{number}.jpg", io.BytesIO(body))
        self.request_id = self.ask()

    def ask(self) -> str:
        with self.store.write() as connection:
            options = {"chunk_size": 2}
            return requests.queue_creation(connection, self.task_id, self.user_id, options, NOW)

    @contextmanager
    def hub(self) -> Iterator[Preparation]:
        pixels = FolderPixels(self.folder)
        running = Preparation(self.store, pixels, 1, utc_now)
        try:
            yield running
        finally:
            running.stop()
            pixels.close()

    def request(self) -> requests.Request:
        with self.store.read() as connection:
            found = requests.get(connection, self.request_id)
        assert found
        return found

    def finished(self) -> requests.Request:
        while (found := self.request()).status in requests.UNFINISHED:
            pass
        return found

    def is_served(self) -> bool:
        """Whether the task has frames; if it says so, each of them must be there."""
        with self.store.read() as connection:
            task = tasks.get(connection, self.task_id)
        assert task
        if task.data is None:
            return False
        reader = FolderPixels(self.folder).reader(task.data.id)
        bodies = [reader.frame(number, "original").body for number in range(task.data.size)]
        assert bodies == self.photos
        return True

    def left(self) -> list[str]:
        return [
            path.relative_to(self.folder).as_posix()
            for name in ("data", "uploads")
            for path in (self.folder / name).glob("*")
        ]


@pytest.fixture(scope="module")
def store(
    new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """One database for all, as each bench has a task of its own and leaves no request undone."""
    folder = tmp_path_factory.mktemp("store")
    opened = open_store(Settings(data_dir=folder, database=new_database()).database_url)
    yield opened
    opened.close()


@pytest.fixture
def bench(store: Store, tmp_path: Path, photo: Callable[..., bytes]) -> Bench:
    return Bench(store, tmp_path / "hub", photo)


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Callable[..., threading.Event]:
    """Makes the first call of a function raise, before or after it does its work."""

    def make(where: Any, name: str, late: bool, error: BaseException) -> threading.Event:
        happened = threading.Event()
        real = getattr(where, name)

        def faulty(*args: Any, **named: Any) -> Any:
            if happened.is_set():
                return real(*args, **named)
            if late:
                real(*args, **named)
            happened.set()
            raise error

        monkeypatch.setattr(where, name, faulty)
        return happened

    return make


@pytest.mark.parametrize(("where", "name", "late"), MOMENTS, ids=NAMES)
def test_a_preparation_killed_at_any_step_is_whole_after_the_next_start(
    bench: Bench, fault: Callable[..., threading.Event], where: Any, name: str, late: bool
) -> None:
    happened = fault(where, name, late, Killed())
    with bench.hub() as running:
        running.submit(bench.request_id)
        assert happened.wait(30)
    served = bench.is_served()
    assert served == (bench.request().status == "finished")
    with bench.hub() as running:
        running.sweep()
        running.take_over()
        assert bench.finished().status == "finished"
    assert bench.is_served()
    assert len(bench.left()) == 1


@pytest.mark.parametrize(("where", "name", "late"), MOMENTS, ids=NAMES)
def test_a_preparation_that_fails_at_any_step_says_so_or_is_done(
    bench: Bench, fault: Callable[..., threading.Event], where: Any, name: str, late: bool
) -> None:
    fault(where, name, late, OSError(errno.ENOSPC, "No space left on device"))
    with bench.hub() as running:
        running.submit(bench.request_id)
        found = bench.finished()
    assert bench.is_served() == (found.status == "finished")
    if found.status == "failed":
        assert found.message == "The hub failed on this data (OSError)."
        bench.ask()
        with bench.hub() as running:
            running.take_over()
            assert bench.finished().status == "finished"
        assert bench.is_served()


def test_of_several_hubs_one_prepares(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    working, go_on, calls = threading.Event(), threading.Event(), []
    real = preparation.prepare

    def slow(*args: Any) -> Manifest:
        calls.append(args)
        working.set()
        assert go_on.wait(30)
        return real(*args)

    monkeypatch.setattr(preparation, "prepare", slow)
    with bench.hub() as first, bench.hub() as second:
        first.submit(bench.request_id)
        assert working.wait(30)
        second.take_over()
        first.take_over()
        second._workers.submit(lambda: None).result(30)
        go_on.set()
        assert bench.finished().status == "finished"
    assert len(calls) == 1
    assert bench.is_served()


def test_a_preparation_that_was_stopped_is_begun_anew(bench: Bench) -> None:
    with bench.hub() as running:
        running.submit(bench.request_id)
    assert bench.request().status in ("queued", "started", "finished")
    with bench.hub() as running:
        running.take_over()
        assert bench.finished().status == "finished"
    assert bench.is_served()


def test_data_that_ends_the_hub_each_time_is_given_up(bench: Bench) -> None:
    lock = bench.folder / "data" / f"preparing-{bench.task_id}.lock"
    lock.write_bytes(b"..")
    with bench.hub() as running:
        running.sweep()
        assert lock.exists()
        lock.write_bytes(b"...")
        running.take_over()
        found = bench.finished()
    assert (found.status, found.message) == ("failed", "This data has ended the hub 3 times.")
    assert not lock.exists()


def test_a_task_deleted_meanwhile_leaves_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, done = preparation.prepare, threading.Event()

    def deleted(*args: Any) -> Manifest:
        manifest = real(*args)
        with bench.store.write() as connection:
            task = tasks.get(connection, bench.task_id)
            assert task
            assert tasks.remove(connection, task, NOW).data_id is None
        done.set()
        return manifest

    monkeypatch.setattr(preparation, "prepare", deleted)
    with bench.hub() as running:
        running.submit(bench.request_id)
        assert done.wait(30)
    assert bench.left() == []


def test_another_hubs_leavings_are_looked_for_now_and_then(bench: Bench) -> None:
    pixels = FolderPixels(bench.folder)
    running = Preparation(bench.store, pixels, 1, utc_now, look_seconds=0.001)
    with bench.store.write() as connection:
        requests.fail(connection, bench.request_id, "gone for now", NOW)
    running.start()
    bench.ask()
    assert bench.finished().status == "finished"
    running.stop()


def test_a_request_that_is_done_stays_as_it_is(bench: Bench) -> None:
    with bench.store.write() as connection:
        requests.finish(connection, bench.request_id, NOW)
        requests.fail(connection, bench.request_id, "too late", NOW)
    assert (bench.request().status, bench.request().message) == ("finished", "")


def test_uploads_outlast_a_power_cut(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that the next start reads is synced: bodies, journal, and the folders' lists."""
    synced: set[Path] = set()
    monkeypatch.setattr("cvat_hub.media.uploads.sync", synced.add)
    uploads = FolderPixels(bench.folder).uploads(bench.task_id)
    uploads.settle()
    assert synced == {*uploads.path.iterdir(), uploads.path, uploads.path.parent}
    monkeypatch.setattr("cvat_hub.media.uploads._SYNCED_SINGLY", FRAMES - 1)
    all_at_once: list[str] = []
    monkeypatch.setattr("os.sync", lambda: all_at_once.append("all"))
    uploads.settle()
    assert all_at_once == ["all"]
