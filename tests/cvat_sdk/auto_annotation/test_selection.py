"""Which frames of a task are annotated."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvat_sdk.auto_annotation.selection import annotated_frames, choose, parse_frames
from cvat_sdk.exceptions import CvatSdkException, SelectionError
from cvat_sdk.models import (
    LabeledData,
    LabeledImage,
    LabeledShape,
    LabeledTrack,
    SubLabeledTrack,
    TrackedShape,
)

PLAN = [0, 1, 2, 3, 5, 6, 8, 9]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", (range(7, 8),)),
        ("0-10,20,30-100:5", (range(11), range(20, 21), range(30, 101, 5))),
        (" 3 , 1-2 ", (range(3, 4), range(1, 3))),
        ("4-4", (range(4, 5),)),
        ("5-4", "the range '5-4' has no frames"),
        ("0-9:0", "the range '0-9:0' has no frames"),
        *(
            (text, "is neither a frame nor a range")
            for text in ("", "1,,2", "1,", "a", "-3", "1-2-3", "3:2", "1.5", "1:", "1-2:", "٣")
        ),
        ("9999999999", "is neither a frame nor a range"),
    ],
)
def test_frames_are_numbers_and_ranges(text: str, expected: Any) -> None:
    if isinstance(expected, tuple):
        assert parse_frames(text) == expected
    else:
        with pytest.raises(SelectionError, match=expected):
            parse_frames(text)


def test_a_range_without_an_end_goes_to_the_end_of_the_task() -> None:
    assert choose(PLAN, frames="6-") == [6, 8, 9]
    assert choose(PLAN, frames="1-:2") == [1, 3, 5, 9]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, PLAN),
        ({"frames": "9,0-2"}, [0, 1, 2, 9]),
        ({"frames": "3-5"}, [3, 5]),
        ({"frames": "0-100:3"}, [0, 3, 6, 9]),
        ({"frames": [9, 1, 1]}, [1, 9]),
        ({"frames": range(0, 1000, 2)}, [0, 2, 6, 8]),
        ({"frames": iter([2, 1])}, [1, 2]),
        ({"frames": []}, []),
        ({"job": (2, 6)}, [2, 3, 5, 6]),
        ({"annotated": {1, 2, 3, 4}}, [0, 5, 6, 8, 9]),
        ({"frames": "0-5", "job": (3, 9), "annotated": {3}}, [5]),
        ({"frames": "1", "job": (5, 9)}, []),
    ],
)
def test_frames_are_chosen_by_number_by_job_and_by_what_is_there(
    options: dict[str, Any], expected: list[int]
) -> None:
    assert choose(PLAN, **options) == expected


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ("4", "frame 4 is not in the task; it has 8 frames from 0 to 9, deleted ones aside"),
        ([1, 4], "frame 4 is not in the task"),
        ([-1], "frame -1 is not in the task"),
        ("0-3,10-20", "none of 10 to 20 is in the task"),
        ("10-", "none of 10 to the end is in the task"),
        (range(10, 12), "none of 10 to 11 is in the task"),
    ],
)
def test_what_the_task_has_nothing_of_is_told(frames: Any, message: str) -> None:
    with pytest.raises(SelectionError, match=message) as caught:
        choose(PLAN, frames=frames)
    assert isinstance(caught.value, CvatSdkException)
    assert isinstance(caught.value, ValueError)


def test_a_task_without_frames_is_told() -> None:
    with pytest.raises(SelectionError, match="it has no frames"):
        choose([], frames="0-9")


def test_frames_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(TypeError):
        choose(PLAN, frames=[1.5])  # type: ignore[list-item]


@given(
    st.sets(st.integers(0, 40)),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 7)), min_size=1),
)
def test_what_is_chosen_is_what_the_ranges_say(
    plan: set[int], parts: list[tuple[int, int, int]]
) -> None:
    ranges = [range(first, first + more + 1, step) for first, more, step in parts]
    text = ",".join(f"{r.start}-{r.stop - 1}:{r.step}" for r in ranges)
    expected = sorted({frame for r in ranges for frame in r} & plan)
    if all(plan.intersection(r) for r in ranges):
        assert choose(plan, frames=text) == expected
    else:
        with pytest.raises(SelectionError):
            choose(plan, frames=text)


def key(frame: int, *, outside: bool = False) -> TrackedShape:
    return TrackedShape("rectangle", frame, outside=outside, points=[0, 0, 1, 1])


JOBS = [(0, 9), (10, 19)]


@pytest.mark.parametrize(
    ("keys", "jobs", "expected"),
    [
        ([key(2), key(5, outside=True)], JOBS, {2, 3, 4}),
        ([key(5, outside=True), key(2)], JOBS, {2, 3, 4}),
        ([key(2), key(4), key(5, outside=True), key(8)], JOBS, {2, 3, 4, 8, 9}),
        ([key(12)], JOBS, set(range(12, 20))),
        ([key(12)], [], {12}),
        ([key(2), key(4)], [], {2, 3, 4}),
        ([key(8)], [(0, 9), (7, 16)], set(range(8, 17))),
        ([key(3, outside=True)], JOBS, set()),
        ([], JOBS, set()),
    ],
)
def test_a_track_is_there_between_its_key_frames_and_until_its_job_ends(
    keys: list[TrackedShape], jobs: list[tuple[int, int]], expected: set[int]
) -> None:
    data = LabeledData(tags=[], shapes=[], tracks=[LabeledTrack(1, 2, shapes=keys)])
    assert annotated_frames(data, jobs) == expected


def test_tags_shapes_and_elements_of_tracks_make_a_frame_annotated() -> None:
    elements = [SubLabeledTrack(11, 0, shapes=[key(5), key(7, outside=True)])]
    data = LabeledData(
        tags=[LabeledImage(1, 3)],
        shapes=[LabeledShape("rectangle", 1, 9, points=[0, 0, 1, 1])],
        tracks=[LabeledTrack(1, 0, shapes=[key(5, outside=True)], elements=elements)],
    )
    assert annotated_frames(data, JOBS) == {3, 5, 6, 9}
    assert annotated_frames(LabeledData()) == set()
