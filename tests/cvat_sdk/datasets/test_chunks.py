from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from cvat_sdk.datasets.chunks import VideoChunk, open_chunk
from cvat_sdk.exceptions import UnsupportedDatasetError

ANNOUNCED: dict[str, Any] = {"width": 64, "height": 48, "where": "frame x"}


@pytest.fixture(params=["zip_bytes", "video_bytes"])
def chunk_bytes(request: pytest.FixtureRequest) -> bytes:
    data: bytes = request.getfixturevalue(request.param)([0, 1, 2, 3, 4])
    return data


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 0, 0, 3], [2, 2, 4, 1]])
def test_frames_can_be_had_in_any_order(
    chunk_bytes: bytes, order: list[int], gray: Callable[..., int]
) -> None:
    with open_chunk(io.BytesIO(chunk_bytes), where="chunk 0") as chunk:
        assert [gray(chunk.load(i, **ANNOUNCED)) for i in order] == order


def test_threads_may_overtake_each_other_within_a_video(
    video_bytes: Callable[..., bytes], gray: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []
    start = VideoChunk._start

    def count(self: VideoChunk) -> None:
        begun.append(self)
        start(self)

    monkeypatch.setattr(VideoChunk, "_start", count)
    with open_chunk(io.BytesIO(video_bytes([0, 1, 2, 3, 4])), where="chunk 0") as chunk:
        order = [1, 0, 3, 2, 4]
        assert [gray(chunk.load(i, **ANNOUNCED)) for i in order] == order
    assert len(begun) == 1


def test_a_chunk_with_fewer_frames_than_announced_is_an_error(chunk_bytes: bytes) -> None:
    with open_chunk(io.BytesIO(chunk_bytes), where="chunk 0") as chunk:
        with pytest.raises(UnsupportedDatasetError, match=r"frame x: .* only 5 frames"):
            chunk.load(5, **ANNOUNCED)
        assert chunk.load(4, **ANNOUNCED).size == (64, 48)


def test_a_frame_of_another_size_is_an_error(chunk_bytes: bytes) -> None:
    with (
        open_chunk(io.BytesIO(chunk_bytes), where="chunk 0") as chunk,
        pytest.raises(UnsupportedDatasetError, match=r"frame x: .* 64x48 .* 66x48"),
    ):
        chunk.load(0, width=66, height=48, where="frame x")


def test_a_video_of_odd_size_gets_its_size_back(video_bytes: Callable[..., bytes]) -> None:
    with open_chunk(io.BytesIO(video_bytes([1])), where="chunk 0") as chunk:
        assert chunk.load(0, width=63, height=47, where="frame x").size == (63, 47)


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\3\4 broken", b"<html>", b"\0\0\0\x20ftypisom"])
def test_what_is_neither_archive_nor_video_is_an_error(data: bytes) -> None:
    file = io.BytesIO(data)
    with pytest.raises(UnsupportedDatasetError, match="chunk 0: "):
        open_chunk(file, where="chunk 0")
    assert file.closed


def test_a_damaged_member_is_an_error(zip_bytes: Callable[..., bytes]) -> None:
    data = bytearray(zip_bytes([0, 1]))
    data[100:110] = b"x" * 10
    with (
        open_chunk(io.BytesIO(bytes(data)), where="chunk 0") as chunk,
        pytest.raises(UnsupportedDatasetError, match="frame x: the archive is damaged"),
    ):
        chunk.load(0, **ANNOUNCED)
