"""Lists: pages, order, search, and filters, the same on both databases."""

from __future__ import annotations

import datetime
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from cvat_hub.routes import (
    invitations,
    jobs,
    labels,
    memberships,
    organizations,
    projects,
    requests,
    tasks,
    users,
)
from cvat_hub.store import jobs as store_jobs
from cvat_hub.store import tables

FIELDS = {
    "invitations": invitations.FIELDS,
    "jobs": jobs.FIELDS,
    "labels": labels.FIELDS,
    "memberships": memberships.FIELDS,
    "organizations": organizations.FIELDS,
    "projects": projects.FIELDS,
    "requests": requests.FIELDS,
    "tasks": tasks.FIELDS,
    "users": users.FIELDS,
}
BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
CATS, DOGS = ("red cat", "black cat", "cat 100%"), ("small dog", "dog_1", "dogs and cats")
NAMES = (*CATS, *DOGS)


@pytest.fixture(scope="module")
def listed(hub: Any) -> Any:
    """Somebody with six tasks, one a day, every second of them assigned and in a subset."""
    user, other = hub.new_user(), hub.new_user()
    for day, name in enumerate(NAMES):
        spec = {"name": name, "labels": [{"name": name}], "subset": "train" if day % 2 else ""}
        spec |= {"assignee_id": other.user_id} if day % 2 else {}
        task = user("POST", "tasks", spec).json
        created = {"created_date": BEGIN + datetime.timedelta(days=day)}
        this = tables.tasks.c.id == task["id"]
        with hub.store.write() as connection:
            connection.execute(update(tables.tasks).where(this).values(created))
            store_jobs.add(connection, task["id"], [(0, 0)], BEGIN)
    return user


def _ask(client: Any, kind: str, **query: Any) -> Any:
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in query.items()}
    return client("GET", f"{kind}?{urlencode(texts)}")


def _found(client: Any, **query: Any) -> set[str]:
    answer = _ask(client, "tasks", **query)
    assert answer.status == 200, answer.body
    return {task["name"] for task in answer.json["results"]}


def _rule(operator: str, name: str, value: Any) -> dict[str, Any]:
    return {operator: [{"var": name}, value]}


def _day(day: int) -> str:
    return f"2026-01-{day + 1:02}T00:00:00Z"


EVERY = set(NAMES)
ASSIGNED = {"black cat", "small dog", "dogs and cats"}
# What the filters of the official SDK send, and what other clients do.
FILTERS: list[tuple[Any, set[str]]] = [
    (_rule("==", "name", "red cat"), {"red cat"}),
    ({"!": _rule("==", "name", "red cat")}, EVERY - {"red cat"}),
    (_rule("!=", "name", "red cat"), EVERY - {"red cat"}),
    (_rule("in", "name", ["red cat", "dog_1", "?"]), {"red cat", "dog_1"}),
    (_rule("in", "name", []), set()),
    ({"in": ["CAT", {"var": "name"}]}, {*CATS, "dogs and cats"}),
    ({"in": ["%", {"var": "name"}]}, {"cat 100%"}),
    ({"in": ["_", {"var": "name"}]}, {"dog_1"}),
    ({"in": ["26-01-02", {"var": "created_date"}]}, {"black cat"}),
    ({"<=": [_day(1), {"var": "created_date"}, _day(2)]}, {"black cat", "cat 100%"}),
    ({"<": [_day(1), {"var": "created_date"}, _day(3)]}, {"cat 100%"}),
    (_rule("<", "created_date", _day(1)), {"red cat"}),
    (_rule(">=", "created_date", "2026-01-05"), {"dog_1", "dogs and cats"}),
    (_rule(">", "created_date", "2026-01-06T01:00:00+02:00"), {"dogs and cats"}),
    ({">": [_day(1), {"var": "created_date"}]}, {"red cat"}),
    (_rule("==", "created_date", _day(0)), {"red cat"}),
    (_rule("<", "id", 2**70), EVERY),
    (_rule(">", "id", -(2**70)), EVERY),
    (_rule("==", "id", 2**70), set()),
    ({"var": "assignee"}, ASSIGNED),
    ({"!": {"var": "assignee"}}, EVERY - ASSIGNED),
    (_rule("==", "assignee", None), EVERY - ASSIGNED),
    ({"!": _rule("==", "assignee", None)}, ASSIGNED),
    (_rule("!=", "assignee", None), ASSIGNED),
    ({"!": _rule("==", "assignee", "nobody")}, EVERY),
    (_rule("!=", "assignee", "nobody"), EVERY),
    ({"!": _rule("in", "assignee", ["nobody"])}, EVERY),
    ({"var": "subset"}, ASSIGNED),
    ({"!": {"var": "subset"}}, EVERY - ASSIGNED),
    ({"var": "project_id"}, set()),
    ({"and": [{"var": "subset"}, {"in": ["dog", {"var": "name"}]}]}, ASSIGNED - {"black cat"}),
    ({"or": [_rule("==", "name", "dog_1"), {"var": "subset"}]}, ASSIGNED | {"dog_1"}),
    ({"!": {"or": [{"var": "subset"}, {"in": ["cat", {"var": "name"}]}]}}, {"dog_1"}),
    ({"and": [{"or": [{"and": [{"!": {"!": {"var": "subset"}}}]}]}]}, ASSIGNED),
    ({"and": []}, EVERY),
    ({"or": []}, set()),
    ({"or": [_rule("==", "id", number) for number in range(99)]}, None),
]


@pytest.mark.parametrize(
    ("rule", "names"),
    FILTERS,
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
def test_a_filter_finds(listed: Any, rule: Any, names: set[str] | None) -> None:
    found = _found(listed, filter=rule)
    assert names is None or found == names


@pytest.mark.parametrize(
    "rule",
    [
        "{",
        "[]",
        "null",
        "[" * 10_000,
        {},
        {"==": [{"var": "name"}, "a"], "!=": [{"var": "name"}, "a"]},
        {"or": [{"var": "id"}] * 1500},
        {"and": {"and": {"and": [1]}}},
        {"!": []},
        {"!": [{"var": "id"}, {"var": "id"}]},
        {"var": "colour"},
        {"var": ["name", "x"]},
        {"xor": [{"var": "id"}]},
        {"==": []},
        {"==": ["name", "x"]},
        {"<": [1, 2, 3]},
        {"==": [{"var": "id"}, {"var": "id"}]},
        _rule("==", "name", 1),
        _rule("==", "id", "1"),
        _rule("==", "id", 1.5),
        _rule("==", "id", True),
        _rule("<", "id", None),
        _rule("in", "id", ["1"]),
        _rule("in", "id", "1"),
        {"in": [1, {"var": "name"}]},
        {"in": ["x" * 300, {"var": "name"}]},
        _rule(">", "created_date", "yesterday"),
        _rule(">", "created_date", 1),
        _rule(">", "created_date", "0001-01-01T00:00:00+14:00"),
        _rule(">", "created_date", "9999-12-31T23:59:59-14:00"),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_a_filter_that_makes_no_sense_is_refused(listed: Any, rule: Any) -> None:
    answer = _ask(listed, "tasks", filter=rule)
    assert answer.status == 400, answer.body


def test_a_filter_that_is_too_deep_is_refused(listed: Any) -> None:
    rule: Any = {"var": "id"}
    for depth in range(30):
        assert _ask(listed, "tasks", filter=rule).status == (200 if depth <= 20 else 400), depth
        rule = {"!": rule}


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("cat", {*CATS, "dogs and cats"}),
        ("CAT", {*CATS, "dogs and cats"}),
        ("cat dog", {"dogs and cats"}),
        ("dog,cat", {"dogs and cats"}),
        (" and  ", {"dogs and cats"}),
        ("100%", {"cat 100%"}),
        ("g_1", {"dog_1"}),
        ("train black", {"black cat"}),
        ("annotation", EVERY),
        ("no such words", set()),
        (" ", EVERY),
        ("", EVERY),
    ],
)
def test_a_search_finds_every_word_in_some_field(listed: Any, words: str, names: set[str]) -> None:
    assert _found(listed, search=words) == names


@pytest.mark.parametrize("words", ["x" * 257, " ".join(map(str, range(33))), "a" * 60_000])
def test_a_search_for_too_much_is_refused(listed: Any, words: str) -> None:
    assert list(_ask(listed, "tasks", search=words).json) == ["search"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"name": "red cat"}, {"red cat"}),
        ({"subset": "train"}, ASSIGNED),
        ({"subset": "train", "name": "black cat"}, {"black cat"}),
        ({"status": "annotation"}, EVERY),
        ({"status": "completed"}, set()),
        ({"mode": ""}, EVERY),
        ({"dimension": "2d"}, EVERY),
        ({"dimension": "3d"}, set()),
        ({"project_id": "7"}, set()),
        ({"id": "-1"}, set()),
        ({"created_date": "2026-01-01T00:00:00Z"}, {"red cat"}),
        ({"no_such_field": "x"}, EVERY),
    ],
)
def test_a_plain_parameter_narrows(listed: Any, query: dict[str, str], names: set[str]) -> None:
    assert _found(listed, **query) == names


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("tasks", {"id": "x"}),
        ("tasks", {"id": "1.5"}),
        ("tasks", {"id": ""}),
        ("tasks", {"created_date": "yesterday"}),
        ("users", {"is_active": "maybe"}),
        ("tasks", {"sort": "colour"}),
        ("tasks", {"sort": "--name"}),
        ("tasks", {"sort": "name,,id"}),
        ("users", {"sort": "password_hash"}),
        ("users", {"filter": {"var": "password_hash"}}),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(
    listed: Any, kind: str, query: dict[str, str]
) -> None:
    assert _ask(listed, kind, **query).status == 400


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, name) for kind, fields in FIELDS.items() for name in fields.columns]
)
def test_every_list_is_sorted_by_every_field(listed: Any, kind: str, field: str) -> None:
    """One way is the other way round, but for rows that are equal: those are newest first.

    A row without a value comes after all others, as on real servers.
    """
    up, down = (_ask(listed, kind, sort=sort) for sort in (field, f"-{field}"))
    assert (up.status, down.status) == (200, 200), (up.body, down.body)
    assert up.json["count"] == down.json["count"]
    assert _ask(listed, kind, sort=",".join([field] * 4000)).json["results"] == up.json["results"]
    if kind == "tasks":
        records = {task["id"]: task for task in up.json["results"]}
        values = {number: _value(task, field) for number, task in records.items()}
        known = sorted({value for value in values.values() if value is not None})
        ranks = {
            number: len(known) if v is None else known.index(v) for number, v in values.items()
        }
        upward = sorted(records, key=lambda number: (ranks[number], -number))
        downward = sorted(records, key=lambda number: (-ranks[number], -number))
        assert [task["id"] for task in up.json["results"]] == upward
        assert [task["id"] for task in down.json["results"]] == downward


def _value(task: dict[str, Any], field: str) -> Any:
    value = task[{"tracker_link": "bug_tracker"}.get(field, field)]
    return value["username"] if isinstance(value, dict) else value


@pytest.mark.parametrize(
    ("size", "expected"),
    [("2", 2), ("1", 1), ("1000", 6), ("5000", 6), ("all", 6), ("0", 6), ("-1", 6), ("x", 6)],
)
def test_a_page_has_the_wanted_size(listed: Any, size: str, expected: int) -> None:
    assert len(_ask(listed, "tasks", page_size=size).json["results"]) == expected


def test_pages_neither_overlap_nor_leave_anything_out(listed: Any) -> None:
    """Even where rows are equal in what they are sorted by."""
    for sort in ("subset", "-status", "dimension", "assignee"):
        found, address = [], f"tasks?page_size=1&sort={sort}"
        while address:
            page = listed("GET", address).json
            assert page["count"] == len(NAMES)
            found += [task["name"] for task in page["results"]]
            address = page["next"]
        assert sorted(found) == sorted(NAMES)


def _json() -> Any:
    names = st.sampled_from([*tasks.FIELDS.columns, "colour", ""])
    values = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=8),
        st.datetimes().map(str),
        st.builds(lambda name: {"var": name}, names),
    )
    operators = st.sampled_from(
        ["and", "or", "!", "!!", "==", "!=", "<", "<=", ">", ">=", "in", "var", "if", ""]
    )
    return st.recursive(
        values,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(operators, st.one_of(inner, st.lists(inner, max_size=3)), max_size=2),
        ),
        max_leaves=12,
    )


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rule=_json(), kind=st.sampled_from(sorted(FIELDS)))
@example(rule={"==": [{"var": "name"}, "a\0b"]}, kind="tasks")
@example(rule={"in": ["\0", {"var": "name"}]}, kind="tasks")
@example(rule={"in": [{"var": "id"}, [1] * 25_000]}, kind="tasks")
@example(rule={"in": ["1", {"var": "id"}]}, kind="tasks")
def test_no_filter_is_a_failure(listed: Any, rule: Any, kind: str) -> None:
    query = urlencode({"filter": json.dumps(rule, separators=(",", ":"))}, safe='{}[]":,')
    assert listed("GET", f"{kind}?{query}").status in (200, 400)
