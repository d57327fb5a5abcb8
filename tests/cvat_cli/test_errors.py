from __future__ import annotations

import pytest

from cvat_cli.errors import CommandError, explain
from cvat_sdk.exceptions import (
    ApiException,
    BadFunctionError,
    BadRequestException,
    ForbiddenException,
    NotFoundException,
    ServiceException,
    TransportError,
    UnauthorizedException,
)


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (CommandError("no such thing"), "no such thing"),
        (CommandError("two\n  lines"), "two lines"),
        (BadFunctionError("label 'car' has no ID"), "bad function: label 'car' has no ID"),
        (TransportError("http://a cannot be reached"), "http://a cannot be reached"),
        (FileNotFoundError(2, "No such file or directory", "a.jpg"), "a.jpg: No such file or dir"),
        (FileNotFoundError("a.jpg: there is no such file"), "a.jpg: there is no such file"),
        (UnauthorizedException(401, "Unauthorized", body='{"detail": "Bad token."}'), "Bad token."),
        (ForbiddenException(403, "Forbidden"), "this user may not do that: Forbidden"),
        (NotFoundException(404, "Not Found", body="<html>"), "the server has no such object"),
        (
            BadRequestException(400, "Bad Request", body='{"name": ["Too long.", "Too odd."]}'),
            "the server answers 400: name: Too long.; Too odd.",
        ),
        (BadRequestException(400, "Bad Request", body='["Wrong."]'), "answers 400: Wrong."),
        (BadRequestException(400, "Bad Request", body='"Wrong."'), "answers 400: Wrong."),
        (ServiceException(502, "Bad Gateway", body="<html>"), "the server answers 502: Bad Gatew"),
        (ApiException(), "the server answers None: no reason given"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero ("),
        (KeyError(), "KeyError ("),
    ],
)
def test_an_error_becomes_one_line(error: Exception, line: str) -> None:
    said = explain(raised(error))
    assert line in said
    assert "\n" not in said


def test_an_unexpected_error_tells_where_it_arose() -> None:
    assert f"({__file__}, line " in explain(raised(RuntimeError("odd")))


def test_notes_belong_to_the_line() -> None:
    error = TransportError("cut")
    error.add_note("task 5 was created")
    assert explain(error) == "cut; task 5 was created"
