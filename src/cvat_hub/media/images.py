"""Single images: is it one, how large is it upright, and smaller copies of it."""

from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from cvat_hub.media.errors import MediaError

MAX_PIXELS = 1 << 27
# A compressed frame is a JPEG, and libjpeg writes no longer sides.
MAX_SIDE = 65_500
PREVIEW_SIZE_WH = (256, 256)

_ORIENTATION = 0x0112
Image.init()
# Only these are tried: some of Pillow's other readers start programs or follow references.
_READERS = ["JPEG", "MPO", "PNG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF"]
_FORMATS = [name for name in _READERS if name in Image.OPEN]
_UPRIGHT_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 100, "subsampling": 0},
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 100},
    "TIFF": {"compression": "tiff_lzw"},
}


class Checked(NamedTuple):
    """An image that decodes: its bytes as they will be handed out, and its size in pixels."""

    body: bytes
    width: int
    height: int
    content_type: str


def check(name: str, body: bytes) -> Checked:
    """Decode an image to its last byte and tell its size.

    The bytes stay as they are, except that an image which its EXIF orientation turns or mirrors
    is written anew, upright, in its own format: that is what servers of this protocol hand out.

    Raises:
        MediaError: naming the file, if it is no image, is cut off, or holds over `MAX_PIXELS`.
    """
    try:
        with Image.open(BytesIO(body), formats=_FORMATS) as image:
            return _checked(name, body, image)
    except MediaError:
        raise
    except Exception as error:
        # Pillow's readers raise whatever damaged bytes lead them to, not only OSError.
        raise MediaError(f"{name}: not an image that can be read: {_reason(error)}") from error


def _checked(name: str, body: bytes, image: Image.Image) -> Checked:
    width, height = image.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise MediaError(
            f"{name}: {width}x{height} is over the limit of {MAX_PIXELS} pixels"
            f" or of {MAX_SIDE} a side"
        )
    format_name = "JPEG" if image.format == "MPO" else image.format or ""
    content_type = Image.MIME[format_name]
    if image.getexif().get(_ORIENTATION, 1) in range(2, 9):
        upright = ImageOps.exif_transpose(image)
        body = _written(upright, format_name)
        return Checked(body, *upright.size, content_type)
    # A JPEG's stream is read to its end all the same, at a third of the time.
    image.draft("L", (1, 1))
    image.load()
    return Checked(body, width, height, content_type)


def _written(image: Image.Image, format_name: str) -> bytes:
    buffer = BytesIO()
    profile = image.info.get("icc_profile")
    image.save(buffer, format_name, icc_profile=profile, **_UPRIGHT_OPTIONS.get(format_name, {}))
    return buffer.getvalue()


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "its format is unknown"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"it is over the limit of {MAX_PIXELS} pixels"
    return str(error) or type(error).__name__


def decoded(body: bytes) -> Image.Image:
    """Return the image in bytes that passed `check`, 8 bits a channel, RGB or L."""
    image: Image.Image = Image.open(BytesIO(body), formats=_FORMATS)
    image.load()
    return _eight_bit(image)


def compressed(body: bytes, quality: int) -> bytes:
    """Return a JPEG of an image that passed `check`; `quality` is from 0 to 100."""
    return jpeg(decoded(body), quality)


def jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def preview(image: Image.Image) -> bytes:
    """Return a JPEG that fits into `PREVIEW_SIZE_WH`, its proportions kept."""
    small = image.copy()
    small.thumbnail(PREVIEW_SIZE_WH)
    return jpeg(small, 80)


def from_pixels(pixels: NDArray[np.uint8]) -> Image.Image:
    """Return an image of RGB pixels of shape (H, W, 3)."""
    return Image.fromarray(pixels)


def _eight_bit(image: Image.Image) -> Image.Image:
    if image.mode in ("L", "RGB"):
        return image
    if not (image.mode.startswith("I") or image.mode == "F"):
        return image.convert("RGB")
    # Pillow would cut such values off at 255; the range in use is spread out instead.
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    low, high = values.min(), values.max()
    return Image.fromarray(((values - low) * (255 / max(high - low, 1e-9))).astype(np.uint8))
