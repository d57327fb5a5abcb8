"""Files of images as frames, and frames for those who have no files at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cvat_sdk.datasets.images import decode_image
from cvat_sdk.exceptions import UnsupportedDatasetError

if TYPE_CHECKING:
    import PIL.Image

_ORIENTATION = 0x0112  # EXIF 2.3, 4.6.4 A
_LYING = (5, 6, 7, 8)


class _Load(Protocol):
    def __call__(self) -> PIL.Image.Image: ...


@dataclass(frozen=True)
class LocalFrame:
    """An image, in the way that the frames of a task are one.

    Attributes:
        width, height: in pixels, of the image as it lies upright.
        load_image: reads it.
    """

    index: int
    name: str
    width: int
    height: int
    load_image: _Load


def local_frames(paths: Sequence[Path]) -> list[LocalFrame]:
    """Return files of images as frames, in their order.

    Raises:
        UnsupportedDatasetError: one is not an image.
        OSError: one cannot be read.
    """
    return [_frame(index, path) for index, path in enumerate(paths)]


def _frame(index: int, path: Path) -> LocalFrame:
    import PIL.Image

    try:
        with PIL.Image.open(path) as image:
            lies = image.getexif().get(_ORIENTATION, 1) in _LYING
            width, height = image.size[::-1] if lies else image.size
    except PIL.UnidentifiedImageError as error:
        raise UnsupportedDatasetError(f"{path}: this is not an image that can be read") from error
    return LocalFrame(index, path.name, width, height, partial(_read, path, width, height))


def _read(path: Path, width: int, height: int) -> PIL.Image.Image:
    return decode_image(path.read_bytes(), width=width, height=height, where=str(path))


def sample_frames() -> list[LocalFrame]:
    """Return three drawn pictures of different sizes: discs and boxes on plain grounds."""
    sizes = [(640, 480), (480, 640), (333, 250)]
    return [
        LocalFrame(i, f"drawn-{i}.png", *size, partial(_drawn, *size))
        for i, size in enumerate(sizes)
    ]


def _drawn(width: int, height: int) -> PIL.Image.Image:
    import PIL.Image
    import PIL.ImageDraw

    image = PIL.Image.new("RGB", (width, height), (70, 90, 110))
    draw = PIL.ImageDraw.Draw(image)
    draw.rectangle((width * 0.1, height * 0.5, width * 0.4, height * 0.9), fill=(30, 60, 30))
    middle = width * 0.3, height * 0.25, width * 0.7, height * 0.75
    draw.ellipse(middle, fill=(250, 240, 220))
    return image
