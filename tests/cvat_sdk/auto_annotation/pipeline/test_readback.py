"""Whether a request was taken is told by what is there, as a multiset."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from cvat_sdk import models
from cvat_sdk.auto_annotation.pipeline.ids import Ids
from cvat_sdk.auto_annotation.pipeline.readback import UndecidedError, taken

BOX: dict[str, Any] = {"type": "rectangle", "label_id": 1, "frame": 0, "points": [1, 2, 3.5, 4]}
TAG = {"label_id": 1, "frame": 0}
SKELETON = {
    **BOX,
    "type": "skeleton",
    "points": [],
    "elements": [{**BOX, "type": "points", "points": [n, n]} for n in (1, 2)],
}


def there(*shapes: Any, tags: Any = ()) -> models.LabeledData:
    kept = {"occluded": False, "rotation": 0.0, "attributes": [], "source": "auto", "group": None}
    found = {
        "shapes": [{**kept, **shape, "id": n} for n, shape in enumerate(shapes)],
        "tags": [{**tag, "id": n} for n, tag in enumerate(tags)],
        "tracks": [],
    }
    return msgspec.convert(found, models.LabeledData)


@pytest.mark.parametrize(
    ("sent", "found", "known", "expected"),
    [
        ([BOX], there(BOX), [], [0]),
        ([BOX], there(), [], None),
        ([BOX], there(BOX), [0], None),
        ([BOX, BOX], there(BOX, BOX, BOX), [1], [0, 2]),
        ([BOX], there({**BOX, "attributes": [{"spec_id": 1, "value": "red"}]}), [], [0]),
        ([{**BOX, "score": 0.5}], there(BOX), [], [0]),
        ([{**BOX, "points": [1.00001, 2, 3.5, 4]}], there(BOX), [], [0]),
        ([BOX], there({**BOX, "frame": 1}), [], None),
        ([BOX], there({**BOX, "label_id": 2}), [], None),
        ([BOX], there({**BOX, "points": [1, 2, 3, 4]}), [], None),
        ([BOX], there({**BOX, "rotation": 9.0}), [], None),
        ([SKELETON], there({**SKELETON, "elements": SKELETON["elements"][::-1]}), [], [0]),
    ],
)
def test_a_request_was_taken_if_all_of_it_is_there(
    sent: Any, found: models.LabeledData, known: list[int], expected: list[int] | None
) -> None:
    body = json.dumps({"tags": [], "shapes": sent}).encode()
    ids = taken(body, found, [{kind: Ids(known) for kind in ("tags", "shapes", "tracks")}])
    assert (ids and sorted(ids["shapes"])) == expected


def test_tags_and_shapes_are_told_apart() -> None:
    body = json.dumps({"tags": [TAG], "shapes": [BOX]}).encode()
    ids = taken(body, there(BOX, tags=[TAG]), [])
    assert ids is not None
    assert [list(ids[kind]) for kind in ("tags", "shapes")] == [[0], [0]]
    with pytest.raises(UndecidedError, match="1 of 2"):
        taken(body, there(BOX), [])


def test_half_of_it_decides_nothing() -> None:
    body = json.dumps({"shapes": [BOX, BOX]}).encode()
    with pytest.raises(UndecidedError, match="1 of 2 annotations are there"):
        taken(body, there(BOX), [])
