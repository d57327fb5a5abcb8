import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cvat_hub.media.decoders import Decoders

A, B, C = Path("a"), Path("b"), Path("c")


class Video:
    """Stands for an open video; how many are open is counted."""

    open = 0
    most = 0

    def __init__(self) -> None:
        type(self).open += 1
        type(self).most = max(self.most, self.open)

    def close(self) -> None:
        type(self).open -= 1


@pytest.fixture
def start() -> Any:
    Video.open = Video.most = 0
    return Video


def test_the_video_of_a_folder_stays_open_for_the_next(start: Any) -> None:
    decoders = Decoders(2)
    with decoders.lent(A, start) as first:
        pass
    with decoders.lent(B, start) as other:
        assert other is not first
    with decoders.lent(A, start) as again:
        assert again is first


def test_the_one_used_longest_ago_makes_room(start: Any) -> None:
    decoders = Decoders(2)
    lent = {}
    for folder in (A, B, A, C):
        with decoders.lent(folder, start) as lent[folder]:
            pass
    with decoders.lent(A, start) as again:
        assert again is lent[A]
    with decoders.lent(B, start) as again:
        assert again is not lent[B]
    assert Video.most == 2


def test_one_that_failed_is_not_lent_again(start: Any) -> None:
    decoders = Decoders(1)
    with pytest.raises(OSError, match="broken"), decoders.lent(A, start):
        raise OSError("broken")
    assert Video.open == 0
    with decoders.lent(A, start):
        assert Video.open == 1


def test_a_video_that_cannot_be_opened_takes_no_room() -> None:
    def broken() -> Any:
        raise FileNotFoundError

    decoders = Decoders(1)
    for _ in range(3):
        with pytest.raises(FileNotFoundError), decoders.lent(A, broken):
            pass


def test_idle_ones_of_a_folder_are_closed(start: Any) -> None:
    decoders = Decoders(3)
    for folder in (A, B):
        with decoders.lent(folder, start):
            pass
    decoders.drop(A)
    assert Video.open == 1
    decoders.close()
    assert Video.open == 0


def test_many_threads_never_open_more_than_the_limit(start: Any) -> None:
    decoders, in_use = Decoders(2), set[int]()
    lock = threading.Lock()

    def use(number: int) -> None:
        with decoders.lent((A, B, C)[number % 3], start) as video:
            with lock:
                assert id(video) not in in_use
                in_use.add(id(video))
            with lock:
                in_use.remove(id(video))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(300)))
    assert Video.most <= 2
    assert Video.open <= 2
