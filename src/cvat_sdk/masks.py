"""Masks as the wire carries them: run lengths inside a box.

The numbers are the lengths of the runs of pixels of the box, row by row, starting with zeros (the
first length is 0 if the first pixel is set), then the box: left, top, right, bottom, all inclusive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, SupportsFloat

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


def encode_mask(bitmap: ArrayLike, /, bbox: Sequence[float] | None = None) -> list[float]:
    """Return the `points` of a mask.

    Args:
        bitmap: shape (H, W) of the image, boolean; true inside the object.
        bbox: `[x1, y1, x2, y2]` in pixels, right and bottom exclusive, rounded outwards; only what
            lies inside is encoded. By default the tightest box around the true pixels.

    Returns:
        Run lengths, then left, top, right, bottom (inclusive). A bitmap without a true pixel gives
        an unset mask of the pixel at (0, 0).

    Raises:
        ValueError: the bitmap is not a boolean array of shape (H, W) with H, W >= 1, or the box
            is empty or reaches out of it.

    >>> encode_mask([[False, False, False], [False, True, True]])
    [0, 2, 1, 1, 2, 1]
    """
    import numpy as np

    pixels = np.asanyarray(bitmap)
    if pixels.ndim != 2:
        raise ValueError(f"bitmap must have shape (H, W), with 2 dimensions, got {pixels.shape}")
    if pixels.dtype != np.bool_:
        raise ValueError(f"bitmap must have boolean items, got {pixels.dtype}")
    if not pixels.size:
        raise ValueError(f"bitmap must have at least one pixel, got shape {pixels.shape}")
    left, top, right, bottom = _tightest(pixels) if bbox is None else _checked(bbox, pixels.shape)
    return encode_part(pixels[top:bottom, left:right], (left, top))


def encode_part(part: NDArray[np.bool_], /, corner_xy: tuple[int, int]) -> list[float]:
    """Return the `points` of a mask of which only the pixels in its box are at hand.

    Args:
        part: shape (h, w) of the box, with h, w >= 1, boolean; true inside the object.
        corner_xy: where in the image the part's first pixel lies.

    >>> import numpy as np
    >>> encode_part(np.array([[False, True]]), (7, 5))
    [1, 1, 7, 5, 8, 5]
    """
    import numpy as np

    (height, width), (left, top) = part.shape, corner_xy
    inside = part.ravel()
    changes = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    runs: list[float] = np.diff(changes, prepend=0, append=inside.size).tolist()
    box = [left, top, left + width - 1, top + height - 1]
    return ([0, *runs] if inside[0] else runs) + box


def decode_mask(
    encoded: Sequence[float], /, *, image_width: int, image_height: int
) -> NDArray[np.bool_]:
    """Return the bitmap of a mask.

    Args:
        encoded: the `points` of a shape of type mask.
        image_width: W of the image, in pixels.
        image_height: H of the image, in pixels.

    Returns:
        shape (H, W), boolean; true inside the object.

    Raises:
        ValueError: the numbers are not whole, the runs don't fill the box, or the box reaches out
            of the image.

    >>> decode_mask([0, 2, 1, 1, 2, 1], image_width=3, image_height=2).astype(int).tolist()
    [[0, 0, 0], [0, 1, 1]]
    """
    import numpy as np

    if image_width <= 0 or image_height <= 0:
        raise ValueError(f"invalid image dimensions: {image_width} x {image_height}")
    runs, box = split_mask(encoded)
    left, top, right, bottom = box
    if right > image_width or bottom > image_height:
        raise ValueError(
            f"invalid encoded bounding box: {left, top, right - 1, bottom - 1} reaches out of an"
            f" image of {image_width} x {image_height}"
        )
    bitmap = np.zeros((image_height, image_width), dtype=bool)
    bitmap[top:bottom, left:right] = _filled(runs, box)
    return bitmap


def decode_part(encoded: Sequence[float], /) -> tuple[NDArray[np.bool_], tuple[int, int]]:
    """Return the pixels of a mask in its box, as `encode_part` takes them.

    Returns:
        shape (h, w), boolean; and where in the image its first pixel lies.

    Raises:
        ValueError: as for `split_mask`.

    >>> part, corner_xy = decode_part([1, 1, 7, 5, 8, 5])
    >>> part.tolist(), corner_xy
    ([[False, True]], (7, 5))
    """
    runs, box = split_mask(encoded)
    return _filled(runs, box), box[:2]


def _filled(runs: list[int], box: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    import numpy as np

    left, top, right, bottom = box
    pixels = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return pixels.reshape(bottom - top, right - left)


def split_mask(encoded: Sequence[float], /) -> tuple[list[int], tuple[int, int, int, int]]:
    """Return the run lengths and the box of a mask.

    Returns:
        The run lengths, and left, top, right, bottom in pixels; right and bottom are exclusive.

    Raises:
        ValueError: the numbers are not whole, a run is negative, or the runs don't fill the box.

    >>> split_mask([0, 2, 1, 1, 2, 1])
    ([0, 2], (1, 1, 3, 2))
    """
    *runs, left, top, right, bottom = whole_mask(encoded)
    return runs, (left, top, right + 1, bottom + 1)


def whole_mask(encoded: Sequence[float], /) -> list[int]:
    """Return a mask's numbers as integers, which take a tenth of the time to be written as JSON.

    Raises:
        ValueError: as for `split_mask`.
    """
    if len(encoded) < 5:
        raise ValueError(
            f"too few elements in encoded mask: expected 5 or more, got {len(encoded)}"
        )
    try:
        sum(encoded)  # refuses strings, which the conversion would take
        whole = msgspec.convert((encoded,), _Whole, strict=False).numbers
    except (TypeError, msgspec.ValidationError):
        whole = list(map(_as_whole, encoded))
    left, top, right, bottom = whole[-4:]
    if right < left or bottom < top:
        raise ValueError(f"invalid encoded bounding box: {left, top, right, bottom}")
    pixels, area = sum(whole[:-4]), (right - left + 1) * (bottom - top + 1)
    if pixels != area:
        raise ValueError(
            f"encoded bitmap does not match encoded bounding box: the runs have {pixels} pixels,"
            f" the box has {area}"
        )
    return whole


class _Whole(msgspec.Struct, array_like=True, gc=False):
    numbers: list[Annotated[int, msgspec.Meta(ge=0)]]


# Looked through by msgspec now; two threads that did so at their first masks would end the process.
msgspec.json.Decoder(_Whole)


def _as_whole(number: object) -> int:
    if not isinstance(number, SupportsFloat) or not float(number).is_integer():
        raise ValueError(f"non-integer value in encoded mask: {number!r}")
    if float(number) < 0:
        raise ValueError(f"negative number in encoded mask: {number!r}")
    return int(float(number))


def _tightest(pixels: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    import numpy as np

    rows = np.flatnonzero(pixels.any(axis=1))
    if not rows.size:
        return 0, 0, 1, 1
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(pixels[top:bottom].any(axis=0))
    return int(columns[0]), top, int(columns[-1]) + 1, bottom


def _checked(bbox: Sequence[float], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    height, width = shape
    if len(bbox) != 4 or not all(map(math.isfinite, bbox)):
        raise ValueError(f"bbox has invalid coordinates: {bbox!r} is not [x1, y1, x2, y2]")
    left, top = map(math.floor, bbox[:2])
    right, bottom = map(math.ceil, bbox[2:])
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise ValueError(
            f"bbox has invalid coordinates: {list(bbox)} in a bitmap of {width} x {height}"
        )
    return left, top, right, bottom
