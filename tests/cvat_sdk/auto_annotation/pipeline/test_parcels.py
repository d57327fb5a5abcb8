"""Requests are put together from the journal, bounded, and the same whenever they are made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cvat_sdk.auto_annotation.pipeline.entries import Begun, Found, Skipped
from cvat_sdk.auto_annotation.pipeline.journal import Journal
from cvat_sdk.auto_annotation.pipeline.parcels import Parcel, ParcelMaker, parcel_again, parcels


def found(frame: int, shapes: int, tags: int = 0, size: int = 0) -> Found:
    text = "x" * size
    shape_json = ",".join(f'{{"frame":{frame},"n":{n},"x":"{text}"}}' for n in range(shapes))
    tag_json = ",".join(f'{{"frame":{frame},"tag":{n}}}' for n in range(tags))
    return Found(frame, tags, shapes, tag_json.encode(), shape_json.encode())


def frames_of(parcel: Parcel) -> list[int]:
    body = json.loads(parcel.body)
    return sorted({item["frame"] for item in body["tags"] + body["shapes"]})


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([], []),
        ([0, 0], []),
        ([1, 0, 1], [[0, 2]]),
        ([5, 5], [[0], [1]]),
        ([2, 2, 2, 2], [[0, 1], [2, 3]]),
        ([1, 9, 1], [[0], [1], [2]]),
    ],
)
def test_a_request_has_few_annotations_and_whole_frames(
    tmp_path: Path, shapes: list[int], expected: list[list[int]]
) -> None:
    with Journal(tmp_path / "a.journal", new=True) as journal:
        _, start = journal.append(Begun(1, "run", b"{}", [], None))
        for frame, count in enumerate(shapes):
            journal.append(found(frame, count))
            journal.append(Skipped(99, "", ""))
        made = list(parcels(journal, ParcelMaker(7, start, most_annotations=5), journal.end))
        assert [frames_of(parcel) for parcel in made] == expected
        assert [parcel.number for parcel in made] == list(range(7, 7 + len(made)))
        for parcel in made:
            again = parcel_again(journal, parcel.number, parcel.start, parcel.end)
            assert (again.number, again.body) == (parcel.number, parcel.body)
        ends = [start, *(parcel.end for parcel in made)]
        assert [parcel.start for parcel in made] == ends[:-1]


def test_a_request_has_few_bytes(tmp_path: Path) -> None:
    maker = ParcelMaker(0, 0, most_bytes=1000)
    made = [
        parcel
        for frame in range(6)
        for parcel in maker.add(found(frame, 1, size=400), frame, frame + 1)
    ]
    assert [frames_of(parcel) for parcel in made] == [[0, 1], [2, 3]]
    assert all(len(parcel.body) < 1100 for parcel in made)
    assert [frames_of(parcel) for parcel in maker.rest()] == [[4, 5]]
    assert list(maker.rest()) == []


def test_tags_and_shapes_stand_where_they_belong() -> None:
    maker = ParcelMaker(0, 0)
    assert list(maker.add(found(0, 2, 1), 0, 1)) == []
    assert list(maker.add(found(1, 0, 1), 1, 2)) == []
    [parcel] = maker.rest()
    body = json.loads(parcel.body)
    assert [tag["frame"] for tag in body["tags"]] == [0, 1]
    assert [shape["n"] for shape in body["shapes"]] == [0, 1]
