from __future__ import annotations

import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from cvat_sdk.datasets import arriving
from cvat_sdk.datasets.arriving import ArrivingFile


class _WatchedFile(ArrivingFile):
    """Tells when somebody waits for bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.is_waited_for = threading.Event()

    def _wait(self, size: int | None) -> None:
        self.is_waited_for.set()
        super()._wait(size)


@pytest.mark.parametrize("in_memory", [1, 1 << 20])
def test_bytes_can_be_read_as_soon_as_they_have_come(
    monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    monkeypatch.setattr(arriving, "_IN_MEMORY", in_memory)
    file = ArrivingFile()
    file.write(b"abc")
    assert file.read_at(1, 2) == b"bc"
    file.write(b"def")
    assert file.read_at(2, 3) == b"cde"
    file.finish()
    assert file.read_at(4, 99) == b"ef"
    assert file.size == 6
    file.close()


def test_who_reads_ahead_waits() -> None:
    file = _WatchedFile()
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(file.read_at, 2, 2)
        assert file.is_waited_for.wait(10)
        file.write(b"abc")
        assert not read.done()
        file.write(b"d")
        assert read.result(10) == b"cd"
    file.close()


@pytest.mark.parametrize(
    "read", [lambda f: f.read_at(2, 2), lambda f: f.wait(), lambda f: f.open()]
)
def test_who_waits_gets_the_error(read: Callable[[ArrivingFile], object]) -> None:
    file = _WatchedFile()
    file.write(b"abc")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(read, file)
        assert file.is_waited_for.wait(10)
        file.fail(KeyError("first"))
        file.fail(KeyError("second"))
        with pytest.raises(KeyError, match="first"):
            waiting.result(10)
    assert file.read_at(0, 3) == b"abc"
    for go_on in (lambda: file.write(b"d"), lambda: file.seek(0)):
        with pytest.raises(KeyError, match="first"):
            go_on()
    file.close()


def test_a_file_that_is_whole_does_not_fail_any_more() -> None:
    file = ArrivingFile()
    file.write(b"abc")
    file.finish()
    file.fail(KeyError())
    assert file.read_at(0, 9) == b"abc"
    file.close()


def test_a_download_may_begin_anew() -> None:
    file = ArrivingFile()
    file.write(b"abcdef")
    file.seek(0)
    file.truncate()
    file.write(b"ABC")
    file.finish()
    assert file.read_at(0, 9) == b"ABC"
    file.close()


def test_what_comes_after_the_end_of_interest_is_dropped() -> None:
    sizes: list[int] = []
    file = ArrivingFile(sizes.append)
    file.write(b"abc")
    file.close()
    file.write(b"def")
    file.seek(0)
    file.truncate()
    file.write(b"d")
    assert sizes == [3, 6, 1]


def test_readers_have_positions_of_their_own() -> None:
    file = ArrivingFile()
    file.write(b"abcdef")
    file.finish()
    one, other = file.open(), file.open()
    assert one.read(2) == b"ab"
    assert other.seek(-2, io.SEEK_END) == 4
    assert other.read() == b"ef"
    assert one.seek(1, io.SEEK_CUR) == 3
    assert one.read() == b"def"
    file.close()
