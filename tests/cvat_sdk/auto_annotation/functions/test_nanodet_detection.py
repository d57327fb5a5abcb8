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
FIRST_CELLS = {8: 0, 16: 2704, 32: 2704 + 676}
CELLS, CLASSES = 3549, 80


@pytest.fixture(scope="module")
def function():
    return nanodet.create()


def context(conf_threshold=None):
    return SimpleNamespace(frame_name="photo.jpg", conf_threshold=conf_threshold)


def network_output(*objects):
    """Return scores and bins of a network that saw `(stride, column, row, class, score, ltrb)`.

    A side's distance, in strides, is a whole number: all its weight lies in one bin.
    """
    scores = np.zeros((CELLS, CLASSES), np.float32)
    bins = np.zeros((CELLS, 4, nanodet.BINS), np.float32)
    for stride, column, row, label_id, score, distances in objects:
        cell = FIRST_CELLS[stride] + row * (nanodet.SIDE // stride) + column
        scores[cell, label_id] = score
        bins[cell] = 0
        bins[cell, range(4), distances] = 60
    return scores, bins.reshape(CELLS, -1)


def boxes_of(*objects, conf_threshold=0.4, iou_threshold=0.6):
    found = nanodet.decode(
        *network_output(*objects), conf_threshold=conf_threshold, iou_threshold=iou_threshold
    )
    return list(zip(found.classes.tolist(), found.boxes.round(3).tolist(), strict=True))


@pytest.mark.parametrize(
    ("stride", "column", "row", "box"),
    [
        (8, 0, 0, [-4, -12, 28, 36]),
        (8, 51, 2, [404, 4, 436, 52]),
        (16, 3, 5, [40, 56, 104, 152]),
        (32, 12, 12, [368, 336, 496, 528]),
    ],
)
def test_a_box_lies_around_the_centre_of_its_cell(stride, column, row, box):
    assert boxes_of((stride, column, row, 7, 0.5, [1, 2, 3, 4])) == [(7, box)]


def test_a_distance_is_the_mean_of_its_bins():
    scores, bins = network_output((32, 0, 0, 0, 0.9, [2, 2, 2, 2]))
    sides = bins[FIRST_CELLS[32]].reshape(4, nanodet.BINS)
    sides[0, 3] = 60  # left: half 2, half 3
    found = nanodet.decode(scores, bins, conf_threshold=0.4, iou_threshold=0.6)
    assert found.boxes.tolist() == [[16 - 2.5 * 32, 16 - 64, 16 + 64, 16 + 64]]


@pytest.mark.parametrize(
    ("threshold", "labels"), [(0.0, 100), (0.3, 2), (0.5, 2), (0.501, 1), (0.91, 0), (1, 0)]
)
def test_boxes_reach_the_threshold_and_come_best_first(threshold, labels):
    found = nanodet.decode(
        *network_output((8, 0, 0, 1, 0.5, [2] * 4), (8, 30, 30, 2, 0.9, [2] * 4)),
        conf_threshold=threshold,
        iou_threshold=0.6,
    )
    assert min(len(found), 100) == labels
    assert found.classes.tolist()[:2] == [2, 1][:labels]
    assert (np.diff(found.scores) <= 0).all()


@pytest.mark.parametrize(
    ("other_class", "iou_threshold", "kept"),
    [(5, 0.6, [5]), (6, 0.6, [5, 6]), (5, 0.8, [5, 5])],
    ids=["same label", "another label", "a generous threshold"],
)
def test_of_overlapping_boxes_of_one_label_the_best_stays(other_class, iou_threshold, kept):
    # Eight cells wide and one cell apart: an intersection over union of 7 / 9.
    better = (8, 20, 20, 5, 0.9, [4] * 4)
    worse = (8, 21, 20, other_class, 0.8, [4] * 4)
    labels = [label for label, _ in boxes_of(better, worse, iou_threshold=iou_threshold)]
    assert labels == kept


def test_a_removed_box_removes_no_other():
    chain = [(8, 20 + 2 * i, 20, 0, 0.9 - i / 10, [5] * 4) for i in range(3)]
    left_edges = [box[0] for _, box in boxes_of(*chain)]
    assert left_edges == [164 - 40, 196 - 40]


def test_the_number_of_competing_boxes_is_bounded():
    scores, bins = network_output()
    scores[:] = np.random.default_rng(0).random(scores.shape, np.float32)
    found = nanodet.decode(scores, bins, conf_threshold=0, iou_threshold=1)
    assert len(found) == nanodet.MAX_CANDIDATES
    assert found.scores.min() > 0.99


@pytest.mark.parametrize(
    ("size_wh", "box_in_image"),
    [((832, 416), [0, 0, 832, 416]), ((416, 416), [0, 104, 416, 312]), ((208, 416), None)],
)
def test_boxes_come_back_to_the_image(size_wh, box_in_image):
    letterbox = nanodet.Letterbox.around(size_wh)
    boxes = letterbox.to_image(np.array([[0, 104, 416, 312]], np.float32)).tolist()
    assert boxes == [box_in_image or [0, 104, 208, 312]]


@pytest.mark.parametrize("size_wh", [(1, 1), (5000, 1), (1, 5000), (640, 480), (417, 416)])
def test_every_size_fits_the_input(size_wh):
    letterbox = nanodet.Letterbox.around(size_wh)
    net_input = nanodet.prepare(PIL.Image.new("RGB", size_wh, "white"), letterbox)
    assert net_input.shape == (1, 3, nanodet.SIDE, nanodet.SIDE)
    assert max(letterbox.fitted_wh) == nanodet.SIDE
    assert (net_input[0, 0] != 0).sum() == np.prod(letterbox.fitted_wh)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F"])
def test_every_mode_is_taken(mode):
    letterbox = nanodet.Letterbox.around((8, 8))
    black = nanodet.prepare(PIL.Image.new("RGB", (8, 8)).convert(mode), letterbox)
    expected = [-mean / std for mean, std in zip(nanodet.MEAN_BGR, nanodet.STD_BGR, strict=True)]
    assert black[0, :, 200, 200] == pytest.approx(expected, abs=0.02)


def test_the_channels_are_blue_green_red():
    letterbox = nanodet.Letterbox.around((2, 2))
    blue, green, red = nanodet.prepare(PIL.Image.new("RGB", (2, 2), "red"), letterbox)[0, :, 0, 0]
    assert (blue < 0, green < 0, red > 2) == (True, True, True)


def test_annotations_are_rectangles_inside_the_image_with_plain_numbers():
    letterbox = nanodet.Letterbox.around((832, 208))
    found = nanodet.Detections(
        np.array([[-20, 150, 100.123, 200], [0, 0, 416, 100]], np.float32),
        np.array([0.987654, 0.5], np.float32),
        np.array([3, 4]),
    )
    (only,) = nanodet.to_annotations(found, letterbox)  # the other one lies in the border
    assert (only.type.value, only.label_id, only.frame) == ("rectangle", 3, 0)
    assert only.points == [0, 0, 200.25, 88]
    assert only.score == 0.9877
    assert {type(number) for number in [*only.points, only.score]} == {float}


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
