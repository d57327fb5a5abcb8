"""How far a run has come is told by its entries alone."""

from __future__ import annotations

from cvat_sdk.auto_annotation.pipeline.entries import (
    Begun,
    Entry,
    Found,
    Sending,
    Sent,
    Skipped,
    Withdrawing,
    Withdrawn,
)
from cvat_sdk.auto_annotation.pipeline.state import RunState

START = 50


def state(*entries: Entry) -> RunState:
    told = RunState(Begun(1, "run", b"{}", [(0, 3), (7, 7)], {"shapes": [(1, 4)]}), START)
    for entry in entries:
        told.apply(entry)
    return told


def found(frame: int) -> Found:
    return Found(frame, 1, 2, b"{}", b"{},{}")


def test_frames_that_are_done_or_given_up_are_not_left() -> None:
    told = state(found(0), Skipped(1, "p1.png", "why"), found(7))
    assert told.frames == [0, 1, 2, 3, 7]
    assert told.left == [2, 3]
    assert (told.tags, told.shapes, told.finished) == (2, 4, 3)


def test_a_parcel_is_in_doubt_until_it_is_heard_to_be_sent() -> None:
    told = state(found(0), Sending(0, START, 80), Sending(1, 80, 90))
    assert told.in_doubt == {0: (START, 80), 1: (80, 90)}
    assert told.has_sent
    told.apply(Sent(1, {"shapes": [(5, 6)], "tags": [(1, 1)]}))
    told.apply(Sent(0, {"shapes": [(7, 7)]}))
    assert told.in_doubt == {}
    assert (told.next_parcel, told.unsent) == (2, 90)
    assert {kind: list(ids) for kind, ids in told.sent.items()} == {
        "tags": [1],
        "shapes": [5, 6, 7],
        "tracks": [],
    }


def test_after_a_withdrawal_everything_is_sent_again_under_new_names() -> None:
    told = state(found(0), Sending(0, START, 80), Sent(0, {"shapes": [(5, 6)]}))
    names = [told.key(number) for number in range(2)]
    told.apply(Withdrawing())
    assert told.withdrawing
    told.apply(Withdrawn())
    assert not told.withdrawing
    assert not told.has_sent
    assert (told.next_parcel, told.unsent, told.left) == (0, START, [1, 2, 3, 7])
    assert len({*names, told.key(0), told.key(1)}) == 4


def test_what_was_there_before_is_known_by_kind() -> None:
    existing = state().existing
    assert existing is not None
    assert {kind: list(ids) for kind, ids in existing.items()} == {
        "tags": [],
        "shapes": [1, 2, 3, 4],
        "tracks": [],
    }
