"""Masks, drawn as text: `#` is a pixel of the object."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from cvat_sdk.masks import decode_mask, encode_mask, split_mask


def drawn(*rows: str) -> NDArray[np.bool_]:
    return np.array([[pixel == "#" for pixel in row] for row in rows])


@pytest.mark.parametrize(
    ("bitmap", "encoded"),
    [
        (drawn("...", ".##"), [0, 2, 1, 1, 2, 1]),
        (drawn("#"), [0, 1, 0, 0, 0, 0]),
        (drawn("....", ".#.#", "..#."), [0, 1, 1, 1, 1, 1, 1, 1, 1, 3, 2]),
        (drawn("..", ".."), [1, 0, 0, 0, 0]),
        (drawn("##", "##"), [0, 4, 0, 0, 1, 1]),
        (drawn(".#", "#."), [1, 2, 1, 0, 0, 1, 1]),
    ],
)
def test_a_mask_is_encoded_inside_its_tightest_box_and_decoded_again(
    bitmap: NDArray[np.bool_], encoded: list[float]
) -> None:
    assert encode_mask(bitmap) == encoded
    height, width = bitmap.shape
    assert (decode_mask(encoded, image_width=width, image_height=height) == bitmap).all()


def test_only_what_lies_in_the_given_box_is_encoded() -> None:
    assert encode_mask(drawn("####", "####"), [0.9, 0, 2.1, 1]) == [0, 3, 0, 0, 2, 0]


def test_a_box_without_a_pixel_of_the_object_is_one_run() -> None:
    assert encode_mask(drawn("...", "..."), [0, 0, 2, 2]) == [4, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("bitmap", "bbox", "message"),
    [
        (np.zeros(4, dtype=bool), None, r"2 dimensions, got \(4,\)"),
        (np.zeros((2, 2, 1), dtype=bool), None, "2 dimensions"),
        (np.zeros((2, 2)), None, "boolean items, got float64"),
        (np.zeros((0, 2), dtype=bool), None, "at least one pixel"),
        (np.zeros((2, 2), dtype=bool), [0, 0, 3, 1], "invalid coordinates"),
        (np.zeros((2, 2), dtype=bool), [1, 0, 1, 1], "invalid coordinates"),
        (np.zeros((2, 2), dtype=bool), [-1, 0, 1, 1], "invalid coordinates"),
        (np.zeros((2, 2), dtype=bool), [0, 0, math.nan, 1], "invalid coordinates"),
        (np.zeros((2, 2), dtype=bool), [0, 0, 1], "invalid coordinates"),
    ],
)
def test_a_bad_bitmap_or_box_is_refused(
    bitmap: NDArray[np.bool_], bbox: list[float] | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        encode_mask(bitmap, bbox)


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        ([], "too few elements"),
        ([0, 0, 0, 0], "too few elements"),
        ([1.5, 0, 0, 0, 0], "non-integer value in encoded mask: 1.5"),
        ([math.nan, 0, 0, 0, 0], "non-integer value"),
        ([math.inf, 0, 0, 0, 0], "non-integer value"),
        (["1", 0, 0, 0, 0], "non-integer value"),
        ([None, 0, 0, 0, 0], "non-integer value"),
        ([3, 0, 0, 1, 1], "the runs have 3 pixels, the box has 4"),
        ([5, 0, 0, 1, 1], "the runs have 5 pixels, the box has 4"),
        ([5, -1, 0, 0, 1, 1], "negative number in encoded mask: -1"),
        ([1, 1, 0, 0, 0], "invalid encoded bounding box"),
        ([1, -1, 0, -1, 0], "negative number in encoded mask: -1"),
        ([3, 0, 0, 2, 0], "reaches out of an image of 2 x 2"),
        ([3, 0, 0, 0, 2], "reaches out of an image of 2 x 2"),
    ],
)
def test_a_malformed_mask_is_refused(encoded: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode_mask(encoded, image_width=2, image_height=2)


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid image dimensions: 0 x 2"):
        decode_mask([1, 0, 0, 0, 0], image_width=0, image_height=2)


def test_a_mask_is_split_into_runs_and_a_box_with_exclusive_ends() -> None:
    assert split_mask([1.0, 2.0, 1.0, 4.0, 5.0, 5.0, 6.0]) == ([1, 2, 1], (4, 5, 6, 7))
