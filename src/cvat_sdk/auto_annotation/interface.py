"""What an auto-annotation function is: its kinds, their specs, and what they are given.

A function is any object with the attributes of one of the protocols `DetectionFunction`,
`InteractionFunction` and `TrackingFunction`; it needs no base class.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar

from cvat_sdk.attributes import attribute_value_validator
from cvat_sdk.exceptions import BadFunctionError
from cvat_sdk.models import (
    AttributeRequest,
    AttributeValRequest,
    LabeledImageRequest,
    LabeledShapeRequest,
    PatchedLabelRequest,
    ShapeType,
    SublabelRequest,
)

if TYPE_CHECKING:
    import PIL.Image

DetectionAnnotation: TypeAlias = LabeledImageRequest | LabeledShapeRequest


class AutoAnnotationFunction(Protocol):
    """What all kinds of functions have."""

    @property
    def spec(self) -> object:
        """What is known of the function before it runs; its type tells the function's kind."""


@dataclass(frozen=True, kw_only=True)
class DetectionFunctionSpec:
    """The labels that a detection function knows. Not to be changed once it is made.

    Args:
        labels: as they would create a task, and each label, sublabel and attribute with an `id`:
            the labels' distinct among each other, the sublabels' and the attributes' within their
            label. Best made with `label_spec`, `skeleton_label_spec`, `keypoint_spec` and
            `attribute_spec`.

    Raises:
        BadFunctionError: a rule is broken; the message names the label and the attribute.
    """

    labels: Sequence[PatchedLabelRequest]

    def __post_init__(self) -> None:
        _check_ids("label", self.labels)
        for label in self.labels:
            _check_label(label)


def _check_label(label: PatchedLabelRequest) -> None:
    place = f"label {label.name!r}"
    _check_attributes(getattr(label, "attributes", ()), place)
    sublabels = getattr(label, "sublabels", ())
    if sublabels and label.get("type", "any") != "skeleton":
        raise BadFunctionError(
            f"{place} with sublabels has type {label.get('type', 'any')!r} (should be 'skeleton')"
        )
    _check_ids("sublabel", sublabels, f" of {place}")
    for sublabel in sublabels:
        _check_sublabel(sublabel, f"sublabel {sublabel.name!r} of {place}")


def _check_sublabel(sublabel: SublabelRequest, place: str) -> None:
    if sublabel.get("type") != "points":
        raise BadFunctionError(f"{place} has type {sublabel.get('type')!r} (should be 'points')")
    _check_attributes(getattr(sublabel, "attributes", ()), place)


def _check_attributes(attributes: Sequence[AttributeRequest], owner: str) -> None:
    _check_ids("attribute", attributes, f" of {owner}")
    for attribute in attributes:
        try:
            attribute_value_validator(attribute)
        except ValueError as error:
            raise BadFunctionError(
                f"attribute {attribute.name!r} of {owner} has invalid values: {error}"
            ) from error


def _check_ids(noun: str, items: Iterable[Any], owner: str = "") -> None:
    seen = set()
    for item in items:
        if not hasattr(item, "name"):
            raise BadFunctionError(f"a {noun}{owner} has no name")
        if not hasattr(item, "id"):
            raise BadFunctionError(f"{noun} {item.name!r}{owner} has no ID")
        if item.id in seen:
            raise BadFunctionError(
                f"{noun} {item.name!r}{owner} has same ID as another {noun} ({item.id})"
            )
        seen.add(item.id)


class DetectionFunctionContext(Protocol):
    """What a detection function is told of the image and of how it is called."""

    @property
    def frame_name(self) -> str:
        """The file name of the frame on the server."""

    @property
    def conf_threshold(self) -> float | None:
        """From 0 to 1: leave out what you are less sure of; None: your own default."""

    @property
    def conv_mask_to_poly(self) -> bool:
        """If true, return polygons instead of masks."""


class DetectionFunction(AutoAnnotationFunction, Protocol):
    """Finds tags and shapes in an image, alone."""

    @property
    def spec(self) -> DetectionFunctionSpec: ...

    def detect(
        self, context: DetectionFunctionContext, image: PIL.Image.Image
    ) -> Sequence[DetectionAnnotation]:
        """Return what is found in the image.

        Each annotation has `frame` 0, no `id` and no `source`, and refers to labels, sublabels and
        attributes by the ids of the spec. Best made with `tag`, `rectangle`, `polygon`, `mask`,
        `skeleton` and `keypoint`. They may be changed by the caller.

        Args:
            context: what is known of the image.
            image: size (W, H) as the server tells it, upright, in a mode that `convert("RGB")`
                takes.
        """


class InteractionFunctionContext(Protocol):
    """What an interaction function is told besides the prompts: nothing yet."""


class InteractionPrompts(Protocol):
    """What the user pointed at, in pixels of the image, x before y."""

    @property
    def pos_points(self) -> Sequence[tuple[float, float]]:
        """Points inside the object."""

    @property
    def neg_points(self) -> Sequence[tuple[float, float]]:
        """Points outside the object."""

    @property
    def bounding_box(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """The top left and bottom right corners of a box around the object."""


@dataclass(frozen=True, kw_only=True)
class InteractionFunctionSpec:
    """Which prompts an interaction function needs.

    Args:
        min_pos_points: how many positive points the user must give.
        min_neg_points: how many negative ones; None: they can't be given.
        min_bounding_boxes: 0 or 1 boxes; None: none can be given.

    Raises:
        ValueError: a number is negative, or more than one box is asked for.
    """

    min_pos_points: int
    min_neg_points: int | None = None
    min_bounding_boxes: Literal[0, 1] | None = None

    def __post_init__(self) -> None:
        if self.min_pos_points < 0:
            raise ValueError(f"min_pos_points must be >= 0, got {self.min_pos_points}")
        if self.min_neg_points is not None and self.min_neg_points < 0:
            raise ValueError(f"min_neg_points must be >= 0 or None, got {self.min_neg_points}")
        if self.min_bounding_boxes not in (None, 0, 1):
            raise ValueError(
                f"min_bounding_boxes must be 0, 1 or None, got {self.min_bounding_boxes}"
            )


class InteractionResultAttributes(enum.IntEnum):
    """The ids of the attributes that an `InteractionResultShape` may have."""

    CONFIDENCE = 0
    """How sure the function is: a number from 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class InteractionResultShape:
    """A shape that an interaction function returns; annotation UIs use those of type mask.

    Raises:
        BadFunctionError: an attribute's `spec_id` is none of `InteractionResultAttributes`.
    """

    type: str
    points: list[float]
    attributes: list[AttributeValRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", list(self.points))
        object.__setattr__(self, "attributes", list(self.attributes))
        known = {int(member) for member in InteractionResultAttributes}
        for attribute in self.attributes:
            if attribute.spec_id not in known:
                raise BadFunctionError(
                    f"{attribute.spec_id} is not one of InteractionResultAttributes members"
                )


Preprocessed = TypeVar("Preprocessed")


class InteractionFunction(Protocol[Preprocessed]):
    """Finds the object that the user points at.

    Without `preprocess_image`, `detect` is given the image itself. What it returns may be kept and
    used again for further prompts on the same image.
    """

    @property
    def spec(self) -> InteractionFunctionSpec: ...

    def preprocess_image(
        self, context: InteractionFunctionContext, image: PIL.Image.Image
    ) -> Preprocessed:
        """Do what can be done before the prompts are known. Optional."""

    def detect(
        self,
        context: InteractionFunctionContext,
        pp_image: Preprocessed,
        prompts: InteractionPrompts,
    ) -> list[InteractionResultShape]:
        """Return the object or objects, without changing `pp_image`."""


@dataclass(frozen=True, kw_only=True)
class TrackableShape:
    """A shape to follow: its type and points, nothing else."""

    type: str
    points: list[float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", list(self.points))


@dataclass(frozen=True, kw_only=True)
class TrackingFunctionSpec:
    """The types of shapes that a tracking function can follow.

    Raises:
        BadFunctionError: none is given, or one is unknown.
    """

    supported_shape_types: Set[str]

    def __post_init__(self) -> None:
        types = frozenset(self.supported_shape_types)
        if not types:
            raise BadFunctionError("supported_shape_types is empty: name at least one shape type")
        unknown = types - {str(member) for member in ShapeType}
        if unknown:
            raise BadFunctionError(f"supported_shape_types: {sorted(unknown)} are no shape types")
        object.__setattr__(self, "supported_shape_types", types)


class TrackingFunctionContext(Protocol):
    """What a tracking function is told of the image: nothing yet."""


class TrackingFunctionShapeContext(TrackingFunctionContext, Protocol):
    """What a tracking function is told of the shape."""

    @property
    def original_shape_type(self) -> str:
        """The type of the shape that the tracking began with."""


State = TypeVar("State")


class TrackingFunction(Protocol[Preprocessed, State]):
    """Follows shapes from image to image.

    Without `preprocess_image`, the other two are given the image itself.
    """

    @property
    def spec(self) -> TrackingFunctionSpec: ...

    def preprocess_image(
        self, context: TrackingFunctionContext, image: PIL.Image.Image
    ) -> Preprocessed:
        """Do what all shapes on the image have in common. Optional."""

    def init_tracking_state(
        self, context: TrackingFunctionShapeContext, pp_image: Preprocessed, shape: TrackableShape
    ) -> State:
        """Return what is to be known of the shape, without changing `pp_image` or `shape`."""

    def track(
        self, context: TrackingFunctionShapeContext, pp_image: Preprocessed, state: State
    ) -> TrackableShape | None:
        """Return where the shape is now, of the same type, or None. It may change `state` only."""
