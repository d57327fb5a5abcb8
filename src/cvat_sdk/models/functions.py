"""Functions that agents serve, and the requests for them."""

from __future__ import annotations

import datetime
from typing import Annotated

from msgspec import Meta

from .accounts import BasicUser
from .enums import ShapeType
from .labels import Name
from .record import UNSET, Record, UnsetType

Date = datetime.datetime
FunctionName = Annotated[str, Meta(min_length=1, max_length=128)]


class FunctionAttribute(Record):
    """An attribute that a function declares."""

    name: Name
    input_type: str
    values: list[str]


class FunctionSublabel(Record):
    """A point of a skeleton that a function declares."""

    name: Name
    type: str | UnsetType = UNSET
    attributes: list[FunctionAttribute] | UnsetType = UNSET


class FunctionLabel(FunctionSublabel):
    """A label that a function declares. Ids are nobody's business but the function's."""

    sublabels: list[FunctionSublabel] | UnsetType = UNSET


class FunctionRequest(Record):
    """A function to be registered.

    `labels_v2` is a detector's, `supported_shape_types` a tracker's, and what lies between is an
    interactor's; -1 negative points mean that none can be given.
    """

    provider: str
    name: FunctionName | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    visibility: str | UnsetType = UNSET
    labels_v2: list[FunctionLabel] | UnsetType = UNSET
    min_pos_points: int | UnsetType = UNSET
    min_neg_points: int | UnsetType = UNSET
    startswith_box: bool | UnsetType = UNSET
    startswith_box_optional: bool | UnsetType = UNSET
    supported_shape_types: list[ShapeType] | UnsetType = UNSET


class Function(FunctionRequest):
    """A function that is registered."""

    id: int | UnsetType = UNSET
    owner: BasicUser | UnsetType | None = UNSET
    organization: int | UnsetType | None = UNSET
    created_date: Date | UnsetType = UNSET
    updated_date: Date | UnsetType = UNSET


class AnnotationRequestFunction(Record):
    """Which function an annotation request is for, and which task."""

    id: int
    task: int


class AnnotationRequest(Record):
    """A request that agents work on.

    Attributes:
        progress: in percent.
        exc_info: why it failed.
    """

    id: str
    function: AnnotationRequestFunction
    status: str
    progress: int | UnsetType | None = UNSET
    enqueued: Date | UnsetType | None = UNSET
    started: Date | UnsetType | None = UNSET
    ended: Date | UnsetType | None = UNSET
    exc_info: str | UnsetType | None = UNSET
