from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from cvat_sdk.datasets.arriving import ArrivingFile
from cvat_sdk.datasets.arriving_chunks import ArrivingChunk, ArrivingImage
from cvat_sdk.exceptions import UnsupportedDatasetError

ANNOUNCED: dict[str, Any] = {"width": 64, "height": 48, "where": "frame x"}


def _file(data: bytes, *, is_whole: bool = True) -> ArrivingFile:
    file = ArrivingFile()
    file.write(data)
    if is_whole:
        file.finish()
    return file


def _rezipped(data: bytes, compression: int = zipfile.ZIP_STORED, name: str = "{}") -> bytes:
    """Return an archive with the same images, packed or named in another way."""
    output = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(output, "w", compression) as target,
    ):
        for member in source.namelist():
            target.writestr(name.format(member), source.read(member))
    return output.getvalue()


class _Unseekable(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError

    def seek(self, *args: Any) -> int:
        raise OSError


def _streamed(data: bytes) -> bytes:
    """Return an archive whose members tell their sizes only behind the data."""
    output = _Unseekable()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(output, "w") as target:
        for member in source.namelist():
            target.writestr(member, source.read(member))
    return output.getvalue()


def test_images_can_be_had_before_the_rest_of_the_archive(
    zip_bytes: Callable[..., bytes], gray: Callable[..., int]
) -> None:
    data = zip_bytes([3, 4, 5])
    third = data.index(b"000002.png")
    file = _file(data[:third], is_whole=False)
    chunk = ArrivingChunk(file, where="chunk 0")
    for position, index in ((1, 4), (0, 3), (1, 4)):
        chunk.wait(position)
        assert gray(chunk.load(position, **ANNOUNCED)) == index
    file.fail(KeyError("cut"))
    with pytest.raises(KeyError, match="cut"):
        chunk.wait(2)
    chunk.close()
    file.close()


@pytest.mark.parametrize(
    "repack",
    [
        lambda data: _rezipped(data, zipfile.ZIP_DEFLATED),
        lambda data: _rezipped(data, name="x{}"),
        lambda data: _rezipped(data, name="folder/{}"),
        _streamed,
    ],
)
def test_archives_of_another_kind_are_read_when_they_are_whole(
    zip_bytes: Callable[..., bytes], gray: Callable[..., int], repack: Callable[[bytes], bytes]
) -> None:
    data = repack(zip_bytes([3, 4, 5]))
    file = _file(data[:-1], is_whole=False)
    chunk = ArrivingChunk(file, where="chunk 0")
    file.write(data[-1:])
    file.finish()
    chunk.wait(2)
    assert [gray(chunk.load(i, **ANNOUNCED)) for i in (2, 0, 1)] == [5, 3, 4]
    chunk.close()
    file.close()


def test_a_video_can_be_had_when_it_is_whole(
    video_bytes: Callable[..., bytes], gray: Callable[..., int]
) -> None:
    file = _file(video_bytes([0, 1, 2, 3]))
    chunk = ArrivingChunk(file, where="chunk 0")
    assert [gray(chunk.load(i, **ANNOUNCED)) for i in (1, 0, 3, 2)] == [1, 0, 3, 2]
    chunk.close()
    file.close()


def test_a_wrong_checksum_is_the_error_of_one_frame(
    zip_bytes: Callable[..., bytes], gray: Callable[..., int]
) -> None:
    data = bytearray(zip_bytes([0, 1]))
    data[100:110] = b"x" * 10
    file = _file(bytes(data))
    chunk = ArrivingChunk(file, where="chunk 0")
    with pytest.raises(UnsupportedDatasetError, match="frame x: the archive is damaged"):
        chunk.load(0, **ANNOUNCED)
    assert gray(chunk.load(1, **ANNOUNCED)) == 1
    chunk.close()
    file.close()


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\3\4" + b"\0" * 40, b"<html>"])
def test_what_is_neither_archive_nor_video_is_an_error_of_each_frame(data: bytes) -> None:
    file = _file(data)
    chunk = ArrivingChunk(file, where="chunk 7")
    for position in (0, 1):
        chunk.wait(position)
        with pytest.raises(UnsupportedDatasetError, match="chunk 7: "):
            chunk.load(position, **ANNOUNCED)
    chunk.close()
    file.close()


def test_too_few_images_are_an_error_of_those_that_are_missing(
    zip_bytes: Callable[..., bytes],
) -> None:
    file = _file(zip_bytes([0, 1]))
    chunk = ArrivingChunk(file, where="chunk 0")
    assert chunk.load(1, **ANNOUNCED).size == (64, 48)
    with pytest.raises(UnsupportedDatasetError, match=r"frame x: .* only 2 frames"):
        chunk.load(2, **ANNOUNCED)
    chunk.close()
    file.close()


def test_a_single_frame_is_the_whole_file(
    zip_bytes: Callable[..., bytes], gray: Callable[..., int]
) -> None:
    with zipfile.ZipFile(io.BytesIO(zip_bytes([4]))) as archive:
        file = _file(archive.read("000000.png"))
    image = ArrivingImage(file)
    image.wait(0)
    assert gray(image.load(0, **ANNOUNCED)) == 4
    file.close()
