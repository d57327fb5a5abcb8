from __future__ import annotations

import pytest

from cvat_sdk.datasets.pace import Pace

MB = 1_000_000


def _after(wait_s: float, size: int, seconds: float, frames: int = 36) -> Pace:
    pace = Pace()
    pace.answered(wait_s)
    pace.fetched(size, seconds, frames)
    return pace


def test_the_first_request_has_the_line_to_itself() -> None:
    pace = Pace()
    assert not pace.is_due(0)
    pace.answered(0.03)
    assert not pace.is_due(0)


@pytest.mark.parametrize(
    ("wait_s", "seconds", "to_come", "is_due"),
    [
        # 12 MB in 0.6 s: 20 MB/s, of which 0.6 MB come in 30 ms.
        (0.03, 0.6, 12 * MB, False),
        (0.03, 0.6, 2 * MB, False),
        (0.03, 0.6, MB, True),
        # A server that thinks for seconds before it sends.
        (2.0, 0.1, 4 * 12 * MB, True),
        # Bytes that come at once tell only that the line is fast.
        (0.03, 0.0, 1000 * MB, True),
    ],
)
def test_the_next_request_is_due_when_the_line_would_fall_idle(
    wait_s: float, seconds: float, to_come: int, is_due: bool
) -> None:
    assert _after(wait_s, 12 * MB, seconds).is_due(to_come) == is_due


def test_what_is_learned_first_is_soon_forgotten() -> None:
    pace = _after(2.0, 12 * MB, 0.1)
    for _ in range(10):
        pace.answered(0.01)
        pace.fetched(12 * MB, 0.6, 36)
    assert not pace.is_due(MB)


def test_a_burst_does_not_hide_how_fast_the_line_is() -> None:
    pace = _after(0.03, 12 * MB, 0.6)
    pace.fetched(MB, 0.0, 1)
    assert not pace.is_due(12 * MB)


@pytest.mark.parametrize(("frames", "size"), [(36, 12 * MB), (9, 3 * MB), (0, 0)])
def test_sizes_are_expected_from_the_frames_so_far(frames: int, size: int) -> None:
    assert Pace().expected(frames) == 0
    assert _after(0.03, 12 * MB, 0.6).expected(frames) == size
