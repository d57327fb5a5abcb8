import contextlib
import io
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest

from cvat_sdk.auto_annotation.functions import nanodet_detection as nanodet

ROOT = Path(__file__).parents[4]
CAT = ROOT / "examples" / "demo" / "photos" / "cat.jpg"
COCO64 = ROOT.parent / "shared" / "data" / "coco64"
CLASSES = 80


@pytest.fixture(scope="module")
def function():
    return nanodet.create()


def context(conf_threshold=None):
    return SimpleNamespace(frame_name="photo.jpg", conf_threshold=conf_threshold)


def test_nothing_found_is_no_annotation(function):
    assert function.detect(context(), PIL.Image.new("RGB", (64, 48))) == []


def test_the_labels_are_those_of_coco(function):
    labels = function.spec.labels
    assert [labels[i].name for i in (0, 15, 62, 79)] == ["person", "cat", "tv", "toothbrush"]
    assert len(labels) == CLASSES
    assert [label.id for label in labels] == list(range(CLASSES))
    assert {label.type for label in labels} == {"rectangle"}


@pytest.mark.parametrize(
    ("threshold", "cats"), [(None, 1), (0.3, 1), (0.999, 0)], ids=["default", "lower", "higher"]
)
def test_the_cat_is_found_above_the_callers_threshold(function, threshold, cats):
    with PIL.Image.open(CAT) as image:
        shapes = function.detect(context(threshold), image)
    assert [shape.label_id for shape in shapes if shape.label_id == 15] == [15] * cats
    for shape in shapes:
        left, top, right, bottom = shape.points
        assert 0 <= left < right <= image.width
        assert 0 <= top < bottom <= image.height
        assert shape.score >= (0.4 if threshold is None else threshold)


def test_nothing_is_reported_to_the_makers_of_onnxruntime(tmp_path):
    code = "from cvat_sdk.auto_annotation.functions import nanodet_detection as n; n.create()"
    environment = {"PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
    # Its reporter would keep the number of its session there.
    assert list(tmp_path.iterdir()) == []


def test_a_threshold_of_zero_is_not_taken_for_none(function):
    assert len(function.detect(context(0.0), PIL.Image.new("RGB", (64, 64)))) > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"conf_threshold": 1.5}, "conf_threshold must be between 0 and 1, got 1.5"),
        ({"conf_threshold": float("nan")}, "conf_threshold must be between 0 and 1, got nan"),
        ({"iou_threshold": -0.1}, "iou_threshold must be between 0 and 1, got -0.1"),
        ({"threads": -1}, "threads must be 0 or more, got -1"),
    ],
)
def test_an_argument_out_of_range_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        nanodet.create(**arguments)


@pytest.mark.skipif(not COCO64.is_dir(), reason=f"no photos to measure accuracy on in {COCO64}")
def test_the_accuracy_on_coco_photos_is_as_published(function):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    photos = sorted(COCO64.glob("images/*.jpg"))
    images, truth, found = [], [], []
    for image_id, path in enumerate(photos):
        with PIL.Image.open(path) as image:
            shapes = function.detect(context(0.05), image)
            images.append({"id": image_id, "width": image.width, "height": image.height})
            truth += true_boxes(path, image_id, image.size)
        for shape in shapes:
            left, top, right, bottom = shape.points
            found.append(
                {
                    "image_id": image_id,
                    "category_id": shape.label_id,
                    "bbox": [left, top, right - left, bottom - top],
                    "score": shape.score,
                }
            )
    with contextlib.redirect_stdout(io.StringIO()):
        dataset = COCO()
        dataset.dataset = {
            "info": {},
            "images": images,
            "annotations": [dict(box, id=i) for i, box in enumerate(truth, start=1)],
            "categories": [{"id": i} for i in range(CLASSES)],
        }
        dataset.createIndex()
        evaluation = COCOeval(dataset, dataset.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    assert evaluation.stats[1] >= 0.42, evaluation.stats  # mAP at an IoU of 0.5


def true_boxes(photo, image_id, size_wh):
    """Return the COCO boxes of a photo from its YOLO text file (class, centre, size; relative)."""
    lines = photo.parents[1].joinpath("detection", f"{photo.stem}.txt").read_text().splitlines()
    scale = np.tile(size_wh, 2)
    for line in lines:
        label_id, *relative = map(float, line.split())
        x, y, width, height = (np.array(relative) * scale).tolist()
        yield {
            "image_id": image_id,
            "category_id": int(label_id),
            "bbox": [x - width / 2, y - height / 2, width, height],
            "area": width * height,
            "iscrowd": 0,
        }
