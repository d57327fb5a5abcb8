"""From the body of a write to rows of the store.

Each annotation is decoded, checked and encoded on its own: a bulk write gives way to other requests
in between, an error tells its place, and what was decoded doesn't pile up in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import UNSET

from cvat_hub.errors import at, invalid
from cvat_hub.store.annotations import KINDS, Item

from .check import Path, Rules
from .cutting import incoming
from .objects import Named, Shape, Tag, Track, claimed

_named = msgspec.json.Decoder(Named)
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    "tags": msgspec.json.Decoder(Tag),
    "shapes": msgspec.json.Decoder(Shape),
    "tracks": msgspec.json.Decoder(Track),
}
_encode = msgspec.json.Encoder().encode
Keeps = Callable[[Any], bool]


class Name(msgspec.Struct, gc=False, frozen=True):
    """An annotation that a client names; `revision` is 0 if it doesn't say which."""

    kind: str
    id: int
    revision: int


def parse_new(
    body: bytes, rules: Rules, fresh: Iterator[int], keeps: Keeps | None = None
) -> list[Item]:
    """Return the annotations of a body, which have no ids yet.

    Args:
        fresh: unused numbers, for their elements.
        keeps: sees each annotation before it is checked; it may change it, or leave it out.

    Raises:
        BadRequest: one of them breaks a rule.
        msgspec.DecodeError: it is not JSON, or not of this form.
    """
    found = _annotations(body, rules, keeps=keeps)
    return [_item(kind, annotation, fresh, keep=False) for kind, annotation in found]


def parse_changes(body: bytes, rules: Rules, fresh: Iterator[int]) -> list[Item]:
    """Return the annotations of a body, which keep their ids.

    Raises:
        BadRequest: one of them breaks a rule or has no id, or an id comes twice.
        msgspec.DecodeError: it is not JSON, or not of this form.
    """
    items = [
        _item(kind, found, fresh, keep=True)
        for kind, found in _annotations(body, rules, need_ids=True)
    ]
    _check_unique(items)
    return items


def parse_names(body: bytes) -> list[Name]:
    """Return the annotations that a body names."""
    found = incoming(body)
    return [name for kind in KINDS for name in _names(found[kind], kind)]


def _annotations(
    body: bytes, rules: Rules, *, need_ids: bool = False, keeps: Keeps | None = None
) -> Iterator[tuple[str, Any]]:
    found = incoming(body)
    checks: dict[str, Callable[[Any, Path], None]] = {
        "tags": rules.tag,
        "shapes": rules.shape,
        "tracks": rules.track,
    }
    for kind in KINDS:
        decode, check = _decoders[kind].decode, checks[kind]
        for index, raw in enumerate(found[kind]):
            try:
                annotation = decode(raw)
            except msgspec.ValidationError as error:
                raise invalid(error, [kind, index]) from None
            if keeps and not keeps(annotation):
                continue
            check(annotation, [kind, index])
            if need_ids and not isinstance(annotation.id, int):
                raise at([kind, index, "id"], "This field is required.")
            yield kind, annotation


def _item(kind: str, annotation: Tag | Shape | Track, fresh: Iterator[int], *, keep: bool) -> Item:
    given = annotation.id, annotation.revision
    for part in _parts(annotation):
        if not (keep and isinstance(part.id, int)):
            part.id = next(fresh)
    annotation.id = annotation.revision = UNSET
    item = Item(kind, annotation.frame, annotation.label_id, _encode(annotation))
    if keep:
        item.id, item.revision = given[0] or 0, claimed(given[1])
    return item


def _parts(annotation: Tag | Shape | Track) -> Iterator[Any]:
    """Return what has a number of its own within an annotation."""
    match annotation:
        case Shape():
            yield from annotation.elements
        case Track():
            yield from annotation.shapes
            for element in annotation.elements:
                yield element
                yield from element.shapes


def _check_unique(items: list[Item]) -> None:
    seen: set[int] = set()
    for item in items:
        if item.id in seen:
            raise at([item.kind], f"id {item.id} comes twice")
        seen.add(item.id)


def _names(raws: Iterator[msgspec.Raw], kind: str) -> Iterator[Name]:
    for index, raw in enumerate(raws):
        try:
            named = _named.decode(raw)
        except msgspec.ValidationError as error:
            raise invalid(error, [kind, index]) from None
        yield Name(kind, named.id, claimed(named.revision))
