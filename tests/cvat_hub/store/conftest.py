"""What tests of the store begin with."""

from __future__ import annotations

import datetime

import pytest

from cvat_hub.store import Store, tasks, users


@pytest.fixture
def now() -> datetime.datetime:
    return datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)


@pytest.fixture
def user_id(store: Store, now: datetime.datetime) -> int:
    with store.write() as connection:
        return users.create(connection, "ada", "hash", now)


@pytest.fixture
def task_id(store: Store, user_id: int, now: datetime.datetime) -> int:
    return _new_task(store, user_id, now)


@pytest.fixture
def other_id(store: Store, user_id: int, now: datetime.datetime) -> int:
    """A second task."""
    return _new_task(store, user_id, now)


def _new_task(store: Store, user_id: int, now: datetime.datetime) -> int:
    values = {"name": "x", "owner_id": user_id, "bug_tracker": "", "subset": "", "segment_size": 0}
    with store.write() as connection:
        return tasks.add(connection, values, now)
