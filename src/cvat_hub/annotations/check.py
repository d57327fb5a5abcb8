"""What the labels and frames of a task demand of its annotations.

The rules of points are those of `cvat_sdk.shapes`. An annotation that breaks one is refused, with
the place where it does; values that were left out are filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cvat_hub.errors import BadRequest, at
from cvat_hub.store import labels
from cvat_sdk.attributes import attribute_value_validator
from cvat_sdk.models import Attribute, InputTypeEnum
from cvat_sdk.shapes import check_points

from .objects import AttributeValue, Element, KeyFrame, Shape, Tag, Track, TrackElement

Path = list[str | int]


@dataclass(frozen=True)
class AttributeRule:
    """What an attribute takes, and what it is if nothing is given."""

    name: str
    mutable: bool
    default: str
    expected: str
    takes: Callable[[str], bool]


@dataclass(frozen=True)
class LabelRule:
    """The attributes of a label, and for a skeleton the labels of its parts."""

    name: str
    is_skeleton: bool
    attributes: dict[int, AttributeRule]
    parts: dict[int, LabelRule]


class Rules:
    """The rules of one task, or of one job of it."""

    def __init__(
        self, found: Sequence[labels.Label], size: int, frames: tuple[int, int] | None = None
    ) -> None:
        """Make the rules.

        Args:
            found: the labels of the task.
            size: the number of frames of the task.
            frames: the first and the last frame that may be annotated; None means all.
        """
        self._labels = {label.id: _label_rule(label) for label in found}
        self._last = size - 1
        self._frames = frames or (0, size - 1)

    def tag(self, tag: Tag, path: Path) -> None:
        """Check a tag, and give it the values that it lacks."""
        rule = self._label(self._labels, tag.label_id, path)
        self._check_frame(tag.frame, path)
        tag.attributes = _attributes(rule, tag.attributes, path)

    def shape(self, shape: Shape, path: Path) -> None:
        """Check a shape, and give it the values that it lacks."""
        rule = self._label(self._labels, shape.label_id, path)
        self._check_frame(shape.frame, path)
        self._element(shape, rule, path)
        if shape.type != "skeleton" and not shape.elements:
            return
        _check_elements(shape.type == "skeleton", rule, shape.elements, path)
        for index, element in enumerate(shape.elements):
            place = [*path, "elements", index]
            if element.frame != shape.frame:
                raise at([*place, "frame"], f"expected that of the skeleton, {shape.frame}")
            _check_part(element, [*place, "type"])
            self._element(element, self._label(rule.parts, element.label_id, place), place)

    def track(self, track: Track, path: Path) -> None:
        """Check a track, and give it the values that it lacks."""
        rule = self._label(self._labels, track.label_id, path)
        self._check_frame(track.frame, path)
        self._track_element(track, rule, path)
        _check_elements(track.shapes[0].type == "skeleton", rule, track.elements, path)
        for index, element in enumerate(track.elements):
            place = [*path, "elements", index]
            self._track_element(element, self._label(rule.parts, element.label_id, place), place)
            _check_part(element.shapes[0], [*place, "shapes", 0, "type"])

    def _element(self, element: Element, rule: LabelRule, path: Path) -> None:
        _check_points(element, path)
        if rule.attributes or element.attributes:
            element.attributes = _attributes(rule, element.attributes, path)

    def _track_element(self, track: TrackElement, rule: LabelRule, path: Path) -> None:
        track.attributes = _attributes(rule, track.attributes, path, mutable=False)
        if not track.shapes:
            raise at([*path, "shapes"], "a track needs at least one shape")
        before: list[AttributeValue] = []
        seen: set[int] = set()
        for index, shape in enumerate(track.shapes):
            place = [*path, "shapes", index]
            self._check_key_frame(shape, track.shapes[0].type, seen, place)
            before = shape.attributes = _attributes(
                rule, shape.attributes, place, mutable=True, before=before
            )
        track.shapes.sort(key=lambda shape: shape.frame)

    def _check_key_frame(self, shape: KeyFrame, kind: str, seen: set[int], path: Path) -> None:
        if shape.frame in seen:
            raise at([*path, "frame"], f"there is a shape on frame {shape.frame} already")
        seen.add(shape.frame)
        if shape.frame > self._last:
            raise at([*path, "frame"], f"{shape.frame} is beyond the last frame, {self._last}")
        if shape.type != kind:
            raise at([*path, "type"], f"expected {kind!r} as on the first frame")
        _check_points(shape, path)

    def _check_frame(self, frame: int, path: Path) -> None:
        first, last = self._frames
        if not first <= frame <= last:
            if self._last < 0:
                raise at([*path, "frame"], "the task has no frames yet")
            raise at([*path, "frame"], f"{frame} is out of range: expected {first} to {last}")

    def _label(self, known: dict[int, LabelRule], label_id: int, path: Path) -> LabelRule:
        rule = known.get(label_id)
        if rule is None:
            raise BadRequest(f"label_id `{label_id}` is invalid (at {_place(path)})")
        return rule


def _check_points(shape: Element | KeyFrame, path: Path) -> None:
    try:
        check_points(shape.type, shape.points)
    except ValueError as error:
        message = f"invalid length for shape type '{shape.type}': {error}"
        raise at([*path, "points"], message) from None


def _check_elements(
    is_skeleton: bool, rule: LabelRule, elements: Iterable[Element | TrackElement], path: Path
) -> None:
    if is_skeleton and not rule.is_skeleton:
        raise at([*path, "type"], f"label {rule.name!r} is not a skeleton")
    seen: set[int] = set()
    for index, element in enumerate(elements):
        if not is_skeleton:
            raise at([*path, "elements"], "only skeletons have elements")
        if element.label_id in seen:
            message = f"label_id `{element.label_id}` comes twice"
            raise at([*path, "elements", index, "label_id"], message)
        seen.add(element.label_id)


def _check_part(part: Element | KeyFrame, path: Path) -> None:
    if part.type == "skeleton":
        raise at(path, "an element is no skeleton")


def _attributes(
    rule: LabelRule,
    given: list[AttributeValue],
    path: Path,
    *,
    mutable: bool | None = None,
    before: Sequence[AttributeValue] = (),
) -> list[AttributeValue]:
    """Return the checked values, completed by those of the frame before, or by the defaults.

    `mutable` tells which attributes are meant; None means all.
    """
    values = {value.spec_id: value for value in given}
    for index, value in enumerate(given):
        _check_value(rule, value, mutable, [*path, "attributes", index])
    if len(values) < len(given):
        raise at([*path, "attributes"], "an attribute comes twice")
    earlier = {value.spec_id: value for value in before}
    for spec_id, spec in rule.attributes.items():
        if spec_id not in values and mutable in (None, spec.mutable):
            given.append(earlier.get(spec_id) or AttributeValue(spec_id, spec.default))
    return given


def _check_value(rule: LabelRule, value: AttributeValue, mutable: bool | None, path: Path) -> None:
    spec = rule.attributes.get(value.spec_id)
    if spec is None:
        raise BadRequest(f"spec_id `{value.spec_id}` is invalid (at {_place(path)})")
    if mutable not in (None, spec.mutable):
        home = "each shape of a track" if spec.mutable else "the track itself"
        raise at([*path, "spec_id"], f"attribute {spec.name!r} belongs to {home}")
    if not spec.takes(value.value):
        message = f"{value.value!r} is not a value of attribute {spec.name!r}: {spec.expected}"
        raise at([*path, "value"], message)


def _label_rule(label: labels.Label) -> LabelRule:
    return LabelRule(
        name=label.name,
        is_skeleton=bool(label.sublabels),
        attributes={found.id: _attribute_rule(found) for found in label.attributes},
        parts={part.id: _label_rule(part) for part in label.sublabels},
    )


def _attribute_rule(found: labels.Attribute) -> AttributeRule:
    spec = Attribute(
        name=found.name,
        mutable=found.mutable,
        input_type=InputTypeEnum(found.input_type),
        values=list(found.values),
    )
    accepts = attribute_value_validator(spec)
    return AttributeRule(
        name=found.name,
        mutable=found.mutable,
        default=found.default_value,
        expected=f"expected a {found.input_type} of {', '.join(found.values) or 'any value'}",
        # The default stands for "not said", and may be anything.
        takes=lambda text: text == found.default_value or accepts(text),
    )


def _place(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]
