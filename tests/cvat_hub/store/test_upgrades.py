"""A database of an earlier version, with rows, works after the upgrade.

Whoever adds a migration adds the rows that it may harm to `ROWS`, as its predecessor kept them, and
to `CHECKS` what is to be true of them afterwards.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable

import pytest
from sqlalchemy import MetaData, create_engine, insert, select, text
from sqlalchemy.exc import IntegrityError

from cvat_hub.store import Store, function_requests, functions, named_writes, open_store, tasks
from cvat_hub.store import annotations as stored
from cvat_hub.store.annotations import Item, Known
from cvat_hub.store.engine import migrate
from cvat_hub.store.hidden import clear
from cvat_hub.store.named_writes import NamedWrite, WriteName
from cvat_hub.store.numbers import reserve_ids
from cvat_hub.store.sweeping import sweep_leftovers
from cvat_hub.store.tables import metadata

NOW = datetime.datetime(2026, 1, 31, 12)
AWARE = NOW.replace(tzinfo=datetime.UTC)
DATES = {"created_date": NOW, "updated_date": NOW}
USER = {
    "id": 1,
    "username": "ada",
    "email": "ada@example.com",
    "first_name": "Ada",
    "last_name": "L",
    "password_hash": "hash",
    "is_admin": True,
    "is_active": True,
    "date_joined": NOW,
}
DATA = {
    "id": 1,
    "kind": "images",
    "size": 4,
    "chunk_size": 72,
    "image_quality": 70,
    "start_frame": 0,
    "stop_frame": 3,
    "frame_filter": "",
    "original_chunk_type": "imageset",
    "compressed_chunk_type": "imageset",
    "deleted_frames": [2],
    "updated_date": NOW,
}
TASK = {"id": 1, "name": "x", "owner_id": 1, "data_id": 1, "bug_tracker": "", "subset": ""}
JOB = {"id": 1, "task_id": 1, "start_frame": 0, "stop_frame": 3, "stage": "annotation"}
LABEL = {"id": 1, "task_id": 1, "name": "car", "color": "#fff", "type": "any", "svg": ""}
ATTRIBUTE = {
    "id": 1,
    "label_id": 1,
    "name": "colour",
    "mutable": False,
    "input_type": "select",
    "default_value": "red",
    "values": ["red", "blue"],
}
ANNOTATIONS = [
    {
        "id": number,
        "task_id": 1,
        "kind": kind,
        "frame": number % 4,
        "label_id": 1,
        "payload": b'{"frame":%d}' % (number % 4),
    }
    for number, kind in ((1, "tags"), (2, "shapes"), (2**40, "tracks"))
]
REQUEST = {
    "id": "action=create&target=task&target_id=1",
    "type": "create:task",
    "target": "task",
    "owner_id": 1,
    "task_id": 1,
    "status": "finished",
    "message": "",
    "progress": 1.0,
    "options": {},
    "created_date": NOW,
}

HIDDEN = {"task_id": 1, "first_frame": 0, "last_frame": 2**31 - 1, "created_date": NOW}

# The rows that a version kept: by its number, and by table in the order in which they are added.
ROWS: dict[str, dict[str, list[dict[str, object]]]] = {
    "0001": {
        "users": [USER],
        "data": [DATA],
        "tasks": [TASK | DATES | {"segment_size": 4}],
        "jobs": [JOB | DATES | {"state": "new"}],
        "labels": [LABEL],
        "attributes": [ATTRIBUTE],
        "annotations": ANNOTATIONS,
        "requests": [REQUEST],
    },
    "0003": {
        "users": [USER],
        "data": [DATA],
        "tasks": [TASK | DATES | {"segment_size": 4}],
        "annotations": [row | {"revision": row["id"] % 7} for row in ANNOTATIONS],
        # One was coming when its hub was killed, another was leaving.
        "hidden_annotations": [
            HIDDEN | {"incoming": True, "first_id": 1, "last_id": 1},
            HIDDEN | {"incoming": False, "first_id": 2, "last_id": 9},
        ],
    },
    "0004": {
        "users": [USER],
        "data": [DATA],
        "tasks": [TASK | DATES | {"segment_size": 4}],
        "annotations": [row | {"revision": 1} for row in ANNOTATIONS],
        "named_writes": [
            {
                "task_id": 1,
                "user_id": 1,
                "key": "k",
                "body_hash": "h",
                "ids": [[1, 2]],
                "created_date": NOW,
            }
        ],
    },
}


def _annotations_are_read_and_changed(store: Store) -> None:
    with store.write() as connection:
        found = json.loads(b"".join(stored.read(connection, 1, None)))
        assert found["tracks"] == [{"id": 2**40, "revision": 1, "frame": 0}]
        assert [len(found[kind]) for kind in stored.KINDS] == [1, 1, 1]
        stored.replace(connection, 1, [Item("shapes", 3, 1, b"{ }", 2, revision=2)])
        stored.remove(connection, 1, [1])
        everything = [1, 2, 2**40]
        assert stored.known(connection, 1, everything, None) == {
            2: Known("shapes", 2, 2),
            2**40: Known("tracks", 1, 2**40),
        }
        assert clear(connection, 1, (3, 3), AWARE) == []
        assert stored.known(connection, 1, everything, None) == {2**40: Known("tracks", 1, 2**40)}


def _new_numbers_are_new(store: Store) -> None:
    with store.write() as connection:
        [first, *_] = reserve_ids(connection, 3)
        stored.add(connection, 1, [Item("shapes", 0, 1, b"{ }", first)])
        assert stored.known(connection, 1, [first], None) == {first: Known("shapes", 1, first)}


def _every_row_is_there(store: Store) -> None:
    with store.read() as connection:
        for name, rows in ROWS["0001"].items():
            table = metadata.tables[name]
            found = connection.execute(select(table)).mappings().all()
            assert len(found) == len(rows)
            for row in rows:
                same = {key: row[key] for key in row if not isinstance(row[key], datetime.datetime)}
                assert any(same.items() <= dict(other).items() for other in found), (name, row)


def _a_deleted_task_takes_everything_with_it(store: Store) -> None:
    with store.write() as connection:
        task = tasks.get(connection, 1)
        assert task
        tasks.remove(connection, task, AWARE)
        for name in ("jobs", "labels", "attributes", "annotations", "requests"):
            assert not connection.execute(select(metadata.tables[name])).first(), name


def _what_was_hidden_stays_hidden(store: Store) -> None:
    left = {2**40: Known("tracks", 2**40 % 7, 2**40)}
    with store.read() as connection:
        assert stored.known(connection, 1, [1, 2, 2**40], None) == left
    sweep_leftovers(store, AWARE.replace(year=2027))
    with store.read() as connection:
        assert stored.known(connection, 1, [1, 2, 2**40], None) == left
        for name in ("annotations", "hidden_annotations"):
            found = connection.execute(select(metadata.tables[name])).all()
            assert len(found) == (name == "annotations")


def _a_named_write_is_remembered(store: Store) -> None:
    with store.read() as connection:
        known = named_writes.find(connection, WriteName(1, 1, "k"))
        assert known == NamedWrite("h", [(1, 2)])
        found = json.loads(b"".join(stored.read_of_ids(connection, 1, known.ids)))
    assert [len(found[kind]) for kind in stored.KINDS] == [1, 1, 0]


def _functions_can_be_registered_and_asked(store: Store) -> None:
    row = {"provider": "native", "name": "f", "kind": "detector", "visibility": "private"}
    with store.write() as connection:
        rest = {"spec": {"labels_v2": []}, "owner_id": 1, "organization_id": None}
        number = functions.add(connection, row | rest, AWARE)
        asked = {"key": "k", "function_id": number, "category": "batch", "type": "annotate_task"}
        asked |= {"user_id": 1, "task_id": 1, "params": {"task": 1}, "turn": 1}
        function_requests.add(connection, asked, AWARE)
        found = function_requests.next_for(connection, number, "batch", "a", [])
        assert found
        assert (found.key, found.params) == ("k", {"task": 1})
        assert function_requests.is_busy(connection, 1)
    with pytest.raises(IntegrityError), store.write() as connection:
        function_requests.add(connection, asked | {"key": "other"}, AWARE)


# What is true of a database of a version after the upgrade: each is tried on one of its own.
CHECKS: dict[str, list[Callable[[Store], None]]] = {
    "0001": [
        _every_row_is_there,
        _annotations_are_read_and_changed,
        _new_numbers_are_new,
        _a_deleted_task_takes_everything_with_it,
    ],
    "0003": [_what_was_hidden_stays_hidden, _new_numbers_are_new],
    "0004": [
        _a_named_write_is_remembered,
        _new_numbers_are_new,
        _functions_can_be_registered_and_asked,
    ],
}


@pytest.mark.parametrize(
    ("version", "check"),
    [(version, check) for version, checks in CHECKS.items() for check in checks],
)
def test_an_earlier_database_works_after_the_upgrade(
    database_url: str, version: str, check: Callable[[Store], None]
) -> None:
    _fill(database_url, version)
    store = open_store(database_url)
    try:
        check(store)
    finally:
        store.close()


def _fill(database_url: str, version: str) -> None:
    """Make a database of an earlier version, with its rows."""
    engine = create_engine(database_url)
    migrate(engine, version)
    then = MetaData()
    then.reflect(engine)
    with engine.begin() as connection:
        for name, rows in ROWS[version].items():
            connection.execute(insert(then.tables[name]), rows)
        # So far, annotations have had these numbers.
        if connection.dialect.supports_sequences:
            connection.execute(text("SELECT setval('annotation_ids', 10)"))
        else:
            row = {"name": "annotation_ids", "last": 10}
            connection.execute(insert(then.tables["counters"]), row)
    engine.dispose()
