"""Which tasks are done."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvat_sdk.auto_annotation.ledger import Ledger, default_folder, writable_folder


def test_what_is_done_is_remembered_for_the_run_alone(tmp_path: Path) -> None:
    Ledger(tmp_path, "a run").add(7)
    assert 7 in Ledger(tmp_path, "a run")
    assert 8 not in Ledger(tmp_path, "a run")
    assert 7 not in Ledger(tmp_path, "another run")


def test_what_is_forgotten_leaves_nothing_behind(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "a run")
    ledger.forget([1])
    ledger.add(1)
    ledger.add(2)
    ledger.forget([1, 3])
    assert (1 in ledger, 2 in ledger) == (False, True)
    ledger.forget([2])
    assert list(tmp_path.iterdir()) == []


def test_it_lies_where_the_user_keeps_the_state_of_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "cvat-sdk" / "runs"


def test_a_folder_is_made_or_another_one_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert writable_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    assert writable_folder(None) == tmp_path / "temporary"
    with pytest.raises(OSError, match="file"):
        writable_folder(tmp_path / "file" / "c")
