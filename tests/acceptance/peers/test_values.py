"""Masks and attributes mean the same in both packages: the same result, or both refuse."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cvat_sdk import attributes, masks, models

pytestmark = pytest.mark.acceptance

EXAMPLES = settings(
    max_examples=400,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

SHAPES = arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12)
BITMAPS = arrays.arrays(np.bool_, SHAPES)
ODD_BITMAPS = arrays.arrays(
    st.sampled_from([np.bool_, np.uint8, np.float32]),
    arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
)
COORDINATES = st.one_of(
    st.integers(-1, 13), st.floats(-1, 13), st.sampled_from([float("nan"), float("inf")])
)
BOXES = st.one_of(
    st.none(),
    st.tuples(*[st.integers(0, 12)] * 4).map(
        lambda box: [min(box[::2]), min(box[1::2]), max(box[::2]), max(box[1::2])]
    ),
    st.lists(COORDINATES, min_size=3, max_size=5),
)
ITEMS = st.one_of(
    st.integers(-2, 40),
    st.floats(-2, 40),
    st.sampled_from([None, "3", True, 2.0, float("nan"), float("inf")]),
)
TEXTS = st.one_of(
    st.integers(-5, 25).map(str),
    st.sampled_from(["true", "false", "True", "", " 4 ", "+4", "1_0", "٤", "4.0", "red", "RED"]),
    st.text(max_size=5),
)


def outcome(function, *arguments):
    """Return the answer of our function in the form of the official one's."""
    try:
        return {"value": function(*arguments)}
    except (ValueError, TypeError) as error:  # anything else fails the test
        return {"refused": f"{type(error).__name__}: {error}"}


def assert_same(ours, theirs):
    if "value" in ours or "value" in theirs:
        assert ours == theirs


@EXAMPLES
@given(bitmap=st.one_of(BITMAPS, BITMAPS, ODD_BITMAPS), bbox=BOXES)
def test_masks_are_encoded_as_officially(official, bitmap, bbox):
    # In JSON, an empty array keeps no dimension but the first.
    assume(bitmap.size or bitmap.ndim == 1)
    theirs = official("encode", bitmap.tolist(), bitmap.dtype.name, bbox)
    ours = outcome(masks.encode_mask, bitmap, bbox)
    if bbox is not None and len(bbox) > 4:
        assert "refused" in ours  # the official package ignores what comes after the box
    else:
        assert_same(ours, theirs)


@st.composite
def encoded_masks(draw):
    """The points of a mask, often with something wrong in them, and the size of an image."""
    bitmap = draw(BITMAPS)
    points = masks.encode_mask(bitmap)
    for _ in range(draw(st.integers(0, 2))):
        index = draw(st.integers(0, len(points)))
        points[index : index + draw(st.integers(0, 1))] = draw(st.lists(ITEMS, max_size=1))
    height, width = bitmap.shape
    return points, width + draw(st.integers(-1, 1)), height + draw(st.integers(-1, 1))


def decode(points, width, height):
    return masks.decode_mask(points, image_width=width, image_height=height).tolist()


@EXAMPLES
@given(mask=encoded_masks())
@example(mask=([], 1, 1))
@example(mask=([1, 0, 0, 0], 1, 1))
@example(mask=([1, 0, 0, 0, 0], 1, 1))
@example(mask=([1, 0, 0, 0, 0], 0, 1))
def test_masks_are_decoded_as_officially(official, mask):
    assert_same(outcome(decode, *mask), official("decode", *mask))


@EXAMPLES
@given(low=st.integers(-30, 30), high=st.integers(-30, 30), step=st.integers(-2, 12))
def test_numbers_have_the_official_values(official, low, high, step):
    assert_same(
        outcome(attributes.number_attribute_values, low, high, step),
        official("number_values", low, high, step),
    )


def suits(input_type, values, value):
    spec = models.AttributeRequest(name="a", mutable=False, input_type=input_type, values=values)
    return attributes.attribute_value_validator(spec)(value)


RANGES = st.tuples(st.integers(-5, 5), st.integers(0, 6), st.integers(1, 5)).map(
    lambda t: [str(t[0]), str(t[0] + t[1] * t[2]), str(t[2])]
)


@EXAMPLES
@given(
    input_type=st.sampled_from(["checkbox", "number", "radio", "select", "text", "colour"]),
    values=st.one_of(RANGES, st.lists(TEXTS, max_size=4)),
    value=TEXTS,
)
def test_the_same_values_suit_an_attribute(official, input_type, values, value):
    assert_same(
        outcome(suits, input_type, values, value), official("suits", input_type, values, value)
    )


def attribute_values(pairs):
    return [[v.spec_id, v.value] for v in attributes.attribute_vals_from_dict(dict(pairs))]


@EXAMPLES
@given(
    pairs=st.lists(
        st.tuples(
            st.integers(-3, 9),
            st.one_of(TEXTS, st.integers(), st.booleans(), st.none(), st.floats()),
        ),
        max_size=4,
    )
)
@example(pairs=[(1, "x" * 4096)])
@example(pairs=[(1, "x" * 4097)])
def test_plain_values_become_the_same_attributes(official, pairs):
    assert_same(outcome(attribute_values, pairs), official("attribute_values", pairs))
