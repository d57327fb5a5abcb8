from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from cvat_cli.labels import parse_labels
from cvat_cli.tasks import parse_resource_type
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
    ("text", "expected"),
    [
        ("local", ResourceType.LOCAL),
        ("share", ResourceType.SHARE),
        ("Remote", ResourceType.REMOTE),
        *((text, None) for text in ("cloud", "", "0")),
    ],
)
def test_where_files_are_is_one_of_three_words(text: str, expected: ResourceType | None) -> None:
    if expected is not None:
        assert parse_resource_type(text) == expected
    else:
        with pytest.raises(argparse.ArgumentTypeError):
            parse_resource_type(text)
