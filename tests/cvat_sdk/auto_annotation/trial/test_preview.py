from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL.Image
import pytest
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation.trial import LocalFrame
from cvat_sdk.auto_annotation.trial.drawing import contact_sheet, drawn
from cvat_sdk.auto_annotation.trial.preview import preview
from cvat_sdk.masks import encode_mask

# pycocotools makes arrays of its own in an old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

WIDTH, HEIGHT = 60, 40
BITMAP = np.zeros((HEIGHT, WIDTH), bool)
BITMAP[10:15, 20:23] = True
BITMAP[0, 0] = True
GRAY = (128, 128, 128)
NAMES = {1: "thing", 2: "pose"}
SPEC = cvataa.DetectionFunctionSpec(
    labels=[
        cvataa.label_spec("thing", 1),
        cvataa.skeleton_label_spec(
            "pose", 2, [cvataa.keypoint_spec(name, i) for i, name in enumerate("abc")]
        ),
    ]
)


def frame(index: int, name: str) -> LocalFrame:
    image = PIL.Image.new("RGB", (WIDTH, HEIGHT), GRAY)
    return LocalFrame(index, name, WIDTH, HEIGHT, image.copy)


def skeleton() -> Any:
    points = [
        cvataa.keypoint(2, [9, 8]),
        cvataa.keypoint(0, [3, 4], occluded=True),
        cvataa.keypoint(1, [5, 5], outside=True),
    ]
    return cvataa.skeleton(2, points)


SHAPES = {
    "rectangle": lambda: cvataa.rectangle(1, [30, 20, 40, 35], score=0.5),
    "turned": lambda: cvataa.rectangle(1, [30, 20, 40, 35], rotation=90),
    "polygon": lambda: cvataa.polygon(1, [30, 20, 40, 20, 40, 35]),
    "mask": lambda: cvataa.mask(1, encode_mask(BITMAP)),
    "skeleton": skeleton,
    "polyline": lambda: cvataa.shape(1, type="polyline", points=[1, 30, 50, 30]),
    "points": lambda: cvataa.shape(1, type="points", points=[30, 30]),
    "ellipse": lambda: cvataa.shape(1, type="ellipse", points=[30, 25, 40, 20]),
    "cuboid": lambda: cvataa.shape(1, type="cuboid", points=[*range(20, 36)]),
    "outside": lambda: cvataa.rectangle(1, [-50, -50, 500, 500]),
}


def draw(*shapes: Any, tags: Any = ()) -> np.ndarray[Any, Any]:
    image = PIL.Image.new("RGB", (WIDTH, HEIGHT), GRAY)
    return np.asarray(drawn(image, tags, shapes, NAMES))


@pytest.mark.parametrize("kind", SHAPES)
def test_every_type_of_shape_is_drawn(kind: str) -> None:
    assert (draw(SHAPES[kind]()) != GRAY).any()


def test_a_mask_tints_its_pixels_and_a_rectangle_only_its_edge() -> None:
    assert (draw(SHAPES["mask"]())[14, 21] != GRAY).any()
    picture = draw(SHAPES["rectangle"]())
    assert (picture[34, 35] != GRAY).any()
    assert (picture[27, 35] == GRAY).all()


def test_a_turned_rectangle_is_drawn_turned() -> None:
    # 10 x 15 pixels around (35, 27.5): turned by 90 degrees it reaches from 27.5 to 42.5.
    assert (draw(SHAPES["turned"]())[28, 27:29] != GRAY).any()


def test_tags_stand_in_the_corner() -> None:
    assert (draw(tags=[cvataa.tag(1)])[2, 2] != GRAY).any()


def test_labels_have_colours_of_their_own() -> None:
    colours = {tuple(draw(cvataa.rectangle(i, [9, 20, 50, 39]))[38, 30]) for i in NAMES}
    assert len(colours) == len(NAMES)


def test_all_pictures_are_on_the_contact_sheet() -> None:
    pictures = [("a.png", PIL.Image.new("RGB", (400, 300), "red"))] * 5
    sheet = np.asarray(contact_sheet(pictures))
    assert (sheet == (255, 0, 0)).all(axis=2).sum() == 5 * 400 * 300


def test_what_was_found_is_written_as_pictures_and_as_coco(tmp_path: Path) -> None:
    def detect(context: Any, image: Any) -> list[Any]:
        if context.frame_name == "bad.png":
            raise KeyError("bad")
        kinds = ("rectangle", "polygon", "mask", "skeleton", "polyline")
        return [cvataa.tag(1), *(SHAPES[kind]() for kind in kinds)]

    frames = [frame(0, "a.jpg"), frame(1, "bad.png"), frame(2, "a.png")]
    done = preview(SimpleNamespace(spec=SPEC, detect=detect), frames, tmp_path / "out")
    assert (done.annotations, list(done.failed)) == (12, ["bad.png"])
    names = {"a.png", "a-2.png", "contact-sheet.jpg", "coco.json"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    written = json.loads((tmp_path / "out" / "coco.json").read_text())
    assert [image["file_name"] for image in written["images"]] == ["a.jpg", "bad.png", "a.png"]
    first = [one for one in written["annotations"] if one["image_id"] == 0]
    rectangle, polygon, mask, pose = first
    assert (rectangle["bbox"], rectangle["area"], rectangle["score"]) == (
        [30, 20, 10, 15],
        150,
        0.5,
    )
    assert (polygon["area"], polygon["segmentation"]) == (75, [[30, 20, 40, 20, 40, 35]])
    assert (mask["area"], mask["bbox"]) == (16, [0, 0, 23, 15])
    assert pose["keypoints"] == [3, 4, 1, 0, 0, 0, 9, 8, 2]
    assert (pose["num_keypoints"], pose["bbox"]) == (2, [3, 4, 6, 4])
    runs = coco_masks.frPyObjects(mask["segmentation"], HEIGHT, WIDTH)
    assert (coco_masks.decode(runs).astype(bool) == BITMAP).all()


def test_pycocotools_reads_the_coco_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def detect(context: Any, image: Any) -> list[Any]:
        return [SHAPES[kind]() for kind in ("rectangle", "mask", "ellipse")]

    preview(SimpleNamespace(spec=SPEC, detect=detect), [frame(7, "a.jpg")], tmp_path)
    dataset = COCO(tmp_path / "coco.json")
    areas = [dataset.annToMask(one).sum() for one in dataset.loadAnns(dataset.getAnnIds(imgIds=7))]
    assert areas == [150, 16, pytest.approx(np.pi * 50, abs=12)]
