"""Functions and what is asked of them, as clients and agents send and read them."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Kind = Literal["detector", "interactor", "tracker"]
Visibility = Literal["private", "public"]
LabelType = Literal[
    *("any", "cuboid", "ellipse", "mask", "points", "polygon", "polyline", "rectangle"),
    *("skeleton", "tag", "unknown"),
]
ShapeType = Literal[
    "rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton"
]
Type = Literal[
    "annotate_task", "annotate_frame", "interact", "init_tracking", "track", "track_task"
]
Category = Literal["interactive", "batch"]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Word = Annotated[str, Meta(max_length=64)]
Id = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Frame = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
CountOrNever = Annotated[int, Meta(ge=-1, le=2**31 - 1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Point = Annotated[list[float], Meta(min_length=2, max_length=2)]
Box = Annotated[list[Count], Meta(min_length=4, max_length=4)]
AgentId = Annotated[str, Meta(min_length=1, max_length=64)]
# As many shapes as one call may track.
States = Annotated[list[Annotated[str, Meta(min_length=1, max_length=256)]], Meta(max_length=32)]


class FunctionAttribute(Struct):
    """An attribute of a label that a function knows."""

    name: Name
    input_type: Literal["checkbox", "radio", "number", "text", "select"]
    values: Annotated[list[Word], Meta(max_length=64)]


class FunctionSublabel(Struct):
    """A point of a skeleton that a function knows."""

    name: Name
    type: LabelType = "any"
    attributes: Annotated[list[FunctionAttribute], Meta(max_length=16)] = []


class FunctionLabel(FunctionSublabel):
    """A label that a function knows."""

    sublabels: Annotated[list[FunctionSublabel], Meta(max_length=32)] = []


class FunctionRequest(Struct, kw_only=True):
    """A function to be registered, with the fields of its kind."""

    provider: Literal["native"]
    name: Annotated[str, Meta(min_length=1, max_length=128)]
    kind: Kind
    visibility: Visibility = "private"
    labels_v2: list[FunctionLabel] | UnsetType = UNSET
    min_pos_points: Count | UnsetType = UNSET
    min_neg_points: CountOrNever | UnsetType = UNSET
    startswith_box: bool | UnsetType = UNSET
    startswith_box_optional: bool | UnsetType = UNSET
    supported_shape_types: list[ShapeType] | UnsetType = UNSET


class FunctionOwner(Struct):
    """Who registered a function."""

    url: str
    id: int
    username: str
    first_name: str
    last_name: str


class FunctionFigures(Struct):
    """How a function is served; CVAT Hub alone tells it.

    Attributes:
        agents: how many have come for work lately, or hold a request.
        watching: how many wait at an open stream.
        last_seen: when one was last heard of.
        queued: how many requests wait, by their category.
        seconds: percentiles of the time to the answer of late interactive requests.
    """

    agents: int
    watching: int
    last_seen: datetime.datetime | None
    queued: dict[str, int]
    seconds: dict[str, float]


class Function(Struct, kw_only=True):
    """A registered function, with the fields of its kind."""

    id: int
    provider: str
    name: str
    kind: Kind
    visibility: Visibility
    owner: FunctionOwner | None
    organization: int | None
    created_date: datetime.datetime
    updated_date: datetime.datetime
    labels_v2: list[FunctionLabel] | UnsetType = UNSET
    min_pos_points: int | UnsetType = UNSET
    min_neg_points: int | UnsetType = UNSET
    startswith_box: bool | UnsetType = UNSET
    startswith_box_optional: bool | UnsetType = UNSET
    supported_shape_types: list[ShapeType] | UnsetType = UNSET
    figures: FunctionFigures | UnsetType = UNSET


class FunctionList(Struct):
    """A page of functions."""

    count: int
    next: str | None
    previous: str | None
    results: list[Function]
