"""Annotations whose label, or an attribute of it, goes: at once for all who look on."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from cvat_hub.store import Store, labelled, labels
from cvat_hub.store import annotations as stored
from cvat_hub.store.annotations import Item, Known
from cvat_hub.store.hidden import SLICE, Hidden
from cvat_hub.store.labels import Attribute, Home, Label
from cvat_hub.store.numbers import reserve_ids
from cvat_hub.store.sweeping import sweep, sweep_leftovers
from cvat_hub.store.tables import annotation_rows, hidden_annotations, projects, tasks

MANY = SLICE + 1
Date = datetime.datetime
Shown = list[tuple[int, int, list[int]]]


@pytest.fixture
def label(store: Store, task_id: int) -> Label:
    """A label with two attributes."""
    spec = [Attribute(name, False, "text", "", []) for name in ("one", "two")]
    with store.write() as connection:
        labels.add(connection, Home(task_id=task_id), Label("car", "#fff", "any", attributes=spec))
        return labels.of_task(connection, task_id)[0]


def _add(store: Store, task_id: int, label_id: int, attribute_ids: list[int], count: int) -> int:
    """Return the last of their ids."""
    values = [{"spec_id": number, "value": f'"spec_id":{number},'} for number in attribute_ids]
    payload = json.dumps({"frame": 0, "attributes": values}).encode()
    with store.write() as connection:
        ids = reserve_ids(connection, count)
        made = [Item("shapes", 0, label_id, payload, number) for number in ids]
        stored.add(connection, task_id, made)
    return ids[-1]


def _shown(store: Store, task_id: int) -> Shown:
    """Return of each annotation the id, the revision, and the attributes that have values."""
    with store.read() as connection:
        found = json.loads(b"".join(stored.read(connection, task_id, None)))["shapes"]
        ids = [one["id"] for one in found]
        revisions = {n: k.revision for n, k in stored.known(connection, task_id, ids, None).items()}
    assert revisions == {one["id"]: one["revision"] for one in found}
    return [
        (one["id"], one["revision"], [value["spec_id"] for value in one["attributes"]])
        for one in found
    ]


def _forget(store: Store, task_id: int, attribute_id: int, now: Date) -> list[Hidden]:
    with store.write() as connection:
        home = Home(task_id=task_id)
        return labelled.forget_attribute(connection, home, attribute_id, now)


def _hidden(store: Store) -> int:
    with store.read() as connection:
        query = select(func.count()).select_from(hidden_annotations)
        return connection.execute(query).scalar_one()


def test_a_label_that_goes_takes_its_annotations_along_at_once(
    store: Store, task_id: int, other_id: int, label: Label, now: Date
) -> None:
    _add(store, task_id, label.id, [], MANY)
    kept = _add(store, task_id, label.id + 1, [], 1)
    elsewhere = _add(store, other_id, label.id + 2, [], 1)
    with store.write() as connection:
        leaving = labelled.remove(connection, Home(task_id=task_id), label.id, now)
    for _ in range(2):
        assert _shown(store, task_id) == [(kept, 1, [])]
        assert _shown(store, other_id) == [(elsewhere, 1, [])]
        for found in leaving:
            sweep(store, found)
    with store.read() as connection:
        assert connection.execute(select(func.count(annotation_rows.c.id))).scalar_one() == 2
    assert _hidden(store) == 0


@pytest.mark.parametrize("swept", ["at once", "by the next hub"])
def test_an_attribute_that_goes_takes_its_values_along_at_once(
    store: Store, task_id: int, label: Label, now: Date, swept: str
) -> None:
    one, two = (attribute.id for attribute in label.attributes)
    last = _add(store, task_id, label.id, [one, two], MANY)
    without = _add(store, task_id, label.id, [two], 1)
    other_label = _add(store, task_id, label.id + 1, [one], 1)
    leaving = _forget(store, task_id, one, now)
    expected = [(number, 2, [two]) for number in range(last - MANY + 1, last + 1)]
    expected += [(without, 1, [two]), (other_label, 1, [one])]
    assert _shown(store, task_id) == expected
    if swept == "at once":
        for found in leaving:
            sweep(store, found)
    else:
        sweep_leftovers(store, now)
    assert _hidden(store) == 0
    assert _shown(store, task_id) == expected


def test_two_attributes_may_go_before_either_is_swept_up(
    store: Store, task_id: int, label: Label, now: Date
) -> None:
    one, two = (attribute.id for attribute in label.attributes)
    number = _add(store, task_id, label.id, [one, two], 1)
    leaving = _forget(store, task_id, one, now) + _forget(store, task_id, two, now)
    assert _shown(store, task_id) == [(number, 3, [])]
    for found in leaving:
        sweep(store, found)
        assert _shown(store, task_id) == [(number, 3, [])]


def test_two_attributes_may_be_swept_up_at_the_same_time(
    store: Store, task_id: int, label: Label, now: Date, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (attribute.id for attribute in label.attributes)
    number = _add(store, task_id, label.id, [one, two], 1)
    [first] = _forget(store, task_id, one, now)
    [second] = _forget(store, task_id, two, now)
    write = store.write

    def overtaken() -> Any:
        monkeypatch.setattr(store, "write", write)
        sweep(store, second)
        return write()

    monkeypatch.setattr(store, "write", overtaken)
    sweep(store, first)
    assert _hidden(store) == 0
    assert _shown(store, task_id) == [(number, 3, [])]


def test_what_is_changed_before_it_is_swept_up_stays(
    store: Store, task_id: int, label: Label, now: Date
) -> None:
    one, two = (attribute.id for attribute in label.attributes)
    number = _add(store, task_id, label.id, [one, two], 1)
    leaving = _forget(store, task_id, one, now)
    payload = json.dumps({"frame": 0, "attributes": []}).encode()
    with store.write() as connection:
        known = stored.known(connection, task_id, [number], None)
        assert known == {number: Known("shapes", 2, number)}
        changed = Item("shapes", 0, label.id, payload, number, 3, number)
        stored.replace(connection, task_id, [changed])
    for _ in range(2):
        assert _shown(store, task_id) == [(number, 3, [])]
        for found in leaving:
            sweep(store, found)


def test_a_label_of_a_project_goes_in_all_of_its_tasks(
    store: Store, task_id: int, other_id: int, now: Date
) -> None:
    with store.write() as connection:
        row = {"name": "p", "bug_tracker": "", "created_date": now, "updated_date": now}
        connection.execute(insert(projects).values(id=1, **row))
        connection.execute(update(tasks).values(project_id=1))
    for number in (task_id, other_id):
        _add(store, number, 5, [], 2)
    with store.write() as connection:
        leaving = labelled.remove(connection, Home(project_id=1), 5, now)
    assert _shown(store, task_id) == _shown(store, other_id) == []
    for found in leaving:
        sweep(store, found)
    assert _hidden(store) == 0
