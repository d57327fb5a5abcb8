"""Functions and what is asked of them, as clients and agents send and read them."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from cvat_sdk.models import BasicUser

Kind = Literal["detector", "interactor", "tracker"]
Visibility = Literal["private", "public"]
ShapeType = Literal[
    "rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton"
]
LabelType = Literal[ShapeType, "any", "tag", "unknown"]
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
    owner: BasicUser | None
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


class SublabelMapping(Struct, omit_defaults=True):
    """What a task calls a skeleton's point, and its attributes."""

    name: Name
    attributes: dict[Word, Name] | UnsetType = UNSET


class LabelMapping(SublabelMapping, omit_defaults=True):
    """What a task calls a label of a function, and what belongs to it."""

    sublabels: dict[Word, SublabelMapping] | UnsetType = UNSET


class TrackableShape(Struct):
    """Where a shape is that is to be followed."""

    type: ShapeType
    points: list[float]


class ShapeToTrack(TrackableShape, kw_only=True):
    """A shape that is to be followed; `label_id` is that of the track which it is to become."""

    label_id: Id | UnsetType = UNSET


class Params(Struct, kw_only=True):
    """What is asked of a function; which fields count, its type tells.

    Attributes:
        type: what is left out is what the kind of the function suggests.
        task: may be left out where there is a job.
        frame: counted from the start of the task.
        roi: left, top, right and bottom of the only part of each image that the function sees.
        start_frame: where the shapes of a `track_task` are; `stop_frame` is inclusive.
    """

    type: Type | UnsetType = UNSET
    task: Id | UnsetType = UNSET
    job: Id | None = None
    frame: Frame | UnsetType = UNSET
    mapping: dict[Word, LabelMapping] | None = None
    threshold: Share | None = None
    conv_mask_to_poly: bool | UnsetType = UNSET
    convMaskToPoly: bool | UnsetType = UNSET
    cleanup: bool = False
    pos_points: list[Point] = []
    neg_points: list[Point] = []
    obj_bbox: Annotated[list[Point], Meta(max_length=2)] = []
    roi: Box | None = None
    shapes: Annotated[list[ShapeToTrack], Meta(max_length=100)] = []
    states: States | UnsetType = UNSET
    start_frame: Frame | UnsetType = UNSET
    stop_frame: Frame | UnsetType = UNSET


class BatchParams(Params, kw_only=True):
    """What is asked of a function in the background."""

    function: Id | Annotated[str, Meta(min_length=1, max_length=16)]


class RequestedFunction(Struct):
    """The function of a request, and the task that it is to work on."""

    id: int
    task: int


class AnnotationRequest(Struct, kw_only=True):
    """How far a request is; `progress` goes to 100."""

    id: str
    function: RequestedFunction
    status: str
    progress: int
    enqueued: datetime.datetime
    started: datetime.datetime | None
    ended: datetime.datetime | None
    exc_info: str


class AgentCall(Struct, kw_only=True):
    """What an agent says of itself in each call."""

    agent_id: AgentId


class Acquire(AgentCall, kw_only=True):
    """An agent comes for work; `capabilities` are types that only some agents know."""

    request_category: Category
    capabilities: Annotated[list[Word], Meta(max_length=16)] = []


class Assignment(Struct):
    """Work for an agent."""

    function_id: int
    ar_id: str
    ar_params: dict[str, Any]


class Acquired(Struct):
    """Work for an agent, if there is any."""

    ar_assignment: Assignment | None


class Update(AgentCall, kw_only=True):
    """How far an agent is, from 0 to 1."""

    progress: Share


class Fail(AgentCall, kw_only=True):
    """Why an agent gives up."""

    exc_info: Annotated[str, Meta(max_length=4096)] = ""


class ResultAttribute(Struct):
    """A value that comes with a shape; `spec_id` 0 is the confidence."""

    spec_id: int
    value: Annotated[str, Meta(max_length=4096)]


class ResultShape(Struct, kw_only=True):
    """A shape that an interactor or a tracker found."""

    type: ShapeType
    points: list[float] = []
    occluded: bool | UnsetType = UNSET
    outside: bool | UnsetType = UNSET
    z_order: int | UnsetType = UNSET
    rotation: float | UnsetType = UNSET
    attributes: list[ResultAttribute] = []


class Complete(AgentCall, kw_only=True):
    """What an agent found: the fields that the type of the request has."""

    annotations: Raw | UnsetType = UNSET
    tracks: Raw | UnsetType = UNSET
    shapes: list[ResultShape | None] | UnsetType = UNSET
    states: list[Annotated[str, Meta(min_length=1, max_length=2**16)]] | UnsetType = UNSET


class LambdaFunction(Struct, kw_only=True):
    """A function, as an annotation UI reads it; the fields of other kinds are left out."""

    id: str
    kind: Kind
    name: str
    provider: str
    owner: BasicUser | None
    created_date: datetime.datetime
    updated_date: datetime.datetime
    labels_v2: list[FunctionLabel] = []
    description: str = ""
    # Of interactors, the UI knows this version.
    version: int = 2
    help_message: str = ""
    animated_gif: str = ""
    min_pos_points: int | UnsetType = UNSET
    min_neg_points: int | UnsetType = UNSET
    startswith_box: bool | UnsetType = UNSET
    startswith_box_optional: bool | UnsetType = UNSET
    supported_shape_types: list[ShapeType] | UnsetType = UNSET
    figures: FunctionFigures | UnsetType = UNSET


class CalledFunction(Struct, kw_only=True):
    """The function of a call in the background, and what it is to work on."""

    id: str
    task: int
    threshold: float | None
    job: int | UnsetType = UNSET


class FunctionCall(Struct, kw_only=True):
    """How far a call in the background is; `progress` goes to 100."""

    id: str
    function: CalledFunction
    status: str
    progress: int
    enqueued: datetime.datetime
    started: datetime.datetime | None
    ended: datetime.datetime | None
    exc_info: str | None
