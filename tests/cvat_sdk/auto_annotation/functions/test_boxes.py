import numpy as np
import pytest

from cvat_sdk.auto_annotation.functions.boxes import Detections, Letterbox, to_annotations


@pytest.mark.parametrize(
    ("size_wh", "box_in_image"),
    [((832, 416), [0, 0, 832, 416]), ((416, 416), [0, 104, 416, 312]), ((208, 416), None)],
)
def test_boxes_come_back_to_the_image(size_wh, box_in_image):
    letterbox = Letterbox.around(size_wh, (416, 416))
    boxes = letterbox.to_image(np.array([[0, 104, 416, 312]], np.float32)).tolist()
    assert boxes == [box_in_image or [0, 104, 208, 312]]


def test_a_stretched_image_fills_the_input():
    box = Letterbox.stretched((100, 400), (200, 200))
    assert (box.fitted_wh, box.offset_xy) == ((200, 200), (0, 0))
    assert box.to_image(np.array([[0, 100, 50, 150]], np.float32)).tolist() == [[0, 200, 25, 300]]


def test_an_input_need_not_be_square():
    box = Letterbox.around((100, 100), (300, 200))
    assert (box.fitted_wh, box.offset_xy) == ((200, 200), (50, 0))


def test_annotations_are_rectangles_inside_the_image_with_plain_numbers():
    letterbox = Letterbox.around((832, 208), (416, 416))
    found = Detections(
        np.array([[-20, 150, 100.123, 200], [0, 0, 416, 100]], np.float32),
        np.array([0.987654, 0.5], np.float32),
        np.array([3, 4]),
    )
    (only,) = to_annotations(found, letterbox)  # the other one lies in the border
    assert (only.type.value, only.label_id, only.frame) == ("rectangle", 3, 0)
    assert only.points == [0, 0, 200.25, 88]
    assert only.score == 0.9877
    assert {type(number) for number in [*only.points, only.score]} == {float}
