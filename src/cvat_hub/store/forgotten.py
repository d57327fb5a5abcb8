"""The values of attributes that are gone, taken out of payloads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec


def without(payload: bytes, revision: int, attribute_ids: Iterable[int]) -> tuple[bytes, int]:
    """Return a payload without the values of attributes, and the revision that it is then.

    >>> without(b'{"attributes":[{"spec_id":3,"value":"red"}]}', 1, [3])
    (b'{"attributes":[]}', 2)
    """
    annotation = msgspec.json.decode(payload)
    before = revision
    for attribute_id in attribute_ids:
        revision += _drop(annotation, attribute_id)
    return (msgspec.json.encode(annotation) if revision > before else payload), revision


def _drop(part: dict[str, Any], attribute_id: int) -> bool:
    """Remove the values of an attribute, in place; tell whether there were any."""
    values = part.get("attributes", [])
    kept = [value for value in values if value["spec_id"] != attribute_id]
    if len(kept) < len(values):
        part["attributes"] = kept
    below = [_drop(sub, attribute_id) for name in _PARTS for sub in part.get(name, ())]
    return len(kept) < len(values) or any(below)


_PARTS = ("shapes", "elements")
