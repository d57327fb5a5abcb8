from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cvat_cli.labels import parse_labels
from cvat_cli.tasks import parse_resource_type, parse_threshold
from cvat_sdk.core.proxies.tasks import ResourceType

Write = Callable[[str, str], Path]


def test_labels_come_as_text_or_from_a_file(write: Write) -> None:
    labels = [{"name": "car", "attributes": []}]
    text = '[{"name": "car", "attributes": []}]'
    assert parse_labels(text) == labels
    assert parse_labels(f" {text}") == labels
    assert parse_labels(str(write("labels.json", text))) == labels
    assert parse_labels("[]") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("absent.json", "'absent.json' is neither JSON nor a file that can be read"),
        ("", "neither JSON nor a file"),
        ("a\0b", "neither JSON nor a file"),
        ('[{"name": "car"', "the text is not JSON"),
        ('{"name": "car"}', "is not a list of labels"),
        ('["car"]', "is not a list of labels"),
        ("[{}]", "is not a list of labels"),
        ('[{"name": 5}]', "is not a list of labels"),
    ],
)
def test_what_are_no_labels_is_refused(text: str, message: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        parse_labels(text)


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parse_threshold, "0", 0.0),
        (parse_threshold, "0.5", 0.5),
        (parse_threshold, "1", 1.0),
        (parse_resource_type, "local", ResourceType.LOCAL),
        (parse_resource_type, "share", ResourceType.SHARE),
        (parse_resource_type, "Remote", ResourceType.REMOTE),
    ],
)
def test_a_good_word_is_taken(parse: Callable[[str], Any], text: str, expected: object) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        *((parse_threshold, text) for text in ("-0.1", "1.1", "nan", "inf", "half", "")),
        *((parse_resource_type, text) for text in ("cloud", "", "0")),
    ],
)
def test_a_bad_word_is_refused(parse: Callable[[str], Any], text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        parse(text)
