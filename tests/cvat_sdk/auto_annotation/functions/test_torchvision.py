"""The functions on torchvision's models, with random weights that are saved and loaded here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL.Image
import pytest

from cvat_sdk.auto_annotation.functions import (
    torchvision_classification,
    torchvision_detection,
    torchvision_instance_segmentation,
    torchvision_keypoint_detection,
)
from cvat_sdk.masks import decode_mask

pytestmark = pytest.mark.torch

SMALL = {
    "box_score_thresh": 0.0,
    "min_size": 64,
    "max_size": 96,
    "box_detections_per_img": 6,
    "device": "cpu",
}
MODULES = {
    "detection": (torchvision_detection, "fasterrcnn_mobilenet_v3_large_320_fpn", SMALL),
    "segmentation": (torchvision_instance_segmentation, "maskrcnn_resnet50_fpn", SMALL),
    "keypoints": (torchvision_keypoint_detection, "keypointrcnn_resnet50_fpn", SMALL),
    "classification": (torchvision_classification, "mobilenet_v3_small", {"device": "cpu"}),
}


def context(threshold: float | None = None, *, polygons: bool = False) -> SimpleNamespace:
    return SimpleNamespace(
        frame_name="photo.jpg", conf_threshold=threshold, conv_mask_to_poly=polygons
    )


def photo(size: tuple[int, int] = (96, 64), *, quality: int = 30) -> PIL.Image.Image:
    return PIL.Image.effect_mandelbrot(size, (-2, -1.5, 1, 1.5), quality).convert("RGB")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Make each function once."""
    import torch
    from torchvision import models

    folder, functions = tmp_path_factory.mktemp("weights"), {}

    def make(kind: str) -> Any:
        if kind not in functions:
            module, model_name, kwargs = MODULES[kind]
            torch.manual_seed(3)
            without = {} if kind == "classification" else {"weights_backbone": None}
            model = models.get_model(model_name, weights=None, **without)
            torch.save(model.state_dict(), folder / f"{kind}.pth")
            functions[kind] = module.create(model_name, str(folder / f"{kind}.pth"), **kwargs)
        return functions[kind]

    return make


@pytest.mark.parametrize(
    ("kind", "label_type", "labels"),
    [
        ("detection", "rectangle", 81),
        ("segmentation", "mask", 81),
        ("keypoints", "skeleton", 2),
        ("classification", "tag", 1000),
    ],
)
def test_the_labels_are_the_weights_categories(
    made: Callable[[str], Any], kind: str, label_type: str, labels: int
) -> None:
    spec = made(kind).spec
    assert {label.type for label in spec.labels} == {label_type}
    assert len(spec.labels) == labels
    assert "N/A" not in {label.name for label in spec.labels}


@pytest.mark.parametrize("kind", MODULES)
def test_a_batch_gives_the_same_as_one_by_one(made: Callable[[str], Any], kind: str) -> None:
    function = made(kind)
    images = [photo(), photo((64, 96)), photo(quality=9), photo((40, 40)).convert("L")]
    contexts = [context()] * len(images)
    together = function.detect_batch(contexts, images)
    alone = [function.detect(context(), image) for image in images]
    assert any(alone)
    assert [len(found) for found in together] == [len(found) for found in alone]
    for found, expected in zip(together, alone, strict=True):
        assert [a.label_id for a in found] == [a.label_id for a in expected]
        scores = [a.get("score", 0) for a in expected]
        assert [a.get("score", 0) for a in found] == pytest.approx(scores, abs=1e-3)


@pytest.mark.parametrize("kind", sorted(MODULES.keys() - {"classification"}))
def test_scores_reach_the_threshold(made: Callable[[str], Any], kind: str) -> None:
    function = made(kind)
    scores = sorted(a.score for a in function.detect(context(), photo()))
    middle = scores[len(scores) // 2]
    found = function.detect(context(middle + 1e-4), photo())
    assert len(found) < len(scores)
    assert all(annotation.score >= middle for annotation in found)
    assert function.detect(context(1.0), photo()) == []


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK"])
def test_every_mode_is_taken(made: Callable[[str], Any], mode: str) -> None:
    assert isinstance(made("classification").detect(context(), photo().convert(mode)), list)


def test_rectangles_are_the_models_boxes(made: Callable[[str], Any]) -> None:
    import torch
    from torchvision.transforms.functional import to_tensor

    function = made("detection")
    with torch.inference_mode():
        (raw,) = function._model([to_tensor(photo())])
    assert len(raw["boxes"])
    shapes = function.detect(context(), photo())
    assert [shape.label_id for shape in shapes] == raw["labels"].tolist()
    expected = raw["boxes"].numpy()
    assert np.array([shape.points for shape in shapes]) == pytest.approx(expected, abs=1e-3)


def test_masks_are_those_that_torchvision_draws_over_the_whole_image(
    made: Callable[[str], Any],
) -> None:
    import torch
    from torchvision.models.detection.roi_heads import paste_masks_in_image
    from torchvision.transforms.functional import to_tensor

    function = made("segmentation")
    with torch.inference_mode():
        (raw,) = function._model([to_tensor(photo((320, 200)))])
        bitmaps = paste_masks_in_image(raw["masks"], raw["boxes"], (200, 320))[:, 0] >= 0.5
    expected = []
    for bitmap, box in zip(bitmaps.numpy(), raw["boxes"].numpy(), strict=True):
        inside = np.zeros_like(bitmap)
        (left, top), (right, bottom) = np.floor(box[:2]), np.ceil(box[2:])
        window = np.s_[int(top) : int(bottom), int(left) : int(right)]
        inside[window] = bitmap[window]
        if inside.any():
            expected.append(inside)
    shapes = function.detect(context(), photo((320, 200)))
    assert len(shapes) == len(expected) > 0
    for shape, bitmap in zip(shapes, expected, strict=True):
        drawn = decode_mask(shape.points, image_width=320, image_height=200)
        # A pixel may be exactly between.
        assert (drawn != bitmap).mean() < 1e-3


def test_polygons_take_the_place_of_masks(made: Callable[[str], Any]) -> None:
    function = made("segmentation")
    masks = function.detect(context(), photo())
    polygons = function.detect(context(polygons=True), photo())
    assert {shape.type.value for shape in masks} == {"mask"}
    assert {shape.type.value for shape in polygons} == {"polygon"}
    assert {shape.score for shape in polygons} == {shape.score for shape in masks}


def test_skeletons_have_all_points(made: Callable[[str], Any]) -> None:
    function = made("keypoints")
    for shape in function.detect(context(), photo()):
        assert [element.label_id for element in shape.elements] == list(range(17))


def test_a_tag_is_the_most_probable_label(made: Callable[[str], Any]) -> None:
    function = made("classification")
    found = function.to_annotations(context(0.5), (1, 1), {"scores": np.array([0.2, 0.6, 0.2])})
    assert [tag.label_id for tag in found] == [1]
    assert not function.to_annotations(context(0.61), (1, 1), {"scores": np.array([0.4, 0.6])})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["yolo"], "torchvision knows no model 'yolo'"),
        (["resnet18", "COCO"], "'COCO' is neither a file nor one of IMAGENET1K_V1"),
        (["resnet18", __file__], "test_torchvision.py: this is no state dict"),
        (["resnet18", "DEFAULT", "device"], "device 'gpu' can't be used"),
    ],
)
def test_what_is_not_there_is_named(arguments: list[str], message: str) -> None:
    device = "gpu" if len(arguments) == 3 else "cpu"
    with pytest.raises(ValueError, match=message):
        torchvision_classification.create(*arguments[:2], device=device)


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    import torch
    from torchvision import models

    torch.save(models.resnet18().state_dict(), tmp_path / "resnet18.pth")
    with pytest.raises(ValueError, match=r"no state dict of the model: .* names are missing"):
        torchvision_classification.create(
            "mobilenet_v3_small", str(tmp_path / "resnet18.pth"), device="cpu"
        )
