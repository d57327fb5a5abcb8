from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import PIL.Image
import pytest

from cvat_sdk.datasets.images import decode_image
from cvat_sdk.exceptions import UnsupportedDatasetError

ORIENTATION = 0x0112


def _file(image: PIL.Image.Image, form: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def _turned(orientation: int, size_wh: tuple[int, int] = (6, 4)) -> bytes:
    """Return an image whose stored top left corner is white."""
    pixels = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    pixels[0, 0] = 255
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = orientation
    return _file(PIL.Image.fromarray(pixels), exif=exif)


@pytest.mark.parametrize(
    ("orientation", "size_wh", "white_xy"),
    [
        (1, (6, 4), (0, 0)),
        (2, (6, 4), (5, 0)),
        (3, (6, 4), (5, 3)),
        (4, (6, 4), (0, 3)),
        (5, (4, 6), (0, 0)),
        (6, (4, 6), (3, 0)),
        (7, (4, 6), (3, 5)),
        (8, (4, 6), (0, 5)),
        (99, (6, 4), (0, 0)),
        (6, (6, 4), (0, 0)),  # a server that announces the pixels as they are stored
    ],
)
def test_an_image_is_upright_and_of_the_announced_size(
    orientation: int, size_wh: tuple[int, int], white_xy: tuple[int, int]
) -> None:
    width, height = size_wh
    image = decode_image(_turned(orientation), width=width, height=height, where="frame 1")
    assert image.size == size_wh
    assert image.getpixel(white_xy) == (255, 255, 255)


def test_an_image_that_was_turned_is_not_turned_again_by_others() -> None:
    image = decode_image(_turned(6), width=4, height=6, where="frame 1")
    assert image.getexif().get(ORIENTATION, 1) == 1


def test_another_size_is_an_error_that_names_the_frame() -> None:
    with pytest.raises(UnsupportedDatasetError, match=r"frame 1: .* 6x4 .* 5x4 are announced"):
        decode_image(_turned(1), width=5, height=4, where="frame 1")


@pytest.mark.parametrize(
    "data",
    [b"", b"not an image", _turned(1)[:60], _turned(1)[:-30]],
    ids=["empty", "text", "head", "cut"],
)
def test_what_cannot_be_read_is_an_error_that_names_the_frame(data: bytes) -> None:
    with pytest.raises(UnsupportedDatasetError, match="frame 1: the image cannot be read"):
        decode_image(data, width=6, height=4, where="frame 1")


def _deep(kind: str, values: list[float]) -> PIL.Image.Image:
    return PIL.Image.fromarray(np.array([values], kind))


@pytest.mark.parametrize(
    ("image", "form", "values"),
    [
        (_deep("uint16", [0, 257, 32896, 65535]), "PNG", [0, 1, 128, 255]),
        (_deep("uint16", [0, 257, 32896, 65535]), "TIFF", [0, 1, 128, 255]),
        (_deep("int32", [0, 257, 32896, 65535]), "TIFF", [0, 1, 128, 255]),
        (_deep("int32", [0, 0, 500000, 1000000]), "TIFF", [0, 0, 128, 255]),
        (_deep("float32", [0, 0.2, 0.5, 1]), "TIFF", [0, 51, 128, 255]),
        (_deep("float32", [-5, 51, 128, 255]), "TIFF", [0, 51, 128, 255]),
    ],
)
def test_deep_gray_is_scaled_and_not_clipped(
    image: PIL.Image.Image, form: str, values: list[int]
) -> None:
    decoded = decode_image(_file(image, form), width=4, height=1, where="frame 1")
    assert decoded.mode == "L"
    assert np.asarray(decoded).tolist() == [values]


def _palette(*, transparency: bool) -> bytes:
    image = PIL.Image.new("P", (4, 1), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    return _file(image, transparency=b"\x00\x80") if transparency else _file(image)


@pytest.mark.parametrize(
    ("data", "mode"),
    [
        (_file(PIL.Image.new("RGB", (4, 1), "red")), "RGB"),
        (_file(PIL.Image.new("RGBA", (4, 1), "red")), "RGBA"),
        (_file(PIL.Image.new("LA", (4, 1), 200)), "LA"),
        (_file(PIL.Image.new("L", (4, 1), 200)), "L"),
        (_file(PIL.Image.new("1", (4, 1), 1)), "1"),
        (_file(PIL.Image.new("CMYK", (4, 1)), "JPEG"), "CMYK"),
        (_palette(transparency=False), "P"),
        (_palette(transparency=True), "RGBA"),
    ],
)
def test_every_mode_can_be_converted_to_rgb(data: bytes, mode: str) -> None:
    image = decode_image(data, width=4, height=1, where="frame 1")
    assert image.mode == mode
    assert image.convert("RGB").size == (4, 1)


@pytest.mark.parametrize("error", [struct.error("short"), zlib.error("bad"), IndexError("none")])
def test_whatever_a_reader_raises_is_an_error_of_the_image(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(file: object) -> None:
        raise error

    monkeypatch.setattr(PIL.Image, "open", fail)
    with pytest.raises(UnsupportedDatasetError, match=f"frame 1: .*: {error}"):
        decode_image(b"", width=4, height=1, where="frame 1")
