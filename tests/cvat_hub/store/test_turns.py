"""A lock that goes to whoever has waited longest."""

from __future__ import annotations

import threading

import pytest

from cvat_hub.store.turns import Turns


def test_turns_are_taken_in_the_order_of_coming() -> None:
    turns, order = Turns(), list[int]()

    def take(number: int) -> None:
        with turns:
            order.append(number)

    with turns:
        threads = []
        for number in range(8):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            while turns.waiting <= number:
                pass
    # Whoever let go of it is last, however quick.
    with turns:
        order.append(-1)
    for thread in threads:
        thread.join()
    assert order == [*range(8), -1]


def test_an_error_ends_a_turn() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns:
        raise ZeroDivisionError
    with turns:
        assert turns.waiting == 0
