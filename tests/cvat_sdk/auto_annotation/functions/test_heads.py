import numpy as np
import pytest

from cvat_sdk.auto_annotation.functions.heads import (
    BINS,
    FAMILIES,
    MAX_CANDIDATES,
    Wanted,
    decode,
)
from cvat_sdk.exceptions import BadFunctionError

SIDE = 416
FIRST_CELLS = {8: 0, 16: 2704, 32: 2704 + 676}
CELLS, CLASSES = 3549, 80


def wanted(conf_threshold, iou_threshold, classes=CLASSES, input_wh=(SIDE, SIDE)):
    return Wanted(input_wh, classes, conf_threshold, iou_threshold)


def network_output(*objects):
    """Return scores and bins of a network that saw `(stride, column, row, class, score, ltrb)`.

    A side's distance, in strides, is a whole number: all its weight lies in one bin.
    """
    scores = np.zeros((CELLS, CLASSES), np.float32)
    bins = np.zeros((CELLS, 4, BINS), np.float32)
    for stride, column, row, label_id, score, distances in objects:
        cell = FIRST_CELLS[stride] + row * (SIDE // stride) + column
        scores[cell, label_id] = score
        bins[cell] = 0
        bins[cell, range(4), distances] = 60
    return scores, bins.reshape(CELLS, -1)


def boxes_of(*objects, conf_threshold=0.4, iou_threshold=0.6):
    found = decode(*network_output(*objects), wanted(conf_threshold, iou_threshold))
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
    sides = bins[FIRST_CELLS[32]].reshape(4, BINS)
    sides[0, 3] = 60  # left: half 2, half 3
    found = decode(scores, bins, wanted(0.4, 0.6))
    assert found.boxes.tolist() == [[16 - 2.5 * 32, 16 - 64, 16 + 64, 16 + 64]]


@pytest.mark.parametrize(
    ("threshold", "labels"), [(0.0, 100), (0.3, 2), (0.5, 2), (0.501, 1), (0.91, 0), (1, 0)]
)
def test_boxes_reach_the_threshold_and_come_best_first(threshold, labels):
    found = decode(
        *network_output((8, 0, 0, 1, 0.5, [2] * 4), (8, 30, 30, 2, 0.9, [2] * 4)),
        wanted(threshold, 0.6),
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
    found = decode(scores, bins, wanted(0, 1))
    assert len(found) == MAX_CANDIDATES
    assert found.scores.min() > 0.99


INPUT_WH = (200, 100)
# Two boxes of class 1 that are much the same, and one of class 0, in pixels as ltrb.
BOXES = np.array([[20, 10, 60, 50], [21, 10, 61, 50], [100, 20, 140, 80]], np.float32)
SCORES = np.array([[0.1, 0.9], [0.2, 0.7], [0.6, 0.1]], np.float32)
CENTRED = np.concatenate([(BOXES[:, :2] + BOXES[:, 2:]) / 2, BOXES[:, 2:] - BOXES[:, :2]], axis=1)
RELATIVE = CENTRED / np.array(INPUT_WH * 2, np.float32)
ONES = np.ones((3, 1), np.float32)


def joined(*parts):
    return np.concatenate(parts, axis=1).astype(np.float32)[None]


LOGITS = np.log(SCORES / (1 - SCORES))[None]
SOFTMAX = np.log(joined(SCORES, 1 - SCORES.sum(axis=1, keepdims=True)) + 1e-9)
FLAT = (SCORES.max(axis=1), SCORES.argmax(axis=1))
OUTPUTS = {
    "yolo": [joined(CENTRED, SCORES).transpose(0, 2, 1)],
    "yolov5": [joined(CENTRED, ONES, SCORES)],
    "yolov10": [joined(BOXES, FLAT[0][:, None], FLAT[1][:, None])],
    "detr": [SOFTMAX, RELATIVE[None]],
    "rtdetr": [LOGITS, RELATIVE[None]],
    "ssd": [BOXES, FLAT[1], FLAT[0]],
}
SUPPRESSED = {"yolo", "yolov5"}


@pytest.mark.parametrize("family", OUTPUTS)
def test_a_family_is_read(family):
    found = FAMILIES[family](OUTPUTS[family], wanted(0.3, 0.6, 2, INPUT_WH))
    which = [0, 2] if family in SUPPRESSED else [0, 1, 2]
    assert found.boxes == pytest.approx(BOXES[which], abs=1e-3)
    assert found.scores == pytest.approx(FLAT[0][which], abs=1e-3)
    assert found.classes.tolist() == FLAT[1][which].tolist()


@pytest.mark.parametrize("family", OUTPUTS)
@pytest.mark.parametrize(("threshold", "kept"), [(0.65, 2), (0.95, 0)])
def test_a_family_keeps_to_the_threshold(family, threshold, kept):
    found = FAMILIES[family](OUTPUTS[family], wanted(threshold, 1.0, 2, INPUT_WH))
    assert len(found) == kept


def test_a_score_of_yolov5_is_that_of_the_box_times_that_of_the_class():
    rows = joined(CENTRED, ONES / 2, SCORES)
    found = FAMILIES["yolov5"]([rows], wanted(0.3, 0.6, 2, INPUT_WH))
    assert found.scores == pytest.approx([0.45, 0.3])


def test_rtdetr_of_one_output_has_probabilities():
    found = FAMILIES["rtdetr"]([joined(RELATIVE, SCORES)], wanted(0.3, 0.6, 2, INPUT_WH))
    assert found.scores == pytest.approx([0.9, 0.7, 0.6])


@pytest.mark.parametrize("family", FAMILIES)
def test_outputs_of_another_shape_are_refused(family):
    with pytest.raises(BadFunctionError, match=r"have the shapes \(1, 7, 7\); its family should"):
        FAMILIES[family]([np.zeros((1, 7, 7), np.float32)], wanted(0.3, 0.6, 5, INPUT_WH))
