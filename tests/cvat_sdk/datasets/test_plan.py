from __future__ import annotations

import pytest

from cvat_sdk.datasets.plan import FrameInfo, FramePlan


def _plan(size: int, *, chunk_size: int = 8, is_video: bool = False) -> FramePlan:
    frames = [FrameInfo(i, f"p{i}.png", 64, 48) for i in range(size)]
    return FramePlan(frames, size, chunk_size, is_video)


@pytest.mark.parametrize(
    ("size", "indices", "pieces"),
    [
        (20, range(20), ["chunk 0", "chunk 1", "chunk 2"]),
        (20, [], []),
        (20, [0, 9, 19], ["frame 0", "frame 9", "frame 19"]),
        (20, [0, 18, 19], ["frame 0", "chunk 2"]),
        (20, [9, 0, 9], ["frame 0", "frame 9"]),
        (20, [0, 7], ["frame 0", "frame 7"]),
        (20, [0, 3, 7], ["chunk 0"]),
        (20, [99, -1, 0, 1, 2], ["chunk 0"]),
        (17, [16], ["chunk 2"]),
        (1, [0], ["chunk 0"]),
    ],
)
def test_a_chunk_is_fetched_unless_few_of_its_frames_are_wanted(
    size: int, indices: list[int], pieces: list[str]
) -> None:
    assert [str(piece) for piece in _plan(size).only(indices).pieces()] == pieces


def test_frames_of_a_video_always_come_in_chunks() -> None:
    plan = _plan(20, is_video=True).only([0, 19])
    assert [str(piece) for piece in plan.pieces()] == ["chunk 0", "chunk 2"]


def test_pieces_tell_what_is_in_them_and_what_of_it_is_wanted() -> None:
    chunk, frame = _plan(18).only([1, 2, 3, 9]).pieces()
    assert (chunk.first, chunk.holds, [f.index for f in chunk.frames]) == (0, 8, [1, 2, 3])
    assert (frame.first, frame.holds, [f.index for f in frame.frames]) == (9, 1, [9])
    assert [piece.holds for piece in _plan(18).pieces()] == [8, 8, 2]
