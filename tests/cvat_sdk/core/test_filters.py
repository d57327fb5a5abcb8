from __future__ import annotations

from typing import Any

import pytest

from cvat_sdk.core.filters import Condition, F, Filter, all_, any_, not_, query_of
from cvat_sdk.exceptions import ApiTypeError, ApiValueError

ID, NAME = {"var": "id"}, {"var": "name"}


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        (F.id == 5, {"==": [ID, 5]}),
        (F.id != 5, {"!": {"==": [ID, 5]}}),
        (F.id < 5, {"<": [ID, 5]}),
        (F.id <= 5, {"<=": [ID, 5]}),
        (F.id > 5, {">": [ID, 5]}),
        (F.id >= 5, {">=": [ID, 5]}),
        (F.id.one_of((1, 2)), {"in": [ID, [1, 2]]}),
        (F.name.contains("ca"), {"in": ["ca", NAME]}),
        (F.id.between(2, 4), {"<=": [2, ID, 4]}),
        (F.name.is_set(), NAME),
        (F["a.b"] == 1, {"==": [{"var": "a.b"}, 1]}),
        (~(F.id == 5), {"!": {"==": [ID, 5]}}),
        (not_(F.name.is_set()), {"!": NAME}),
        (F.id.is_set() & F.name.is_set(), {"and": [ID, NAME]}),
        (F.id.is_set() | F.name.is_set(), {"or": [ID, NAME]}),
        (F.id.is_set() & NAME & '{"var": "x"}', {"and": [ID, NAME, {"var": "x"}]}),
        (F.id.is_set() & (F.name.is_set() | ID), {"and": [ID, {"or": [NAME, ID]}]}),
        (all_(ID), ID),
        (all_(ID, F.name.is_set()), {"and": [ID, NAME]}),
        (any_(ID, all_(ID, NAME)), {"or": [ID, {"and": [ID, NAME]}]}),
        (Filter('{"var": "id"}'), ID),
    ],
)
def test_python_becomes_json_logic(built: Filter, expected: dict[str, Any]) -> None:
    assert built.to_json_logic() == expected


@pytest.mark.parametrize(
    ("condition", "error", "message"),
    [
        (5, ApiTypeError, "5 is not a filter"),
        ("[1]", ApiTypeError, "is not a filter"),
        ("id > 5", ApiValueError, "is not JSON"),
    ],
)
def test_what_is_no_condition_is_refused(
    condition: Condition, error: type[Exception], message: str
) -> None:
    for combine in (Filter, not_, all_, any_):
        with pytest.raises(error, match=message):
            combine(condition)  # type: ignore[operator]


def test_nothing_cannot_be_combined_and_a_field_is_no_key() -> None:
    with pytest.raises(ValueError, match="no condition"):
        all_()
    with pytest.raises(ValueError, match="no condition"):
        any_()
    with pytest.raises(TypeError, match="unhashable"):
        hash(F.id)
    with pytest.raises(AttributeError, match=r'F\["_id"\]'):
        F._id  # noqa: B018


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        ({}, {}),
        ({"name": "x", "filter": None}, {"name": "x"}),
        ({"filter": ""}, {}),
        ({"filter": "as it is"}, {"filter": "as it is"}),
        ({"filter": F.id > 5}, {"filter": '{">":[{"var":"id"},5]}'}),
        ({"filter": {"var": "id"}}, {"filter": '{"var":"id"}'}),
        ({"id__gt": 5, "sort": "id"}, {"sort": "id", "filter": '{">":[{"var":"id"},5]}'}),
        ({"id__lt": 5}, {"filter": '{"<":[{"var":"id"},5]}'}),
        ({"id__lte": 5}, {"filter": '{"<=":[{"var":"id"},5]}'}),
        ({"id__gte": 5}, {"filter": '{">=":[{"var":"id"},5]}'}),
        ({"id__ne": 5}, {"filter": '{"!":{"==":[{"var":"id"},5]}}'}),
        ({"id__in": (1, 2)}, {"filter": '{"in":[{"var":"id"},[1,2]]}'}),
        ({"name__contains": "a"}, {"filter": '{"in":["a",{"var":"name"}]}'}),
        ({"id__between": (2, 4)}, {"filter": '{"<=":[2,{"var":"id"},4]}'}),
        ({"name__isset": True}, {"filter": '{"var":"name"}'}),
        ({"name__isset": False}, {"filter": '{"!":{"var":"name"}}'}),
        ({"id__gt": 5, "filter": '{"var":"x"}'},
         {"filter": '{"and":[{">":[{"var":"id"},5]},{"var":"x"}]}'}),
        ({"id__maybe": 5}, {"id__maybe": 5}),
        ({"__gt": 5}, {"__gt": 5}),
    ],
)  # fmt: skip
def test_the_arguments_of_a_list_become_its_query(
    arguments: dict[str, Any], query: dict[str, Any]
) -> None:
    assert query_of(arguments) == query
