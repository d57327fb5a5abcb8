"""A write that its client named is carried out once, however often it comes."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import update

from cvat_hub.store import tables
from cvat_hub.store.named_writes import KEPT, spans

MANY = 2500


def create(painted: Any, key: str, client: Any = None, path: str = "", **items: Any) -> Any:
    url = f"{path or painted.path}?action=create"
    return (client or painted.client)("PATCH", url, items, headers={"X-Idempotency-Key": key})


@pytest.mark.parametrize("count", [0, 1, MANY])
def test_a_write_that_comes_again_writes_nothing_and_is_answered_as_before(
    painted: Any, count: int
) -> None:
    items = {
        "shapes": [painted.shape(frame=n % 4, points=[n, 0, n + 1, 1]) for n in range(count)],
        "tags": [{"label_id": painted.labels["plain"]["id"], "frame": 3}],
    }
    first = create(painted, "one", **items)
    assert first.status == 200
    before = painted.state()
    assert create(painted, "one", **items).body == first.body
    assert painted.state() == before
    assert create(painted, "two", **items).status == 200
    assert len(painted.read()["shapes"]) == 2 * count


def test_of_many_that_come_at_a_time_one_is_carried_out(painted: Any) -> None:
    shapes = [painted.shape(points=[n, 0, n + 1, 1]) for n in range(MANY)]
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: create(painted, "one", shapes=shapes), range(3)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len(painted.read()["shapes"]) == MANY


def test_a_key_belongs_to_one_body_one_place_and_one_user(painted: Any, hub: Any) -> None:
    shape = painted.shape()
    assert create(painted, "one", shapes=[shape]).status == 200
    assert create(painted, "one", shapes=[shape, shape]).status == 409
    [job, _] = painted.jobs()
    in_job = f"jobs/{job}/annotations"
    assert create(painted, "one", path=in_job, shapes=[shape]).status == 409
    admin = hub.new_user(is_admin=True)
    assert create(painted, "one", admin, shapes=[shape]).status == 200
    assert create(painted, "two", path=in_job, shapes=[shape]).status == 200
    assert create(painted, "two", path=in_job, shapes=[shape]).status == 200
    assert len(painted.read()["shapes"]) == 3


def test_a_repeated_write_tells_what_is_left_of_what_it_made(painted: Any) -> None:
    shapes = [painted.shape(), painted.shape()]
    made = create(painted, "one", shapes=shapes).json["shapes"]
    painted.delete(shapes=made[:1])
    assert create(painted, "one", shapes=shapes).json["shapes"] == made[1:]
    assert painted.read()["shapes"] == made[1:]


def test_a_write_that_was_refused_can_be_sent_again(painted: Any) -> None:
    assert create(painted, "one", shapes=[painted.shape(frame=99)]).status == 400
    assert create(painted, "one", shapes=[painted.shape()]).status == 200


@pytest.mark.parametrize("key", ["", "two words", "x" * 129, "ü"])
def test_a_key_that_makes_no_sense_is_refused(painted: Any, key: str) -> None:
    answer = create(painted, key, shapes=[painted.shape()])
    assert answer.status == 400
    assert "visible characters" in answer.json[0]
    assert painted.read()["shapes"] == []


def test_who_may_not_write_is_not_told_what_others_wrote(painted: Any, hub: Any) -> None:
    create(painted, "one", shapes=[painted.shape()])
    assert create(painted, "one", hub.new_user(), shapes=[painted.shape()]).status == 404


def test_old_keys_are_forgotten_when_new_ones_come(painted: Any, hub: Any) -> None:
    create(painted, "old", shapes=[painted.shape()])
    earlier = datetime.datetime.now(datetime.UTC) - KEPT - datetime.timedelta(days=1)
    table = tables.named_writes
    of_task = table.c.task_id == painted.task["id"]
    with hub.store.write() as connection:
        connection.execute(update(table).where(of_task).values(created_date=earlier))
    create(painted, "new", shapes=[painted.shape()])
    create(painted, "old", shapes=[painted.shape()])
    assert len(painted.read()["shapes"]) == 3


def test_a_task_with_named_writes_can_be_deleted(painted: Any) -> None:
    create(painted, "one", shapes=[painted.shape()])
    assert painted.client("DELETE", f"tasks/{painted.task['id']}").status == 204


def test_the_hub_tells_how_long_it_remembers_keys(user: Any) -> None:
    assert user("GET", "server/about").json["idempotency_days"] == KEPT.days


@pytest.mark.parametrize(
    ("ids", "expected"),
    [([], []), ([1], [(1, 1)]), (range(5, 9), [(5, 8)]), ([1, 3], [(1, 1), (3, 3)])],
)
def test_ids_are_kept_as_spans(ids: Any, expected: list[tuple[int, int]]) -> None:
    assert spans(ids) == expected


@pytest.mark.parametrize("count", [0, 1, MANY])
def test_a_client_may_be_told_only_the_ids_of_what_it_made(painted: Any, count: int) -> None:
    shapes = [painted.shape(frame=n % 4, points=[n, 0, n + 1, 1]) for n in range(count)]
    tags = [{"label_id": painted.labels["plain"]["id"], "frame": 3}]
    answer = painted.client(
        "PATCH",
        f"{painted.path}?action=create",
        {"shapes": shapes, "tags": tags},
        headers={"Prefer": "return=minimal"},
    )
    assert answer.status == 200
    assert answer.headers["Preference-Applied"] == "return=minimal"
    there = painted.read()
    for kind in ("tags", "shapes", "tracks"):
        assert answer.json[kind] == [{"id": item["id"]} for item in by_id(there[kind])]


def by_id(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: item["id"])
