"""From the body of a write to rows of the store.

Each annotation is decoded on its own: a bulk write gives way to other requests in between, and an
error tells its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import UNSET

from cvat_hub.errors import at, invalid
from cvat_hub.store.annotations import KINDS, Item, joined, with_id

from .check import Path, Rules
from .objects import Annotation, Incoming, Named, Shape, Tag, Track

_incoming = msgspec.json.Decoder(Incoming)
_named = msgspec.json.Decoder(Named)
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    "tags": msgspec.json.Decoder(Tag),
    "shapes": msgspec.json.Decoder(Shape),
    "tracks": msgspec.json.Decoder(Track),
}
_encode = msgspec.json.Encoder().encode


@dataclass
class Batch:
    """The annotations of one write, checked."""

    tags: list[Tag] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    tracks: list[Track] = field(default_factory=list)

    def ids(self, kind: str) -> list[int]:
        """Return the ids that the client gave.

        Raises:
            BadRequest: one has none, or an id comes twice.
        """
        found: list[int] = []
        for index, annotation in enumerate(getattr(self, kind)):
            if not isinstance(annotation.id, int):
                raise at([kind, index, "id"], "This field is required.")
            found.append(annotation.id)
        if len(set(found)) < len(found):
            raise at([kind], "an id comes twice")
        return found

    def new_ids(self, *, keep: bool) -> int:
        """Return how many numbers `items` will take."""
        return sum(1 for part in self._parts() if not (keep and isinstance(part.id, int)))

    def items(self, fresh: Iterator[int], *, keep: bool) -> list[Item]:
        """Return the rows of the store.

        Args:
            fresh: unused numbers; `new_ids` tells how many.
            keep: whether ids that the client gave stand.
        """
        for part in self._parts():
            if not (keep and isinstance(part.id, int)):
                part.id = next(fresh)
        return [_item(kind, annotation) for kind in KINDS for annotation in getattr(self, kind)]

    def _parts(self) -> Iterator[Any]:
        yield from self.tags
        for shape in self.shapes:
            yield shape
            yield from shape.elements
        for track in self.tracks:
            yield track
            yield from track.shapes
            for element in track.elements:
                yield element
                yield from element.shapes


def parse(body: bytes, rules: Rules) -> Batch:
    """Return the annotations of a body.

    Raises:
        BadRequest: one of them breaks a rule.
        msgspec.DecodeError: it is not JSON, or not of this form.
    """
    batch = Batch()
    incoming = _incoming.decode(body)
    checks: dict[str, Callable[[Any, Path], None]] = {
        "tags": rules.tag,
        "shapes": rules.shape,
        "tracks": rules.track,
    }
    for kind in KINDS:
        decode, check, result = _decoders[kind].decode, checks[kind], getattr(batch, kind)
        for index, raw in enumerate(getattr(incoming, kind)):
            try:
                annotation = decode(raw)
            except msgspec.ValidationError as error:
                raise invalid(error, [kind, index]) from None
            check(annotation, [kind, index])
            result.append(annotation)
    return batch


def parse_ids(body: bytes) -> dict[str, list[int]]:
    """Return the ids of the annotations of a body, by kind."""
    incoming = _incoming.decode(body)
    return {kind: list(_ids(getattr(incoming, kind), kind)) for kind in KINDS}


def reply(items: Sequence[Item]) -> bytes:
    """Return the JSON that tells a client what was written."""
    groups: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    for item in items:
        groups[item.kind].append(with_id(item.id, item.payload))
    return joined(groups)


def _ids(raws: Sequence[msgspec.Raw], kind: str) -> Iterator[int]:
    for index, raw in enumerate(raws):
        try:
            yield _named.decode(raw).id
        except msgspec.ValidationError as error:
            raise invalid(error, [kind, index]) from None


def _item(kind: str, annotation: Annotation) -> Item:
    number = annotation.id
    assert isinstance(number, int)
    annotation.id = UNSET
    return Item(number, kind, annotation.frame, annotation.label_id, _encode(annotation))
