from __future__ import annotations

import random
from typing import Any

import pytest

from cvat_sdk.auto_annotation.pipeline.ids import Ids


@pytest.mark.parametrize(
    ("numbers", "spans"),
    [
        ([], []),
        ([7], [(7, 7)]),
        ([3, 1, 2], [(1, 3)]),
        ([1, 1, 2, 2], [(1, 2)]),
        ([1, 3, 4, 9], [(1, 1), (3, 4), (9, 9)]),
    ],
)
def test_numbers_are_kept_as_spans(numbers: list[int], spans: Any) -> None:
    ids = Ids(numbers)
    assert ids.spans == spans
    assert list(ids) == sorted(set(numbers))
    assert len(ids) == len(set(numbers))
    assert [number in ids for number in range(12)] == [number in numbers for number in range(12)]


def test_what_is_no_number_is_not_in_it() -> None:
    assert None not in Ids([1])


def test_sets_are_put_together() -> None:
    chance = random.Random(1)
    for _ in range(200):
        one, other = ({chance.randrange(40) for _ in range(12)} for _ in range(2))
        both = Ids(one) | Ids(other)
        assert set(both) == one | other
        assert both.spans == Ids(one | other).spans
