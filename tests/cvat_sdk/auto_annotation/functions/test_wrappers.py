"""Functions that are made of others."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL.Image
import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation.functions import ensemble, filtered, relabelled, tiled, with_masks
from cvat_sdk.auto_annotation.functions.named import function_of
from cvat_sdk.auto_annotation.trial import check
from cvat_sdk.exceptions import BadFunctionError
from cvat_sdk.masks import encode_mask
from cvat_sdk.outlines import outline

LABELS = [cvataa.label_spec(name, i, type="any") for i, name in enumerate(("car", "truck", "tree"))]
IMAGE = PIL.Image.new("RGB", (200, 100))
NANODET = "cvat_sdk.auto_annotation.functions.nanodet_detection"


def detector(make: Callable[[Any], list[Any]], labels: Any = LABELS, **more: Any) -> Any:
    """Return a function that finds what `make` returns for an image."""
    return SimpleNamespace(
        spec=cvataa.DetectionFunctionSpec(labels=labels),
        detect=lambda context, image: make(image),
        **more,
    )


def context(**told: Any) -> Any:
    told = {"conf_threshold": None, "conv_mask_to_poly": False, **told}
    return SimpleNamespace(frame_name="a.png", **told)


def boxes(image: Any = None) -> list[Any]:
    return [
        cvataa.rectangle(0, [0, 0, 50, 40], score=0.9),
        cvataa.rectangle(1, [50, 0, 60, 40], score=0.4),
        cvataa.rectangle(2, [0, 50, 150, 90]),
        cvataa.tag(2),
    ]


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, [0, 1, 2, 2]),
        ({"labels": "car, truck"}, [0, 1]),
        ({"min_score": 0.5}, [0, 2, 2]),
        ({"min_side": 20}, [0, 2, 2]),
        ({"max_side": 20}, [1, 2]),
    ],
)
def test_filtered_keeps_what_is_wanted(options: dict[str, Any], kept: list[int]) -> None:
    function = filtered.create(detector(boxes), **options)
    assert [one.label_id for one in function.detect(context(), IMAGE)] == kept


def test_filtered_has_only_the_labels_that_are_wanted() -> None:
    function = filtered.create(detector(boxes), labels="car")
    assert [label.name for label in function.spec.labels] == ["car"]
    with pytest.raises(BadFunctionError, match=r"no labels \['cat'\], but car, truck"):
        filtered.create(detector(boxes), labels="cat")


def test_a_changed_function_keeps_batches() -> None:
    inner = detector(boxes, detect_batch=lambda contexts, images: [boxes() for _ in images])
    function = filtered.create(inner, labels="car")
    found = function.detect_batch([context()] * 2, [IMAGE] * 2)
    assert [[one.label_id for one in image] for image in found] == [[0], [0]]
    assert not hasattr(filtered.create(detector(boxes)), "detect_batch")


def test_relabelled_gives_other_names_and_joins_labels() -> None:
    function = relabelled.create(detector(boxes), names="car=vehicle,truck=vehicle")
    assert [(label.name, label.id) for label in function.spec.labels] == [
        ("vehicle", 0),
        ("tree", 2),
    ]
    assert [one.label_id for one in function.detect(context(), IMAGE)] == [0, 0, 2, 2]
    assert [label.name for label in LABELS] == ["car", "truck", "tree"]


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        ("bike=vehicle", BadFunctionError, r"no labels \['bike'\]"),
        ("car", ValueError, "'car' is not NAME=NAME"),
        ("car=x,pose=x", BadFunctionError, "their types, attributes or sublabels differ"),
    ],
)
def test_relabelled_refuses_what_it_cannot_do(
    names: str, error: type[Exception], message: str
) -> None:
    labels = [*LABELS, cvataa.label_spec("pose", 9, type="skeleton")]
    with pytest.raises(error, match=message):
        relabelled.create(detector(boxes, labels), names=names)


@pytest.mark.parametrize("size_wh", [(100, 50), (64, 64), (65, 64), (1, 1), (333, 250)])
@pytest.mark.parametrize("overlap", [0.0, 0.2, 0.9])
def test_tiles_cover_the_image_and_overlap(size_wh: tuple[int, int], overlap: float) -> None:
    seen = np.zeros(size_wh[::-1], int)
    made = list(tiled.tiles(size_wh, 64, overlap))
    for left, top, right, bottom in made:
        assert (right - left, bottom - top) == tuple(min(64, side) for side in size_wh)
        seen[top:bottom, left:right] += 1
    assert seen.min() == 1
    lefts = sorted({left for left, *_ in made})
    assert all(b - a <= 64 * (1 - overlap) + 1 for a, b in pairwise(lefts))


def bright(image: PIL.Image.Image) -> list[Any]:
    rows, columns = np.nonzero(np.asarray(image.convert("L")) > 128)
    if not len(rows):
        return []
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    # Who sees more of it is surer.
    return [cvataa.rectangle(0, box, score=min(1.0, len(rows) / 400)), cvataa.tag(1)]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("has_batches", [True, False])
def test_tiled_finds_an_object_once_and_where_it_is(whole: bool, has_batches: bool) -> None:
    image = PIL.Image.new("RGB", (200, 100))
    image.paste("white", (85, 30, 105, 50))
    more = {"detect_batch": lambda contexts, images: [bright(one) for one in images]}
    inner = detector(bright, **(more if has_batches else {}))
    function = tiled.create(inner, tile=64, overlap=0.4, whole=whole)
    tag, shape = function.detect(context(), image)
    assert (tag.label_id, shape.points, shape.score) == (1, [85, 30, 105, 50], 1.0)


def test_tiled_moves_masks_and_skeletons() -> None:
    def find(image: PIL.Image.Image) -> list[Any]:
        bitmap = np.ones(image.size[::-1], bool)
        return [
            cvataa.mask(0, encode_mask(bitmap)),
            cvataa.skeleton(1, [cvataa.keypoint(0, [1, 2])]),
        ]

    function = tiled.create(detector(find), tile=100, overlap=0, whole=False)
    first, second = function.detect(context(), IMAGE)[::2]
    assert (first.points[-4:], second.points[-4:]) == ([0, 0, 99, 99], [100, 0, 199, 99])
    assert function.detect(context(), IMAGE)[3].elements[0].points == [101, 2]


@pytest.mark.parametrize("options", [{"tile": 0}, {"overlap": 1.0}, {"same": 0.0}])
def test_tiled_refuses_arguments_out_of_range(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="tile must be 1 or more"):
        tiled.create(detector(bright), **options)


def test_an_ensemble_fuses_boxes_of_one_name() -> None:
    ours = [cvataa.label_spec("car", 5, type="rectangle")]
    theirs = [cvataa.label_spec(name, i) for i, name in enumerate(("tree", "car"))]
    one = detector(lambda image: [cvataa.rectangle(5, [20, 20, 60, 60], score=0.8)], ours)
    two = detector(
        lambda image: [
            cvataa.rectangle(1, [24, 20, 64, 60], score=0.8),
            cvataa.rectangle(0, [100, 10, 190, 90], score=0.6),
        ],
        theirs,
    )
    function = ensemble.create([one, two])
    assert [label.name for label in function.spec.labels] == ["car", "tree"]
    car, tree = sorted(function.detect(context(), IMAGE), key=lambda one: one.label_id)
    assert car.points == pytest.approx([22, 20, 62, 60], abs=0.02)
    assert (car.score, tree.score) == (pytest.approx(0.8, abs=1e-3), pytest.approx(0.3, abs=1e-3))
    assert [one.label_id for one in function.detect(context(conf_threshold=0.5), IMAGE)] == [0]
    weighted = ensemble.create([one, two], weights="3,1")
    assert weighted.detect(context(), IMAGE)[0].points == pytest.approx([21, 20, 61, 60], abs=0.02)
    assert ensemble.create([detector(lambda image: [], ours)] * 2).detect(context(), IMAGE) == []


def test_an_ensemble_takes_rectangles_only() -> None:
    with pytest.raises(BadFunctionError, match="only plain rectangles can be fused"):
        ensemble.create([detector(boxes, [cvataa.label_spec("a", 1, type="mask")])])
    with pytest.raises(ValueError, match="1 for 2 functions"):
        ensemble.create([detector(boxes)] * 2, weights="1")


class Filling:
    """An interaction function whose mask is the box."""

    def __init__(self, **spec: Any) -> None:
        self.spec = cvataa.InteractionFunctionSpec(
            **{"min_pos_points": 0, "min_bounding_boxes": 1, **spec}
        )
        self.prepared = 0

    def preprocess_image(self, context: Any, image: PIL.Image.Image) -> tuple[int, int]:
        self.prepared += 1
        return image.size

    def detect(self, context: Any, pp_image: tuple[int, int], prompts: Any) -> list[Any]:
        assert len(prompts.pos_points) == self.spec.min_pos_points
        (left, top), (right, bottom) = (map(int, corner) for corner in prompts.bounding_box)
        bitmap = np.zeros(pp_image[::-1], bool)
        bitmap[top:bottom, left:right] = True
        return [cvataa.InteractionResultShape(type="mask", points=encode_mask(bitmap))]


RECTANGLES = [cvataa.label_spec(name, i, type="rectangle") for i, name in enumerate("abc")]


def test_with_masks_makes_masks_of_boxes() -> None:
    masks = Filling(min_pos_points=1)
    function = with_masks.create(detector(lambda image: boxes()[:2], RECTANGLES), masks)
    assert {label.type for label in function.spec.labels} == {"mask"}
    first, second = function.detect(context(), IMAGE)
    assert (first.type, first.points, first.score) == ("mask", [0, 2000, 0, 0, 49, 39], 0.9)
    assert (second.label_id, masks.prepared) == (1, 1)


def test_with_masks_makes_polygons_if_these_are_wanted() -> None:
    function = with_masks.create(detector(lambda image: boxes()[:1], RECTANGLES), Filling())
    (found,) = function.detect(context(conv_mask_to_poly=True), IMAGE)
    assert (found.type, found.label_id, found.score) == ("polygon", 0, 0.9)
    filled = np.zeros((IMAGE.height, IMAGE.width), bool)
    filled[0:40, 0:50] = True
    assert found.points == outline(filled)[0]


def test_with_masks_needs_a_function_that_takes_boxes() -> None:
    with pytest.raises(BadFunctionError, match="takes no boxes"):
        with_masks.create(detector(boxes), Filling(min_bounding_boxes=None))


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda: filtered.create(NANODET, labels="person", threads=1),
        lambda: relabelled.create(NANODET, names="cat=animal,dog=animal"),
        lambda: tiled.create(NANODET, tile=416),
        lambda: with_masks.create(NANODET, Filling()),
    ],
)
def test_wrappers_of_a_real_detector_keep_the_rules(wrapped: Callable[[], Any]) -> None:
    assert check(wrapped()) == []


def test_a_function_is_found_by_module_file_or_itself(tmp_path: Any) -> None:
    path = tmp_path / "fn.py"
    path.write_text(
        "from types import SimpleNamespace\n"
        "def create(size=0): return SimpleNamespace(spec=1, size=size)\n"
    )
    assert function_of(str(path), {"size": 4}).size == 4
    assert len(function_of(NANODET).spec.labels) == 80
    function = detector(boxes)
    assert function_of(function) is function
    with pytest.raises(BadFunctionError, match="json has no 'spec' attribute"):
        function_of("json")
