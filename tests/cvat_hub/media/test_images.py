from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from cvat_hub.media import images
from cvat_hub.media.errors import MediaError


def opened(body: bytes) -> Image.Image:
    picture = Image.open(BytesIO(body))
    picture.load()
    return picture


def white_corner(body: bytes) -> str:
    """Tell which corner of the image is white."""
    grey = np.asarray(opened(body).convert("L"))
    height, width = grey.shape
    corners = {
        "top left": grey[height // 8, width // 8],
        "top right": grey[height // 8, -width // 8],
        "bottom left": grey[-height // 8, width // 8],
        "bottom right": grey[-height // 8, -width // 8],
    }
    return max(corners, key=lambda corner: int(corners[corner]))


@pytest.mark.parametrize(
    ("format", "mode", "content_type"),
    [
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "1", "image/png"),
        ("PNG", "I;16", "image/png"),
        ("BMP", "RGB", "image/bmp"),
        ("GIF", "P", "image/gif"),
        ("WEBP", "RGB", "image/webp"),
        ("TIFF", "RGB", "image/tiff"),
        ("TIFF", "F", "image/tiff"),
        ("TIFF", "I;16", "image/tiff"),
        ("PPM", "RGB", "image/x-portable-anymap"),
        ("MPO", "RGB", "image/jpeg"),
    ],
)
def test_an_image_keeps_its_bytes_and_has_a_jpeg(
    image: Callable[..., bytes], format: str, mode: str, content_type: str
) -> None:
    body = image((33, 21), format, mode)
    checked = images.check("a", body)
    assert checked == images.Checked(body, 33, 21, content_type)
    small = opened(images.compressed(checked.body, 70))
    assert (small.format, small.size) == ("JPEG", (33, 21))
    assert small.mode in ("RGB", "L")
    assert white_corner(images.compressed(checked.body, 70)) == "top left"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "size", "corner"),
    [
        (1, (32, 24), "top left"),
        (2, (32, 24), "top right"),
        (3, (32, 24), "bottom right"),
        (4, (32, 24), "bottom left"),
        (5, (24, 32), "top left"),
        (6, (24, 32), "top right"),
        (7, (24, 32), "bottom right"),
        (8, (24, 32), "bottom left"),
    ],
)
def test_an_image_that_exif_turns_is_handed_out_upright(
    image: Callable[..., bytes],
    format: str,
    orientation: int,
    size: tuple[int, int],
    corner: str,
) -> None:
    checked = images.check("a", image((32, 24), format, orientation=orientation))
    assert (checked.width, checked.height) == size
    upright = opened(checked.body)
    assert (upright.format, upright.size) == (format, size)
    assert upright.getexif().get(0x0112, 1) == 1
    assert white_corner(checked.body) == corner
    assert images.check("a", checked.body) == checked


def test_no_part_of_an_image_will_do(image: Callable[..., bytes]) -> None:
    for format in ("JPEG", "PNG", "WEBP", "TIFF", "BMP"):
        body = image((64, 48), format)
        for share in (0.0, 0.02, 0.1, 0.5, 0.8):
            with pytest.raises(MediaError, match=r"holiday\.jpg: not an image that can be read"):
                images.check("holiday.jpg", body[: int(share * len(body))])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not an image",
        b"%PDF-1.4\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
        b"\xff\xd8\xff\xe0" + b"\xff" * 200,
        b"P6\n-5 5\n255\n" + b"\0" * 75,
    ],
)
def test_what_is_no_image_is_refused_by_name(body: bytes) -> None:
    with pytest.raises(MediaError, match=r"^a\.jpg: not an image that can be read"):
        images.check("a.jpg", body)


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(
    recwarn: pytest.WarningsRecorder, side: int
) -> None:
    body = f"P6\n{side} {side}\n255\n".encode()
    with pytest.raises(MediaError, match="over the limit of 134217728 pixels"):
        images.check("a.ppm", body)


def test_an_image_too_long_for_a_jpeg_is_refused(image: Callable[..., bytes]) -> None:
    assert images.check("a.png", image((65_500, 1), "PNG", "1")).width == 65_500
    with pytest.raises(MediaError, match="65501x1 is over the limit"):
        images.check("a.png", image((65_501, 1), "PNG", "1"))


def test_sixteen_bits_are_spread_over_eight() -> None:
    buffer = BytesIO()
    Image.fromarray(np.array([[1000, 2000], [3000, 5000]], np.uint16)).save(buffer, "PNG")
    spread = np.asarray(images.decoded(buffer.getvalue()))
    assert spread.tolist() == [[0, 63], [127, 255]]


@pytest.mark.parametrize(
    ("size", "expected"), [((512, 256), (256, 128)), ((10, 1000), (3, 256)), ((8, 8), (8, 8))]
)
def test_a_preview_fits_its_box(
    image: Callable[..., bytes], size: tuple[int, int], expected: tuple[int, int]
) -> None:
    small = opened(images.preview(images.decoded(image(size))))
    assert (small.format, small.size) == ("JPEG", expected)
