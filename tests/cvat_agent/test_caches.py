from __future__ import annotations

import pytest

from cvat_agent.caches import Cache


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dropped() -> list[str]:
    return []


@pytest.fixture
def cache(clock: Clock, dropped: list[str]) -> Cache[int, str]:
    return Cache(100, 10.0, clock, dropped.append)


def test_what_was_used_least_lately_is_dropped_first(
    cache: Cache[int, str], dropped: list[str]
) -> None:
    cache.put(1, "a", 40)
    cache.put(2, "b", 40)
    assert cache.get(1) == "a"
    cache.put(3, "c", 40)
    assert (dropped, cache.size, list(cache)) == (["b"], 80, [1, 3])


def test_what_nobody_asks_for_is_dropped(
    cache: Cache[int, str], clock: Clock, dropped: list[str]
) -> None:
    cache.put(1, "a", 1)
    cache.put(2, "b", 1)
    clock.now = 9.0
    assert cache.get(1) == "a"
    clock.now = 15.0
    assert (cache.get(2), cache.get(1), dropped) == (None, "a", ["b"])
    assert (cache.hits, cache.misses) == (2, 1)


def test_a_look_does_not_keep_a_value_young(cache: Cache[int, str], clock: Clock) -> None:
    cache.put(1, "a", 1)
    clock.now = 9.0
    assert 1 in cache
    clock.now = 11.0
    assert 1 not in cache


def test_what_is_too_large_is_not_kept(cache: Cache[int, str], dropped: list[str]) -> None:
    cache.put(1, "a", 10)
    cache.put(2, "b", 101)
    assert (dropped, len(cache), cache.size) == (["a", "b"], 0, 0)


def test_a_new_value_takes_the_place_of_the_old_one(
    cache: Cache[int, str], dropped: list[str]
) -> None:
    cache.put(1, "a", 10)
    cache.put(1, "b", 20)
    assert (cache.get(1), cache.size, dropped) == ("b", 20, ["a"])
    cache.clear()
    assert (cache.size, dropped) == (0, ["a", "b"])
