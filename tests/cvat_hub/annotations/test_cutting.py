"""Cutting a body into pieces finds what reading it at once finds."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvat_hub.annotations.cutting import Lists, cut, incoming
from cvat_hub.annotations.objects import Incoming
from cvat_hub.store.annotations import KINDS

texts = st.sampled_from(["", "a", "},{", '"', "\\", "]}", "é", "[{"])
values = st.recursive(
    st.none() | st.integers(0, 9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=5,
)
bodies = st.tuples(
    st.permutations(["version", *KINDS]),
    st.lists(st.lists(st.dictionaries(texts, values, max_size=2), max_size=4), max_size=3),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")]),
)


def written(body: Any) -> tuple[dict[str, list[Any]], bytes]:
    order, given_lists, separators = body
    lists = dict(zip(KINDS, given_lists, strict=False))
    members = {name: lists.get(name, 0) for name in order if name in lists or name == "version"}
    return lists, json.dumps(members, separators=separators).encode()


def decoded(lists: Lists) -> dict[str, list[Any]]:
    return {
        kind: [msgspec.json.decode(raw) for piece in pieces for raw in piece]
        for kind, pieces in lists.items()
    }


@given(bodies, st.integers(0, 40))
def test_the_pieces_hold_what_the_body_holds(body: Any, size: int) -> None:
    lists, text = written(body)
    found = cut(text, size)
    assert found is not None
    assert decoded(found) == {kind: lists.get(kind, []) for kind in KINDS}


@given(bodies, st.integers(0, 40), st.data())
def test_a_body_that_is_broken_is_never_cut(body: Any, size: int, data: Any) -> None:
    _, text = written(body)
    place = data.draw(st.integers(0, len(text) - 1))
    broken = text[:place] + data.draw(st.sampled_from([b"", b"]", b"}", b'"', b",", b"x"]))
    broken += text[place + 1 :]
    found = cut(broken, size)
    if found is not None:
        whole = msgspec.json.decode(broken, type=Incoming)
        assert decoded(found) == {
            kind: [msgspec.json.decode(raw) for raw in getattr(whole, kind)] for kind in KINDS
        }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"shapes": {}}',
        b'{"shapes": [1, 2]}',
        b'{"shapes": [{}]} x',
        b'{"shapes": [{},]}',
        b'{"shapes": [{}], "shapes": [{}]}',
        b'{"shapes": [{}], "other": [{}]}',
        b'{"version": "a", "shapes": [{}]}',
    ],
)
def test_what_is_unusual_is_read_at_once(body: bytes) -> None:
    assert cut(body, 0) is None


def test_a_large_list_comes_in_many_pieces_that_are_let_go_one_by_one() -> None:
    shapes = [{"frame": number, "elements": [{"a": "}, {"}] * 3} for number in range(5000)]
    body = json.dumps({"version": 0, "shapes": shapes, "tracks": [{}]}).encode()
    lists = cut(body)
    assert lists is not None
    assert len(lists["shapes"]) > 3
    assert decoded(lists)["shapes"] == shapes
    assert [msgspec.json.decode(raw) for raw in incoming(body)["tracks"]] == [{}]


def test_a_body_of_another_form_is_refused_with_its_place() -> None:
    body = b'{"shapes": [%b], "tracks": 5}' % b",".join([b'{"a": 1}'] * 20_000)
    with pytest.raises(
        msgspec.ValidationError, match=r"Expected `array`, got `int` - at `\$.tracks`"
    ):
        incoming(body)
