"""The readers that are kept open, and the claims of those who prepare."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from cvat_hub import folder_pixels
from cvat_hub.folder_pixels import FolderPixels
from cvat_hub.media import Options, prepare


@pytest.fixture
def pixels(tmp_path: Path, photo: Any) -> FolderPixels:
    """Three tasks of four photos each."""
    made = FolderPixels(tmp_path)
    for task_id in (1, 2, 3):
        for number in range(4):
            made.uploads(task_id).save(f"{number}.jpg", io.BytesIO(photo(number)))
        prepare(made.uploads(task_id), made.preparing(task_id), Options(), lambda _: None)
        made.adopt(task_id, task_id)
    return made


@pytest.mark.parametrize(
    ("readers", "entries", "kept"),
    [(3, 12, {1, 2, 3}), (2, 12, {1, 3}), (3, 11, {1, 3}), (3, 7, {3}), (3, 1, {3})],
)
def test_few_readers_stay_open_and_those_used_last(
    pixels: FolderPixels,
    monkeypatch: pytest.MonkeyPatch,
    readers: int,
    entries: int,
    kept: set[int],
) -> None:
    monkeypatch.setattr(folder_pixels, "_READERS", readers)
    monkeypatch.setattr(folder_pixels, "_ENTRIES", entries)
    for number in (1, 2, 1, 3):
        pixels.reader(number)
    assert set(pixels._readers) == kept


def test_a_claim_is_had_by_one_and_counted_if_its_owner_dies(tmp_path: Path) -> None:
    first, second = FolderPixels(tmp_path), FolderPixels(tmp_path)
    with first.claim(1) as attempt, second.claim(1) as none, second.claim(2) as other:
        assert (attempt, none, other) == (1, 0, 1)
    with second.claim(1) as attempt:
        assert attempt == 1
    assert list((tmp_path / "data").iterdir()) == []
    # As a process leaves it that was killed twice.
    (tmp_path / "data" / "preparing-1.lock").write_bytes(b"..")
    with first.claim(1) as attempt:
        assert attempt == 3


def test_a_sweep_keeps_what_is_named_and_counts_of_attempts(
    pixels: FolderPixels, tmp_path: Path
) -> None:
    for name in ("preparing-3.lock", "preparing-9.lock", ".5.going"):
        (tmp_path / "data" / name).touch()
    (tmp_path / "data" / "preparing-3").mkdir()
    pixels.sweep({1}, {3})
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"1", "preparing-3.lock"}
    assert {path.name for path in (tmp_path / "uploads").iterdir()} == {"3"}
