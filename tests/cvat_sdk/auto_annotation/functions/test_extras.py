from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cvat_sdk.auto_annotation.functions import extras
from cvat_sdk.exceptions import MissingExtraError


def test_a_library_that_is_not_installed_is_told_with_the_command() -> None:
    with pytest.raises(MissingExtraError, match=r"needs absent.*pip install 'cvat-hub\[yolo\]'"):
        extras.load("absent.inner", extra="yolo")


def test_a_library_that_itself_lacks_another_is_not_taken_for_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lacking.py").write_text("import absent\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="absent") as caught:
        extras.load("lacking", extra="yolo")
    assert not isinstance(caught.value, MissingExtraError)
    assert "lacking" not in sys.modules
