from __future__ import annotations

import gc
import math
from typing import Any

import numpy as np
import pytest

from cvat_sdk import models
from cvat_sdk.api_client.wire import decode, encode, paused_garbage_collection
from cvat_sdk.exceptions import ApiException, ApiTypeError, ApiValueError


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ({"a": None}, b'{"a":null}'),
        ({"a": (1, 2.5)}, b'{"a":[1,2.5]}'),
        ({"a": np.float32(0.5), "b": np.arange(3)}, b'{"a":0.5,"b":[0,1,2]}'),
        (models.LabeledImageRequest(label_id=1, frame=2), b'{"label_id":1,"frame":2}'),
    ],
)
def test_values_are_sent_as_json_without_what_was_not_given(value: Any, body: bytes) -> None:
    assert encode(value) == body


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (math.nan, "the value is nan"),
        ({"a": [1.0, math.inf]}, r"a\[1\] is inf"),
        ({"a": {"b": -math.inf}, "c": None}, "a.b is -inf"),
        ({"a": np.array([1.0, math.nan])}, r"a\[1\] is nan"),
    ],
)
def test_numbers_that_are_not_finite_never_go_out(value: Any, where: str) -> None:
    with pytest.raises(ApiValueError, match=where):
        encode(value)


def test_a_point_that_became_nan_in_place_is_named() -> None:
    shape = models.LabeledShapeRequest(
        type="points", label_id=1, frame=0, points=[1.0, 2.0], group=None
    )
    assert b"null" in encode({"shapes": [shape]})
    shape.points[1] = math.nan
    with pytest.raises(ApiValueError, match=r"shapes\[0\].points\[1\] is nan"):
        encode({"shapes": [shape]})


def test_what_json_has_no_form_for_is_refused_by_name() -> None:
    with pytest.raises(ApiTypeError, match="object"):
        encode({"a": object()})


@pytest.mark.parametrize("body", [b"<html>", b'{"name": 3}', b"[]", b"\xff", b""])
def test_an_answer_that_is_not_the_record_is_an_error_of_the_server(body: bytes) -> None:
    with pytest.raises(ApiException, match="is not a About"):
        decode(body, models.About)


def test_garbage_collection_comes_back_and_stays_off_where_it_was_off() -> None:
    with paused_garbage_collection():
        assert not gc.isenabled()
        with paused_garbage_collection():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with paused_garbage_collection(when=False):
        assert gc.isenabled()
