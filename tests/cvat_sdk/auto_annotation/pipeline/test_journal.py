"""A journal keeps whole entries, whatever happens while one is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cvat_sdk.auto_annotation.pipeline.entries import (
    Begun,
    Entry,
    Found,
    Sending,
    Sent,
    Skipped,
    Withdrawing,
    Withdrawn,
)
from cvat_sdk.auto_annotation.pipeline.journal import Journal, JournalInUseError

ENTRIES: list[Entry] = [
    Begun(1, "run", b"{}", [(0, 4)], {"tags": [(1, 2)]}),
    Found(0, 1, 2, b'{"frame":0}', b'{"a":1},{"b":2}'),
    Found(1, 0, 0, b"", b""),
    Skipped(2, "p2.png", "it cannot be read"),
    Sending(0, 10, 99),
    Sent(0, {"shapes": [(5, 6), (9, 9)]}),
    Withdrawing(),
    Withdrawn(),
]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "a.journal", new=True) as journal:
        yield journal


def read(journal: Journal, **places: Any) -> list[Entry]:
    return [entry for entry, _ in journal.read(**places)]


def test_entries_come_back_in_their_order(journal: Journal) -> None:
    places = [journal.append(entry) for entry in ENTRIES]
    assert read(journal) == ENTRIES
    assert [end for _, end in journal.read()] == [end for _, end in places]
    assert read(journal, start=places[2][0], end=places[4][1]) == ENTRIES[2:5]


def test_it_can_be_read_while_it_is_written(journal: Journal) -> None:
    journal.append(ENTRIES[0])
    entries = journal.read()
    assert next(entries)[0] == ENTRIES[0]
    journal.append(ENTRIES[1])
    assert next(journal.read(start=0))[0] == ENTRIES[0]


def test_at_whatever_byte_it_is_torn_the_entries_before_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    with Journal(path, new=True) as journal:
        ends = [journal.append(entry)[1] for entry in ENTRIES]
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        kept = sum(end <= size for end in ends)
        with Journal(path) as journal:
            assert read(journal) == ENTRIES[:kept]


@pytest.mark.parametrize("position", [0, 5, 9, 20])
def test_what_follows_a_damaged_byte_is_not_believed(tmp_path: Path, position: int) -> None:
    path = tmp_path / "a.journal"
    with Journal(path, new=True) as journal:
        start, _ = [journal.append(entry) for entry in ENTRIES[:2]][1]
    content = bytearray(path.read_bytes())
    content[start + position] ^= 255
    path.write_bytes(content)
    with Journal(path) as journal:
        assert read(journal) == ENTRIES[:1]


def test_after_a_cut_it_goes_on_where_it_was_cut(journal: Journal) -> None:
    _, end = journal.append(ENTRIES[0])
    journal.append(ENTRIES[1])
    journal.cut(end)
    journal.append(ENTRIES[2])
    assert read(journal) == [ENTRIES[0], ENTRIES[2]]


def test_nothing_is_written_behind_half_of_an_entry(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append(ENTRIES[0])
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:5]))
        with pytest.raises(OSError, match="disk is full"):
            journal.append(ENTRIES[1])
    with pytest.raises(OSError):  # noqa: PT011
        journal.append(ENTRIES[2])
    assert read(journal) == ENTRIES[:1]


def test_one_process_writes_at_a_time(journal: Journal) -> None:
    with pytest.raises(JournalInUseError, match="another run"):
        Journal(journal.path)
    journal.close()
    Journal(journal.path).close()


def test_only_its_owner_may_read_it(journal: Journal) -> None:
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_it_is_removed(journal: Journal) -> None:
    journal.append(ENTRIES[0])
    journal.remove()
    assert not journal.path.exists()
    assert journal.is_closed
