"""Models of transformers, tiny and with random weights, saved and loaded here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL.Image
import pytest

from cvat_sdk.auto_annotation.functions import transformers_detection
from cvat_sdk.masks import decode_mask

pytestmark = pytest.mark.torch

SIZE = {"height": 64, "width": 64}
NAMES = {0: "cat", 1: "dog", 2: "N/A"}
SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}


def vit(hf: Any, folder: Path) -> None:
    config = hf.ViTConfig(**SMALL, intermediate_size=16, image_size=64, patch_size=16)
    config.id2label = NAMES
    hf.ViTForImageClassification(config).save_pretrained(folder)
    hf.ViTImageProcessor(size=SIZE).save_pretrained(folder)


def yolos(hf: Any, folder: Path) -> None:
    config = hf.YolosConfig(
        **SMALL, intermediate_size=16, image_size=[64, 64], patch_size=16, num_detection_tokens=5
    )
    config.id2label = NAMES
    model = hf.YolosForObjectDetection(config)
    # Otherwise it might see the label that is left out, and nothing else.
    model.class_labels_classifier.layers[-1].bias.data[1] = 5
    model.save_pretrained(folder)
    hf.YolosImageProcessor(size=SIZE).save_pretrained(folder)


def segformer(hf: Any, folder: Path) -> None:
    config = hf.SegformerConfig(
        hidden_sizes=[8, 8, 8, 8],
        depths=[1, 1, 1, 1],
        decoder_hidden_size=8,
        num_attention_heads=[1, 1, 1, 1],
    )
    config.id2label = NAMES
    hf.SegformerForSemanticSegmentation(config).save_pretrained(folder)
    hf.SegformerImageProcessor(size=SIZE).save_pretrained(folder)


def mask2former(hf: Any, folder: Path) -> None:
    backbone = hf.SwinConfig(
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 1, 1],
        window_size=2,
        image_size=64,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    config = hf.Mask2FormerConfig(
        backbone_config=backbone,
        hidden_dim=32,
        feature_size=32,
        mask_feature_size=32,
        num_queries=5,
        encoder_layers=1,
        decoder_layers=2,
        num_attention_heads=2,
        dim_feedforward=16,
        encoder_feedforward_dim=16,
    )
    config.id2label = NAMES
    hf.Mask2FormerForUniversalSegmentation(config).save_pretrained(folder)
    hf.Mask2FormerImageProcessor(size=SIZE).save_pretrained(folder)


def owlv2(hf: Any, folder: Path) -> None:
    small = {**SMALL, "intermediate_size": 16}
    letters = [*"abcdefghijklmnopqrstuvwxyz", *(f"{c}</w>" for c in "abcdefghijklmnopqrstuvwxyz")]
    words = {word: i for i, word in enumerate([*letters, "<|startoftext|>", "<|endoftext|>"])}
    (folder / "vocab.json").write_text(json.dumps(words))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = hf.CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16
    )
    config = hf.Owlv2Config(
        text_config={
            **small,
            "vocab_size": len(words),
            "max_position_embeddings": 16,
            "bos_token_id": len(words) - 2,
            "eos_token_id": len(words) - 1,
        },
        vision_config={**small, "image_size": 64, "patch_size": 16},
        projection_dim=16,
    )
    hf.Owlv2ForObjectDetection(config).save_pretrained(folder)
    processor = hf.Owlv2ImageProcessor(size=SIZE)
    hf.Owlv2Processor(processor, tokenizer).save_pretrained(folder)


MODELS = {
    "classification": vit,
    "detection": yolos,
    "semantic": segformer,
    "instance": mask2former,
    "panoptic": mask2former,
    "open-vocabulary": owlv2,
}
TYPES = {
    "classification": "tag",
    "detection": "rectangle",
    "open-vocabulary": "rectangle",
    "semantic": "mask",
    "instance": "mask",
    "panoptic": "mask",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Save each model once."""
    import torch
    import transformers as hf

    folders: dict[Any, Path] = {}

    def make(task: str, **kwargs: Any) -> Any:
        save = MODELS[task]
        if save not in folders:
            folders[save] = tmp_path_factory.mktemp(save.__name__)
            torch.manual_seed(1)
            save(hf, folders[save])
        words = {"labels": "cat,traffic light"} if task == "open-vocabulary" else {}
        chosen = {"task": task} if task == "panoptic" else {}
        return transformers_detection.create(
            str(folders[save]), device="cpu", conf_threshold=0, **words, **chosen, **kwargs
        )

    return make


def context(threshold: float | None = None, *, polygons: bool = False) -> SimpleNamespace:
    return SimpleNamespace(
        frame_name="photo.jpg", conf_threshold=threshold, conv_mask_to_poly=polygons
    )


def photo(size: tuple[int, int] = (96, 64), *, quality: int = 30) -> PIL.Image.Image:
    return PIL.Image.effect_mandelbrot(size, (-2, -1.5, 1, 1.5), quality).convert("RGB")


@pytest.mark.parametrize("task", MODELS)
def test_a_model_is_loaded_and_gives_annotations_of_its_type(
    made: Callable[..., Any], task: str
) -> None:
    function = made(task)
    expected = ["cat", "traffic light"] if task == "open-vocabulary" else ["cat", "dog"]
    assert [(label.name, label.type) for label in function.spec.labels] == [
        (name, TYPES[task]) for name in expected
    ]
    for annotation in function.detect(context(), photo()):
        assert annotation.label_id in (0, 1)
        if task != "classification":
            assert annotation.type == TYPES[task]
            assert 0 <= annotation.score <= 1
        if TYPES[task] == "mask":
            decode_mask(annotation.points, image_width=96, image_height=64)


@pytest.mark.parametrize("task", MODELS)
def test_a_batch_gives_the_same_as_one_by_one(made: Callable[..., Any], task: str) -> None:
    function = made(task)
    images = [photo(), photo((64, 96)), photo(quality=9), photo().convert("L")]
    together = function.detect_batch([context()] * len(images), images)
    alone = [function.detect(context(), image) for image in images]
    assert [[a.label_id for a in found] for found in together] == [
        [a.label_id for a in found] for found in alone
    ]
    for found, expected in zip(together, alone, strict=True):
        scores = [a.get("score", 0) for a in expected]
        assert [a.get("score", 0) for a in found] == pytest.approx(scores, abs=1e-3)


@pytest.mark.parametrize("task", MODELS)
def test_nothing_reaches_a_threshold_of_one(made: Callable[..., Any], task: str) -> None:
    assert made(task).detect(context(1.0), photo()) == []


def test_rectangles_are_found_at_a_threshold_of_zero(made: Callable[..., Any]) -> None:
    shapes = made("detection").detect(context(0.0), photo())
    assert [shape.label_id for shape in shapes] == [1] * 5


def test_polygons_take_the_place_of_masks(made: Callable[..., Any]) -> None:
    found = made("semantic").detect(context(polygons=True), photo())
    assert {shape.type.value for shape in found} <= {"polygon"}


def test_segments_become_masks_with_their_labels(made: Callable[..., Any]) -> None:
    import torch

    numbers = torch.full((64, 96), -1)
    numbers[10:20, 30:50] = 4
    numbers[30:40, 30:50] = 5
    infos = [
        {"id": 4, "label_id": 1, "score": 0.75},
        {"id": 5, "label_id": 2, "score": 0.9},
        {"id": 6, "label_id": 0, "score": 0.9},
    ]
    task = made("instance")._task
    (shape,) = task.to_annotations(
        {"segmentation": numbers, "segments_info": infos}, as_polygons=False
    )
    assert (shape.label_id, shape.score) == (1, 0.75)
    assert shape.points[-4:] == [30, 10, 49, 19]


@pytest.mark.parametrize(
    ("words", "label_id"),
    [("cat", 0), ("a traffic light", 1), ("traffic", 1), ("dog", -1), ("", -1), (None, -1)],
)
def test_the_models_words_are_understood_as_labels(
    made: Callable[..., Any], words: str | None, label_id: int
) -> None:
    assert made("open-vocabulary")._task._id_of(words) == label_id


@pytest.mark.parametrize(
    ("architecture", "names", "task"),
    [
        ("DetrForObjectDetection", [], "detection"),
        ("GroundingDinoForObjectDetection", ["cat"], "open-vocabulary"),
        ("DetrForSegmentation", [], "panoptic"),
        ("MaskFormerForInstanceSegmentation", [], "instance"),
        ("SegformerForSemanticSegmentation", [], "semantic"),
    ],
)
def test_the_configuration_tells_what_a_model_does(
    architecture: str, names: list[str], task: str
) -> None:
    config = SimpleNamespace(architectures=[architecture], model_type="x")
    assert transformers_detection.task_of(config, names) == task


def test_a_model_that_does_something_else_is_refused() -> None:
    config = SimpleNamespace(architectures=["BertModel"], model_type="bert")
    with pytest.raises(ValueError, match="what a 'BertModel' does; give task as one of"):
        transformers_detection.task_of(config, [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"task": "keypoints"}, "task must be 'auto' or one of .*, got 'keypoints'"),
        ({"task": "open-vocabulary"}, "labels are for models with an open vocabulary"),
        ({"task": "detection", "labels": "cat"}, "labels are for models with an open vocabulary"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        transformers_detection.create("absent", device="cpu", **arguments)


def test_means_are_those_of_each_label() -> None:
    means = transformers_detection._means(
        np.array([[0.5, 1.0, 0.25]], np.float32), np.array([[3, 3, 1]])
    )
    assert means == {1: 0.25, 3: 0.75}
