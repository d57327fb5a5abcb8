"""Whether a server has taken a request whose answer was lost: told by what is there now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import msgspec

from cvat_sdk.models import LabeledData

from .ids import Ids
from .state import KINDS, IdsByKind

# Servers may keep no more digits than these.
_DIGITS = 2


class UndecidedError(Exception):
    """A part of what was sent is there, and a part is not."""


def taken(body: bytes, there: LabeledData, known: Iterable[Mapping[str, Ids]]) -> IdsByKind | None:
    """Return the ids of what was sent, None if nothing of it is there.

    Annotations are compared by kind, frame, label, type, points and rotation: a server may add
    attributes to what it is sent, and leave out scores.

    Args:
        body: the JSON of the request.
        there: all annotations on the server.
        known: ids that belong to something else.

    Raises:
        UndecidedError: only a part is there.
    """
    sent = _decode(body)
    found = _new_by_looks(there, list(known))
    ids: dict[str, list[int]] = {kind: [] for kind in KINDS}
    missing = 0
    for kind in KINDS:
        for item in sent.get(kind, ()):
            same = found[_looks(kind, item)]
            if same:
                ids[kind].append(same.pop())
            else:
                missing += 1
    count = sum(map(len, ids.values()))
    if missing and count:
        raise UndecidedError(f"{count} of {count + missing} annotations are there")
    return None if missing else {kind: Ids(numbers) for kind, numbers in ids.items()}


_decode = msgspec.json.Decoder(dict[str, Any]).decode


def _new_by_looks(
    there: LabeledData, known: list[Mapping[str, Ids]]
) -> defaultdict[Hashable, list[int]]:
    found: defaultdict[Hashable, list[int]] = defaultdict(list)
    for kind in KINDS:
        for item in there.get(kind) or ():
            if not any(item.id in ids[kind] for ids in known):
                found[_looks(kind, msgspec.to_builtins(item))].append(item.id)
    return found


def _looks(kind: str, item: Mapping[str, Any]) -> Hashable:
    elements = item.get("elements") or ()
    return (
        kind,
        item.get("type"),
        item["label_id"],
        item["frame"],
        round(item.get("rotation") or 0, _DIGITS),
        tuple(round(number, _DIGITS) for number in item.get("points") or ()),
        tuple(sorted((_looks("element", element) for element in elements), key=repr)),
    )
