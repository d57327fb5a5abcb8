"""Which key frames a track needs, and where it is between them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvat_sdk.auto_annotation import TrackableShape
from cvat_sdk.auto_annotation.tracks import KeyFrame, Seen, key_frames, position

LOST = None


def seen(kind: str, *places: Sequence[float] | None, first: int = 0) -> list[Seen]:
    """Return a shape on one frame after the other."""
    return [
        (first + step, points and TrackableShape(type=kind, points=list(points)))
        for step, points in enumerate(places)
    ]


def box(left: float) -> list[float]:
    return [left, 0, left + 10, 10]


TRIANGLE = [0.0, 0, 9, 0, 9, 9]
MASK = [0.0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("kind", "places", "end", "expected"),
    [
        # A shape that stays needs one key frame, and one where it ends.
        ("rectangle", [box(1)] * 4, None, [0]),
        ("rectangle", [box(1)] * 4, 4, [0, -4]),
        ("rectangle", [box(1)], None, [0]),
        ("rectangle", [box(1)], 1, [0, -1]),
        # Straight lines.
        ("rectangle", [box(1), box(2), box(3)], None, [0, 2]),
        ("rectangle", [box(1), box(2), box(3)], 3, [0, 2, -3]),
        ("rectangle", [box(0), box(1 / 3), box(2 / 3), box(1)], None, [0, 3]),
        ("ellipse", [[5, 5, 6, 4], [6, 5, 7, 4], [7, 5, 8, 4]], None, [0, 2]),
        ("points", [[1, 1], [2, 3], [3, 5]], None, [0, 2]),
        # Bends.
        ("rectangle", [box(0), box(1), box(2), box(2), box(2)], None, [0, 2]),
        ("rectangle", [box(0), box(0), box(0), box(3)], None, [0, 2, 3]),
        ("rectangle", [box(0), box(1), box(0), box(1)], None, [0, 1, 2, 3]),
        ("rectangle", [box(0), box(0.01), box(0)], None, [0, 1, 2]),
        # Lost, for ever or for a while.
        ("rectangle", [box(0), box(1), box(2), LOST, LOST], 5, [0, 2, -3]),
        ("rectangle", [box(0), LOST, LOST, box(5), box(5)], None, [0, -1, 3]),
        ("rectangle", [box(0), LOST, box(5), LOST], 4, [0, -1, 2, -3]),
        # What servers don't move in straight lines.
        ("points", [[1, 1, 5, 5]] * 3, None, [0]),
        ("points", [[1, 1, 5, 5], [2, 2, 6, 6], [3, 3, 7, 7]], None, [0, 1, 2]),
        ("points", [[1, 1], [1, 1, 5, 5], [1, 1]], None, [0, 1, 2]),
        ("polygon", [TRIANGLE] * 3, None, [0, 1, 2]),
        ("polyline", [TRIANGLE] * 2, 2, [0, 1, -2]),
        ("mask", [MASK, MASK, LOST], None, [0, 1, -2]),
    ],
)
def test_a_track_has_the_key_frames_that_it_needs(
    kind: str, places: list[Sequence[float] | None], end: int | None, expected: list[int]
) -> None:
    keys = key_frames(seen(kind, *places), end=end)
    assert [-key.frame if key.outside else key.frame for key in keys] == expected
    for key in keys:
        before = [place for place in places[: key.frame + 1] if place]
        assert key.points == before[-1]


def test_frames_that_are_left_out_count() -> None:
    frames = seen("rectangle", box(0)) + seen("rectangle", box(3), box(4), first=3)
    assert [key.frame for key in key_frames(frames)] == [0, 4]
    frames = seen("rectangle", box(0)) + seen("rectangle", box(1), box(2), first=3)
    assert [key.frame for key in key_frames(frames)] == [0, 3, 4]


def test_a_gentle_bend_is_no_straight_line() -> None:
    # From each frame to the next one the slope changes by less than can be told.
    places = [box(0.0009 * frame * math.log(frame + 1)) for frame in range(500)]
    keys = key_frames(seen("rectangle", *places))
    for frame, place in enumerate(places):
        assert position("rectangle", keys, frame) == pytest.approx(place, abs=2e-3)


def test_a_position_before_another_key_frame_gets_one() -> None:
    keys = key_frames(seen("rectangle", *[box(1)] * 4), is_held=False)
    assert [key.frame for key in keys] == [0, 3]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [(2, None), (3, box(0)), (4, box(1)), (6, box(3)), (7, None), (9, box(5)), (99, box(5))],
)
def test_a_track_is_between_its_key_frames(frame: int, expected: list[float] | None) -> None:
    keys = [KeyFrame(3, box(0)), KeyFrame(6, box(3)), KeyFrame(7, box(3), outside=True)]
    assert position("rectangle", [*keys, KeyFrame(9, box(5))], frame) == expected


def test_several_points_stay_until_the_next_key_frame() -> None:
    keys = [KeyFrame(0, [1, 1, 2, 2]), KeyFrame(4, [3, 3, 4, 4])]
    assert position("points", keys, 3) == [1, 1, 2, 2]


def test_a_polygon_is_known_at_its_key_frames_and_after_them() -> None:
    keys = [KeyFrame(0, TRIANGLE), KeyFrame(2, TRIANGLE)]
    assert position("polygon", keys, 0) == position("polygon", keys, 5) == TRIANGLE
    with pytest.raises(ValueError, match="frame 1 is between the key frames 0 and 2"):
        position("polygon", keys, 1)


steps = st.integers(-2, 2) | st.floats(-2, 2, allow_nan=False).map(lambda x: round(x, 2))
walks = st.lists(st.tuples(steps, st.integers(1, 12), st.booleans()), max_size=8)


@given(walks, st.sampled_from([("rectangle", 4), ("points", 2), ("points", 6), ("cuboid", 16)]))
def test_interpolating_a_track_gives_back_what_was_followed(
    walk: list[tuple[float, int, bool]], kind: tuple[str, int]
) -> None:
    name, numbers = kind
    places: list[Sequence[float] | None] = [[0.0] * numbers]
    x = 0.0
    for speed, length, lost in walk:
        for _ in range(length):
            x += speed
            places.append(None if lost else [x, *[2 * x] * (numbers - 1)])
    frames = seen(name, *places)
    keys = key_frames(frames, end=len(frames))
    for frame, shape in frames:
        found = position(name, keys, frame)
        assert found == (shape and pytest.approx(shape.points, abs=2e-3))
    assert position(name, keys, len(frames)) is None
    bends = 2 * (len(walk) + 1)
    assert numbers == 6 or len(keys) <= 2 + 2 * bends
