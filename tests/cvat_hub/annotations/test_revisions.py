"""Two writers don't silently overwrite each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest


@pytest.fixture
def items(painted: Any) -> dict[str, Any]:
    """A tag, a shape and a track, as they were written."""
    tag = {"label_id": painted.labels["plain"]["id"], "frame": 1}
    answer = painted.create(tags=[tag], shapes=[painted.shape()], tracks=[painted.track()])
    return {kind: answer.json[kind] for kind in ("tags", "shapes", "tracks")}


def _with(items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {kind: [item | fields for item in found] for kind, found in items.items()}


def _without_revision(items: dict[str, Any]) -> dict[str, Any]:
    return {
        kind: [{name: item[name] for name in item if name != "revision"} for item in found]
        for kind, found in items.items()
    }


def _revisions(body: Any) -> list[int]:
    return [item["revision"] for kind in ("tags", "shapes", "tracks") for item in body[kind]]


def test_every_update_counts_up(painted: Any, items: dict[str, Any]) -> None:
    assert _revisions(items) == [1, 1, 1]
    for revision in (2, 3):
        answer = painted.update(**items)
        assert answer.status == 200
        assert _revisions(answer.json) == _revisions(painted.read()) == [revision] * 3
        items = {kind: answer.json[kind] for kind in items}
    assert painted.read()["shapes"] == items["shapes"]


@pytest.mark.parametrize("action", ["update", "delete"])
@pytest.mark.parametrize("revision", [2, 10**9])
def test_another_revision_is_a_conflict(
    painted: Any, items: dict[str, Any], action: str, revision: int
) -> None:
    before = painted.state()
    one_late = items | {"shapes": [items["shapes"][0] | {"revision": revision}]}
    answer = getattr(painted, action)(**one_late)
    assert answer.status == 409
    number = items["shapes"][0]["id"]
    assert answer.json["detail"].endswith(f"read them again: shapes {number}")
    assert answer.json["changed"] == {"shapes": [number]}
    assert painted.state() == before


@pytest.mark.parametrize("action", ["update", "delete"])
@pytest.mark.parametrize("given", ["none", "null", "the same", "with a point"])
def test_who_brings_none_or_the_same_is_let_through(
    painted: Any, items: dict[str, Any], action: str, given: str
) -> None:
    painted.update(**items)
    sent = {
        "none": _without_revision(items),
        "null": _with(items, revision=None),
        "the same": _with(items, revision=2),
        "with a point": _with(items, revision=9.0),
    }[given]
    assert getattr(painted, action)(**sent).status == 200
    assert _revisions(painted.read()) == ([3] * 3 if action == "update" else [])


def test_what_is_gone_already_is_no_conflict(painted: Any, items: dict[str, Any]) -> None:
    for _ in range(2):
        assert painted.delete(**items).status == 200
    assert painted.update(**items).status == 400


def test_new_ones_begin_at_one_whatever_they_bring(painted: Any, items: dict[str, Any]) -> None:
    bringing = _with(items, revision=7)
    assert _revisions(painted.create(**bringing).json) == [1, 1, 1]
    assert _revisions(painted.client("PUT", painted.path, bringing).json) == [1, 1, 1]


def test_of_two_who_change_the_same_revision_one_is_told(
    painted: Any, items: dict[str, Any]
) -> None:
    def change(group: int) -> int:
        return int(painted.update(**_with(items, group=group)).status)

    with ThreadPoolExecutor(4) as threads:
        statuses = sorted(threads.map(change, range(4)))
    assert statuses == [200, 409, 409, 409]
    assert _revisions(painted.read()) == [2, 2, 2]
