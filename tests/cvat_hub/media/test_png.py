from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from cvat_hub.media.png import png


@pytest.mark.parametrize("size_wh", [(1, 1), (1, 7), (7, 1), (64, 48), (333, 111), (1920, 1080)])
def test_a_png_holds_exactly_its_pixels(size_wh: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*size_wh[::-1], 3), np.uint8)
    with Image.open(BytesIO(png(pixels))) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", size_wh)
        image.verify()
    assert np.array_equal(np.asarray(Image.open(BytesIO(png(pixels)))), pixels)


def test_pixels_need_not_lie_in_one_piece() -> None:
    pixels = np.arange(300, dtype=np.uint16).astype(np.uint8).reshape(10, 10, 3)[::2, ::-1]
    assert np.array_equal(np.asarray(Image.open(BytesIO(png(pixels)))), pixels)
