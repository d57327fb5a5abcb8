from __future__ import annotations

from collections.abc import Iterator

import PIL.Image
import pytest

from cvat_sdk.datasets.pixel_memory import PixelMemory

core = PIL.Image.core


@pytest.fixture(autouse=True)
def _setting_is_kept() -> Iterator[None]:
    before = core.get_blocks_max()
    core.set_blocks_max(0)
    yield
    core.set_blocks_max(before)


def test_memory_is_used_again_until_the_last_user_leaves() -> None:
    memory = PixelMemory()
    with memory.reused():
        with memory.reused():
            assert core.get_blocks_max() > 0
        assert core.get_blocks_max() > 0
    assert core.get_blocks_max() == 0
    assert core.get_stats()["blocks_cached"] == 0


def test_a_setting_of_somebody_else_stays() -> None:
    core.set_blocks_max(3)
    with PixelMemory().reused():
        assert core.get_blocks_max() == 3
    assert core.get_blocks_max() == 3


def test_it_is_changed_back_after_an_error() -> None:
    with pytest.raises(KeyError), PixelMemory().reused():
        raise KeyError
    assert core.get_blocks_max() == 0
