"""Which label of the task a label of the function stands for."""

from __future__ import annotations

import logging
from typing import Any

import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation import BadFunctionError, label_spec
from cvat_sdk.auto_annotation.mapping import LabelMapper, MappedLabel
from cvat_sdk.exceptions import SelectionError
from cvat_sdk.models import Attribute, Label, PatchedLabelRequest, Sublabel

COLOUR = Attribute("colour", False, "select", ["red", "blue"], id=50)
PERSON = Label(
    "person",
    id=101,
    type="skeleton",
    sublabels=[Sublabel("head", id=111, attributes=[COLOUR]), Sublabel("hand", id=112)],
)


def map_one(ours: PatchedLabelRequest, theirs: Label, **options: Any) -> MappedLabel | None:
    mapper = LabelMapper(logger=logging.getLogger("test"), **options)
    return mapper.map([ours], [Label("other", id=1), theirs])[ours.id]


def car(**fields: Any) -> Label:
    return Label("car", id=100, **fields)


def test_labels_sublabels_and_attributes_are_found_by_name() -> None:
    select = cvataa.select_attribute_spec("colour", 3, ["blue", "red"])
    points = [cvataa.keypoint_spec("hand", 7), cvataa.keypoint_spec("head", 8, attributes=[select])]
    mapped = map_one(cvataa.skeleton_label_spec("person", 1, points), PERSON)
    assert mapped is not None
    assert (mapped.id, mapped.type, mapped.elements) == (101, "skeleton", 2)
    assert {ours: theirs and theirs.id for ours, theirs in mapped.sublabels.items()} == {
        7: 112,
        8: 111,
    }
    head = mapped.sublabels[8]
    assert head is not None
    attribute = head.attributes[3]
    assert attribute is not None
    assert (attribute.id, attribute.suits("red"), attribute.suits("green")) == (50, True, False)


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [
        (label_spec("bus", 1), car(), "label 'bus' is not in dataset"),
        (
            cvataa.skeleton_label_spec("person", 1, [cvataa.keypoint_spec("foot", 1)]),
            PERSON,
            "sublabel 'foot' of label 'person' is not in dataset",
        ),
        (
            label_spec("car", 1, attributes=[cvataa.text_attribute_spec("plate", 1)]),
            car(),
            "attribute 'plate' of label 'car' is not in dataset",
        ),
    ],
)
def test_what_the_task_lacks_is_an_error_unless_it_may_be_left_out(
    ours: PatchedLabelRequest, theirs: Label, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(BadFunctionError) as caught:
        map_one(ours, theirs)
    assert message in str(caught.value)
    with caplog.at_level(logging.INFO):
        mapped = map_one(ours, theirs, allow_unmatched_labels=True)
    assert message.removesuffix(" is not in dataset") in caplog.text
    left_out = (mapped, *(mapped.sublabels.values() if mapped else ()))
    left_out += tuple(mapped.attributes.values()) if mapped else ()
    assert None in left_out


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (None, "any", "any"),
        ("any", "rectangle", "rectangle"),
        (None, "tag", "tag"),
        ("rectangle", "any", "rectangle"),
        ("mask", "mask", "mask"),
    ],
)
def test_types_fit_when_one_is_any_or_both_are_the_same(
    ours: str | None, theirs: str, expected: str
) -> None:
    label = label_spec("car", 1, **({"type": ours} if ours else {}))
    mapped = map_one(label, car(type=theirs))
    assert mapped is not None
    assert mapped.type == expected


def test_types_that_differ_are_an_error() -> None:
    with pytest.raises(
        BadFunctionError, match="'car' has type 'mask' in the function, but 'rectangle' in the"
    ):
        map_one(label_spec("car", 1, type="mask"), car(type="rectangle"))


def test_masks_count_as_polygons_when_they_are_to_be_converted() -> None:
    label = label_spec("car", 1, type="mask")
    mapped = map_one(label, car(type="polygon"), conv_mask_to_poly=True)
    assert mapped is not None
    assert mapped.type == "polygon"
    with pytest.raises(BadFunctionError, match="'polygon' in the function, but 'mask'"):
        map_one(label, car(type="mask"), conv_mask_to_poly=True)


@pytest.mark.parametrize(
    ("input_type", "ours", "theirs", "fits"),
    [
        ("select", ["a", "b"], ["b", "a"], True),
        ("radio", ["a", "b"], ["b", "a"], True),
        ("select", ["a"], ["a", "b"], False),
        ("number", ["0", "9", "1"], ["0", "9", "1"], True),
        ("number", ["0", "9", "3"], ["0", "9", "1"], False),
        ("text", [], [""], True),
        ("checkbox", [], ["false"], True),
    ],
)
def test_attributes_fit_when_their_values_do(
    input_type: str, ours: list[str], theirs: list[str], fits: bool
) -> None:
    label = label_spec("car", 1, attributes=[cvataa.attribute_spec("a", 1, input_type, ours)])
    task_label = car(attributes=[Attribute("a", True, input_type, theirs, id=9)])
    if fits:
        assert map_one(label, task_label) is not None
    else:
        with pytest.raises(BadFunctionError, match="attribute 'a' of label 'car' has values"):
            map_one(label, task_label)


def test_attributes_of_another_input_type_are_an_error() -> None:
    label = label_spec("car", 1, attributes=[cvataa.text_attribute_spec("a", 1)])
    with pytest.raises(BadFunctionError, match="input type 'text' in the function, but 'select'"):
        map_one(label, car(attributes=[Attribute("a", True, "select", ["x"], id=9)]))


HAT = cvataa.select_attribute_spec("hat", 3, ["red", "blue"])
FIGURE = cvataa.skeleton_label_spec(
    "figure",
    1,
    [cvataa.keypoint_spec("skull", 8, attributes=[HAT]), cvataa.keypoint_spec("hand", 7)],
)


def map_all(
    names: dict[str, str], ours: list[PatchedLabelRequest], theirs: list[Label]
) -> list[int | None]:
    mapper = LabelMapper(logger=logging.getLogger("test"), label_mapping=names)
    return [label and label.id for label in mapper.map(ours, theirs).values()]


def test_what_the_task_calls_otherwise_is_found_by_the_mapping() -> None:
    names = {"figure": "person", "figure.skull": "head", "figure.skull.hat": "colour"}
    mapped = map_one(FIGURE, PERSON, label_mapping=names)
    assert mapped is not None
    head, hand = mapped.sublabels[8], mapped.sublabels[7]
    assert head is not None
    assert hand is not None
    assert (mapped.id, head.id, hand.id) == (101, 111, 112)
    assert [theirs and theirs.id for theirs in head.attributes.values()] == [50]


def test_attributes_of_a_label_are_mapped() -> None:
    label = label_spec("auto", 1, attributes=[cvataa.text_attribute_spec("plate", 1)])
    theirs = car(attributes=[Attribute("number", True, "text", [], id=9)])
    mapped = map_one(label, theirs, label_mapping={"auto": "car", "auto.plate": "number"})
    assert mapped is not None
    assert mapped.attributes[1] is not None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"bus": "car", "b.s": "car"}, [100, 100]),
        ({"b.s": "bus"}, [200, 200]),
        ({"bus": "car", "b.s": "bus"}, [100, 200]),
    ],
)
def test_several_labels_may_become_one_or_change_places(
    names: dict[str, str], expected: list[int]
) -> None:
    ours = [label_spec("bus", 1), label_spec("b.s", 2)]
    assert map_all(names, ours, [car(), Label("bus", id=200)]) == expected


def test_a_mapping_to_what_the_task_lacks_is_told_with_both_names(
    caplog: pytest.LogCaptureFixture,
) -> None:
    names = {"bus": "lorry"}
    with pytest.raises(BadFunctionError, match="label 'bus', mapped to 'lorry', is not in dataset"):
        map_one(label_spec("bus", 1), car(), label_mapping=names)
    with caplog.at_level(logging.INFO):
        bus = label_spec("bus", 1)
        assert map_one(bus, car(), label_mapping=names, allow_unmatched_labels=True) is None
    assert "label 'bus', mapped to 'lorry'" in caplog.text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("figur", "the function has no 'figur', only names such as 'figure'"),
        ("figure.skul", "only names such as 'figure.skull'"),
        ("x", "such as 'figure', 'figure.skull', 'figure.skull.hat', 'figure.hand'"),
    ],
)
def test_a_mapping_of_what_the_function_lacks_is_refused(name: str, message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        map_one(FIGURE, PERSON, label_mapping={name: "head"}, allow_unmatched_labels=True)
