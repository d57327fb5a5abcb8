from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator

import pytest

from cvat_agent.spool import Spool
from cvat_sdk.models import LabeledImageRequest, LabeledShapeRequest, ShapeType

WHO = {"agent_id": "a"}


def tag(frame: int) -> LabeledImageRequest:
    return LabeledImageRequest(frame=frame, label_id=1)


def shape(frame: int) -> LabeledShapeRequest:
    return LabeledShapeRequest(type=ShapeType.POINTS, frame=frame, label_id=1, points=[frame, 2])


@pytest.fixture(params=[1, 1 << 20], ids=["disk", "memory"])
def spool(request: pytest.FixtureRequest) -> Iterator[Spool]:
    with Spool(request.param) as spool:
        yield spool


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [([], [])],
        [([tag(0)], [])],
        [([], [shape(0), shape(0)]), ([], []), ([tag(2), tag(2)], [shape(2)])],
    ],
)
def test_a_body_has_all_that_was_found_in_its_order_each_time(
    spool: Spool, frames: list[tuple[list[LabeledImageRequest], list[LabeledShapeRequest]]]
) -> None:
    for tags, shapes in frames:
        spool.add(tags, shapes)
    for _ in range(2):
        body = b"".join(spool.pieces(WHO))
        assert len(body) == spool.size(WHO)
        told = json.loads(body)
        assert told["agent_id"] == "a"
        found = told["annotations"]
        assert [one["frame"] for one in found["tags"]] == [t.frame for ts, _ in frames for t in ts]
        expected = [one.points for _, shapes in frames for one in shapes]
        assert [one["points"] for one in found["shapes"]] == expected


def test_a_body_that_was_left_in_the_middle_begins_anew(spool: Spool) -> None:
    spool.add([], [shape(0)])
    abandoned = spool.pieces(WHO)
    next(abandoned), next(abandoned)
    del abandoned
    spool.add([], [shape(1)])
    body = json.loads(b"".join(spool.pieces(WHO)))
    assert [one["frame"] for one in body["annotations"]["shapes"]] == [0, 1]


def test_memory_does_not_grow_with_what_is_found() -> None:
    found = [shape(frame) for frame in range(100)]
    with Spool() as spool:
        tracemalloc.start()
        try:
            for _ in range(1000):
                spool.add([], found)
            size = sum(map(len, spool.pieces(WHO)))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert size > 5_000_000
    assert peak < 3_000_000
