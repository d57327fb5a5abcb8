"""From the bytes of an image file to an image as its frame was announced."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from cvat_sdk.exceptions import UnsupportedDatasetError

if TYPE_CHECKING:
    import PIL.Image

# What `convert("RGB")` would clip instead of scaling, or refuse.
_SIXTEEN_BIT = ("I;16", "I;16B", "I;16L", "I;16N")
_DEEP = (*_SIXTEEN_BIT, "I", "F")
_ORIENTATION = 0x0112  # EXIF 2.3, 4.6.4 A


def decode_image(data: bytes, *, width: int, height: int, where: str) -> PIL.Image.Image:
    """Return the image, upright, with exactly the announced size.

    Args:
        width, height: in pixels, as the server tells them for the frame.
        where: names the frame in errors.

    Returns:
        An image in a mode that `convert("RGB")` takes. Modes of more than 8 bits for each channel
        are scaled to 8, all others stay.

    Raises:
        UnsupportedDatasetError: the bytes are not an image, or not one of this size.
    """
    import PIL.Image

    try:
        with PIL.Image.open(io.BytesIO(data)) as opened:
            # In one go: between two pieces, a decoder would wait for other threads of Python.
            opened.decodermaxblock = max(opened.decodermaxblock, len(data))
            opened.load()
            image = _with_size(opened, (width, height))
            if image is None:
                raise UnsupportedDatasetError(
                    f"{where}: the image is {opened.width}x{opened.height} pixels large, "
                    f"but {width}x{height} are announced"
                )
            return _in_8_bits(image)
    except (UnsupportedDatasetError, MemoryError):
        raise
    except Exception as error:
        # What is raised for damaged files differs from format to format.
        raise UnsupportedDatasetError(f"{where}: the image cannot be read: {error}") from error


def _with_size(image: PIL.Image.Image, size_wh: tuple[int, int]) -> PIL.Image.Image | None:
    upright = _upright(image)
    if upright.size == size_wh:
        return upright
    # Some servers announce the size of the pixels as they are stored.
    return image if image.size == size_wh else None


def _upright(image: PIL.Image.Image) -> PIL.Image.Image:
    import PIL.ImageOps

    try:
        is_turned = image.getexif().get(_ORIENTATION, 1) != 1
        return PIL.ImageOps.exif_transpose(image) if is_turned else image
    except Exception:
        # A broken camera note is no reason to refuse the pixels; readers differ in what they raise.
        return image


def _in_8_bits(image: PIL.Image.Image) -> PIL.Image.Image:
    import PIL.Image

    if image.mode in _DEEP:
        import numpy as np

        values = np.asarray(image).astype(np.float64)
        largest = 65535.0 if image.mode in _SIXTEEN_BIT else _full_scale(float(values.max()))
        scaled = np.rint(np.clip(values, 0, largest) * (255 / largest))
        return PIL.Image.fromarray(scaled.astype(np.uint8))
    if image.mode == "P" and isinstance(image.info.get("transparency"), bytes):
        return image.convert("RGBA")
    if image.mode == "PA":
        return image.convert("RGBA")
    return image


def _full_scale(brightest: float) -> float:
    """Return the value of white; the files don't tell, only how large their values are."""
    return next((white for white in (1.0, 255.0, 65535.0) if brightest <= white), brightest)
