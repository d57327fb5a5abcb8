"""Tracks are told by as few key frames as say where a shape is."""

from __future__ import annotations

from typing import Any

import pytest

from cvat_sdk.auto_annotation import BadFunctionError, TrackableShape
from cvat_sdk.auto_annotation.tracks import Track, check_tracked

# A letter is a place, "." means lost; key frames are a place, and "x" if they are outside.
CASES = [
    ("a", "0a"),
    ("ab", "0a 1b"),
    ("aaaa", "0a"),
    ("aab", "0a 1a 2b"),
    ("aaaab", "0a 3a 4b"),
    ("abbb", "0a 1b"),
    ("abbbc", "0a 1b 3b 4c"),
    ("a.", "0a 1ax"),
    ("aaa.", "0a 3ax"),
    ("a...b", "0a 1ax 4b"),
    ("a..aa", "0a 1ax 3a"),
    ("aa..aab", "0a 2ax 4a 5a 6b"),
]


def shape_at(place: str) -> TrackableShape | None:
    at = float(ord(place))
    return None if place == "." else TrackableShape(type="points", points=[at, at])


def text_of(key: dict[str, Any]) -> str:
    return f"{key['frame']}{chr(int(key['points'][0]))}{'x' * key['outside']}"


@pytest.mark.parametrize(("places", "keys"), CASES)
def test_key_frames_are_where_something_changes(places: str, keys: str) -> None:
    track = Track("points", {"label_id": 1})
    for frame, place in enumerate(places):
        track.seen(frame, shape_at(place))
    told = track.told()
    assert " ".join(map(text_of, told["shapes"])) == keys
    assert (told["label_id"], told["frame"]) == (1, 0)


def test_a_shape_that_does_not_move_takes_no_memory() -> None:
    track = Track("points", {})
    for frame in range(1000):
        track.seen(frame, shape_at("a"))
    assert len(track.key_frames) == 2


def test_a_track_ends_once() -> None:
    track = Track("points", {})
    track.seen(0, shape_at("a"))
    track.end(1)
    track.end(2)
    assert [text_of(key) for key in track.told()["shapes"]] == ["0a", "1ax"]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("a", "track returned a 'str', not a TrackableShape"),
        (TrackableShape(type="points", points=[1, 2]), "of type 'points' for one of type 'rect"),
        (TrackableShape(type="rectangle", points=[1, 2]), "with bad points"),
        (TrackableShape(type="rectangle", points=[1, 2, 3, float("nan")]), "with bad points"),
    ],
)
def test_what_breaks_the_protocol_is_refused(shape: Any, message: str) -> None:
    with pytest.raises(BadFunctionError, match=message):
        check_tracked(shape, "rectangle")
