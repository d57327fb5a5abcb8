from __future__ import annotations

import io
import json
import logging

import pytest

from cvat_agent.logs import JsonFormatter


@pytest.fixture
def lines() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(lines: io.StringIO) -> logging.Logger:
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonFormatter())
    logger = logging.Logger("agent")
    logger.addHandler(handler)
    return logger


def test_each_line_is_an_object_whatever_it_says(
    lines: io.StringIO, logger: logging.Logger
) -> None:
    logger.info("request %s: %s", "r-1", 'two\nlines and a "quote"')
    try:
        raise ValueError("deep\ndown")
    except ValueError:
        logger.exception("it failed")
    told, failed = map(json.loads, lines.getvalue().splitlines())
    assert told["message"] == 'request r-1: two\nlines and a "quote"'
    assert (told["level"], told["thread"], "error" in told) == ("info", "MainThread", False)
    assert failed["level"] == "error"
    assert "ValueError: deep\ndown" in failed["error"]
