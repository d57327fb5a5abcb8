"""How a task is cut into jobs."""

from __future__ import annotations

import pytest

from cvat_hub.store.jobs import segments


@pytest.mark.parametrize(
    ("size", "segment_size", "overlap", "expected"),
    [
        (1, 0, 0, [(0, 0)]),
        (5, 0, 0, [(0, 4)]),
        (5, 5, 2, [(0, 4)]),
        (5, 9, 0, [(0, 4)]),
        (5, 2, 0, [(0, 1), (2, 3), (4, 4)]),
        (4, 2, 0, [(0, 1), (2, 3)]),
        (5, 3, 1, [(0, 2), (2, 4)]),
        (6, 3, 1, [(0, 2), (2, 4), (4, 5)]),
        (40, 20, 5, [(0, 19), (15, 34), (30, 39)]),
        (3, 1, 1, [(0, 0), (1, 1), (2, 2)]),
    ],
)
def test_jobs_cover_all_frames(
    size: int, segment_size: int, overlap: int, expected: list[tuple[int, int]]
) -> None:
    assert segments(size, segment_size, overlap) == expected


def test_no_frame_is_left_out_whatever_the_sizes() -> None:
    for size in range(1, 12):
        for segment_size in range(13):
            for overlap in range(6):
                found = segments(size, segment_size, overlap)
                covered = {f for first, last in found for f in range(first, last + 1)}
                assert covered == set(range(size)), (size, segment_size, overlap)
