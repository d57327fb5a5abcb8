"""Annotations as clients send and read them.

A field that a client may leave out has the default that a reader sees, so that what is stored is
complete. `id` and `revision` are left out of what is stored.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Frame = Annotated[int, Meta(ge=0, le=2**31 - 1)]
# Beyond this, readers that know floats only would see another number.
Id = Annotated[int, Meta(ge=0, le=2**53)] | UnsetType | None
# The official SDK doesn't know this field, and hands it on with a point: 1.0 claims nothing.
Revision = Annotated[int, Meta(ge=1, le=2**31 - 1)] | float | UnsetType | None
Degrees = Annotated[float, Meta(ge=0, le=360)]
Score = Annotated[float, Meta(ge=0, le=1)]
Source = Annotated[str, Meta(max_length=16)]
Kind = Literal[
    "rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton"
]


def claimed(revision: Revision) -> int:
    """Return the revision that a client says it has seen; 0 if it says nothing.

    >>> claimed(3), claimed(3.0), claimed(None)
    (3, 0, 0)
    """
    return revision if isinstance(revision, int) else 0


class Incoming(Struct):
    """The body of a write; each annotation is read on its own."""

    version: int = 0
    tags: list[Raw] = []
    shapes: list[Raw] = []
    tracks: list[Raw] = []


class Named(Struct):
    """An annotation of which only the id matters, and perhaps the revision."""

    id: Annotated[int, Meta(ge=0, le=2**53)]
    revision: Revision = UNSET


class AttributeValue(Struct, gc=False):
    """The value of an attribute."""

    spec_id: Int32
    value: Annotated[str, Meta(max_length=4096)]


class Tag(Struct, kw_only=True, gc=False):
    """A label of a whole frame."""

    id: Id = UNSET
    revision: Revision = UNSET
    label_id: Int32
    frame: Frame
    group: Int32 | None = None
    source: Source = "manual"
    attributes: list[AttributeValue] = []


class Element(Struct, kw_only=True, gc=False):
    """A part of a skeleton, or what it shares with all shapes."""

    id: Id = UNSET
    label_id: Int32
    type: Kind
    frame: Frame
    group: Int32 | None = None
    source: Source = "manual"
    occluded: bool = False
    outside: bool = False
    z_order: Int32 = 0
    rotation: Degrees = 0.0
    points: list[float] = []
    attributes: list[AttributeValue] = []
    score: Score | UnsetType = UNSET


class Shape(Element, kw_only=True, gc=False):
    """A shape on one frame."""

    revision: Revision = UNSET
    elements: list[Element] = []


class KeyFrame(Struct, kw_only=True, gc=False):
    """Where the shape of a track is on one frame."""

    id: Id = UNSET
    type: Kind
    frame: Frame
    occluded: bool = False
    outside: bool = False
    z_order: Int32 = 0
    rotation: Degrees = 0.0
    points: list[float] = []
    attributes: list[AttributeValue] = []


class TrackElement(Struct, kw_only=True, gc=False):
    """A part of a skeleton's track, or what it shares with all tracks."""

    id: Id = UNSET
    label_id: Int32
    frame: Frame
    group: Int32 | None = None
    source: Source = "manual"
    shapes: list[KeyFrame]
    attributes: list[AttributeValue] = []


class Track(TrackElement, kw_only=True, gc=False):
    """A shape that lives on many frames."""

    revision: Revision = UNSET
    elements: list[TrackElement] = []
