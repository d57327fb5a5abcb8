"""What a client sees of an error."""

from __future__ import annotations

import json
import logging
from typing import Any

import msgspec
import pytest
from sqlalchemy.exc import IntegrityError

from cvat_hub import errors
from cvat_hub.media.errors import MediaError


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (errors.BadRequest("no"), 400, ["no"]),
        (errors.at(["a", 1, "b"], "no"), 400, {"a": [{}, {"b": ["no"]}]}),
        (errors.Forbidden(), 403, {"detail": errors.Forbidden.sentence}),
        (errors.NotFound("gone"), 404, {"detail": "gone"}),
        (errors.Conflict("busy"), 409, {"detail": "busy"}),
        (errors.TooLarge("big"), 413, {"detail": "big"}),
        (errors.WrongType("text"), 415, {"detail": "text"}),
        (IntegrityError("", {}, Exception()), 409, {"detail": errors.MEANWHILE}),
        (RecursionError(), 400, {"detail": "JSON parse error - it is nested too deeply"}),
        (MediaError("a.jpg: broken"), 400, ["a.jpg: broken"]),
    ],
)
def test_a_refusal_is_told_in_the_form_of_cvat(error: Exception, status: int, body: Any) -> None:
    reply = errors.reply_to(error)
    assert (reply.status_code, json.loads(bytes(reply.body))) == (status, body)


def test_an_unexpected_error_goes_to_the_log_and_not_to_the_client(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        reply = errors.reply_to(RuntimeError("secret path /x/y"))
    assert reply.status_code == 500
    assert b"secret" not in bytes(reply.body)
    assert "secret path /x/y" in caplog.text


class Inner(msgspec.Struct):
    name: str


class Outer(msgspec.Struct):
    items: list[Inner]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b'{"items": [{"name": "a"}, {"name": 1}]}',
            {"items": [{}, {"name": ["Expected `str`, got `int`"]}]},
        ),
        (b'{"items": [{}]}', {"items": [{"name": ["This field is required."]}]}),
        (b"{}", {"items": ["This field is required."]}),
        (b"[]", ["Expected `object`, got `array`"]),
    ],
)
def test_a_body_of_the_wrong_form_is_told_by_field(body: bytes, expected: Any) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=Outer)
    assert errors.invalid(caught.value).body == expected
