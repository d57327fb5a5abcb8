"""YOLO models of random weights, saved and loaded here; and results that are made here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL.Image
import pytest

from cvat_sdk.auto_annotation.functions import yolo
from cvat_sdk.masks import decode_mask

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]

FILES = {
    "detect": "yolo11n.yaml",
    "obb": "yolo11n-obb.yaml",
    "segment": "yolo11n-seg.yaml",
    "pose": "yolo11n-pose.yaml",
    "classify": "yolo11n-cls.yaml",
}
TYPES = {
    "detect": "rectangle",
    "obb": "rectangle",
    "segment": "mask",
    "pose": "skeleton",
    "classify": "tag",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("yolo")
    functions: dict[str, Any] = {}

    def make(task: str) -> Any:
        if task not in functions:
            import torch
            from ultralytics import YOLO

            torch.manual_seed(1)
            YOLO(FILES[task], task=task, verbose=False).save(folder / f"{task}.pt")
            functions[task] = yolo.create(
                str(folder / f"{task}.pt"), device="cpu", imgsz=64, conf_threshold=0.0, max_det=5
            )
        return functions[task]

    with pytest.MonkeyPatch.context() as patch:
        # It writes its settings there, and would look for updates.
        patch.setenv("YOLO_CONFIG_DIR", str(folder))
        patch.setenv("YOLO_OFFLINE", "true")
        yield make


def context(threshold: float | None = None, *, polygons: bool = False) -> SimpleNamespace:
    return SimpleNamespace(
        frame_name="photo.jpg", conf_threshold=threshold, conv_mask_to_poly=polygons
    )


def photo(size: tuple[int, int] = (96, 64), *, quality: int = 30) -> PIL.Image.Image:
    return PIL.Image.effect_mandelbrot(size, (-2, -1.5, 1, 1.5), quality).convert("RGB")


@pytest.mark.parametrize("task", FILES)
def test_a_model_is_loaded_and_gives_annotations_of_its_type(
    made: Callable[[str], Any], task: str
) -> None:
    function = made(task)
    assert {label.type for label in function.spec.labels} == {TYPES[task]}
    found = function.detect(context(), photo())
    assert len(found) <= 5
    for annotation in found:
        if task != "classify":
            assert annotation.type == TYPES[task]
            assert 0 <= annotation.score <= 1
    assert function.detect(context(1.0), photo()) == []


@pytest.mark.parametrize("task", FILES)
def test_a_batch_gives_the_same_as_one_by_one(made: Callable[[str], Any], task: str) -> None:
    function = made(task)
    images = [photo(), photo((64, 96)), photo(quality=9)]
    together = function.detect_batch([context()] * len(images), images)
    for found, image in zip(together, images, strict=True):
        alone = function.detect(context(), image)
        assert [a.label_id for a in found] == [a.label_id for a in alone]
        scores = [a.get("score", 0) for a in alone]
        assert [a.get("score", 0) for a in found] == pytest.approx(scores, abs=1e-3)


def boxes(*found: tuple[int, float]) -> SimpleNamespace:
    return SimpleNamespace(
        cls=np.array([i for i, _ in found], np.float32),
        conf=np.array([score for _, score in found], np.float32),
        __len__=lambda: len(found),
    )


def test_a_turned_box_is_a_rectangle_with_its_rotation() -> None:
    found = boxes((3, 0.5), (4, 0.25))
    found.xywhr = np.array([[50, 40, 20, 10, np.pi / 6], [50, 40, 20, 10, -np.pi / 6]])
    first, second = yolo._turned(SimpleNamespace(obb=found), 0, False)
    assert first.points == [40, 35, 60, 45]
    assert (first.label_id, first.score) == (3, 0.5)
    assert (first.rotation, second.rotation) == (pytest.approx(30), pytest.approx(330))


def result_with_masks() -> SimpleNamespace:
    masks = np.zeros((2, 64, 64), np.float32)
    masks[0, 16 + 8 : 16 + 16, 32:48] = 1  # the image lies in rows 16 to 48
    return SimpleNamespace(
        masks=SimpleNamespace(data=masks), boxes=boxes((1, 0.5), (2, 0.75)), orig_shape=(64, 128)
    )


def test_a_segment_is_a_mask_in_the_image_and_empty_ones_are_dropped() -> None:
    (shape,) = yolo._segmented(result_with_masks(), 0, False)
    assert (shape.label_id, shape.score) == (1, 0.5)
    bitmap = decode_mask(shape.points, image_width=128, image_height=64)
    assert bitmap[16:32, 64:96].mean() > 0.95
    assert bitmap.sum() == pytest.approx(16 * 32, rel=0.1)


def test_a_segment_is_a_polygon_if_asked() -> None:
    (shape,) = yolo._segmented(result_with_masks(), 0, True)
    assert shape.type == "polygon"
    assert len(shape.points) >= 6


def test_no_masks_are_no_annotations() -> None:
    assert yolo._segmented(SimpleNamespace(masks=None), 0, False) == []


def test_a_file_that_is_not_there_is_told(made: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        yolo.create(str(tmp_path / "absent.pt"), device="cpu")
