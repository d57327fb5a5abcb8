"""What `annotate_task` can be told, on a real hub."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk import Client, models
from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction
from cvat_sdk.core.proxies.tasks import Task
from cvat_sdk.exceptions import SelectionError
from cvat_sdk.masks import decode_mask, encode_mask

pytestmark = pytest.mark.acceptance

SIZES = [(64, 48), (32, 24), (64, 48), (32, 24), (64, 48), (32, 24)]
BOX, MASK, OUTLINE = 1, 2, 3


class Everything:
    """Finds a box, a mask and an outline of each image, and remembers the images' sizes."""

    spec = cvataa.DetectionFunctionSpec(
        labels=[
            cvataa.label_spec("box", BOX, type="rectangle"),
            cvataa.label_spec("mask", MASK, type="mask"),
            cvataa.label_spec("outline", OUTLINE, type="polygon"),
        ]
    )

    def __init__(self) -> None:
        self.seen: dict[str, tuple[int, int]] = {}

    def detect(self, context: Any, image: PIL.Image.Image) -> Sequence[Any]:
        self.seen[context.frame_name] = image.size
        width, height = image.size
        bitmap = np.ones((height, width), dtype=bool)
        bitmap[0, 0] = False
        corners = [0, 0, width, 0, width, height]
        return [
            cvataa.rectangle(BOX, [0, 0, width, height]),
            cvataa.mask(MASK, encode_mask(bitmap)),
            cvataa.polygon(OUTLINE, corners),
        ]


@pytest.fixture
def task(hub_client: Client, tmp_path: Path) -> Task:
    """Six frames in three jobs."""
    files = [tmp_path / f"{number}.png" for number in range(len(SIZES))]
    for file, size in zip(files, SIZES, strict=True):
        PIL.Image.new("RGB", size).save(file)
    labels = [
        {"name": "box", "type": "rectangle"},
        {"name": "mask", "type": "mask"},
        {"name": "outline", "type": "polygon"},
        {"name": "frame", "type": "rectangle"},
    ]
    spec = models.TaskWriteRequest("options", labels=labels, segment_size=2)
    return hub_client.tasks.create_from_data(spec, files)


@pytest.fixture
def annotate(hub_client: Client, task: Task, tmp_path: Path) -> Any:
    return partial(cvataa.annotate_task, hub_client, task.id, journal_dir=tmp_path / "runs")


def label_id(task: Task, name: str) -> int:
    (found,) = (label.id for label in task.get_labels() if label.name == name)
    return found


def boxes(task: Task, name: str = "box") -> dict[int, list[list[float]]]:
    """Return the points of a label's shapes by their frames."""
    wanted, found = label_id(task, name), dict[int, list[list[float]]]()
    for shape in task.get_annotations().shapes:
        if shape.label_id == wanted:
            found.setdefault(shape.frame, []).append(list(shape.points))
    return found


@pytest.fixture
def partly_annotated(task: Task) -> Task:
    """The task, with a shape on frame 0, a track on frame 2 alone, and without frame 5."""
    box = label_id(task, "box")
    keys = [
        models.TrackedShapeRequest("rectangle", 2, points=[1, 1, 2, 2], outside=False),
        models.TrackedShapeRequest("rectangle", 3, points=[1, 1, 2, 2], outside=True),
    ]
    task.update_annotations(
        models.PatchedLabeledDataRequest(
            tags=[],
            shapes=[models.LabeledShapeRequest("rectangle", box, 0, points=[1, 1, 2, 2])],
            tracks=[models.LabeledTrackRequest(box, 2, shapes=keys)],
        ),
        action=AnnotationUpdateAction.CREATE,
    )
    task.remove_frames_by_ids([5])
    return task


@pytest.mark.parametrize(
    ("options", "frames"),
    [
        ({"frames": "0-3:3"}, [0, 3]),
        ({"frames": [4, 1]}, [1, 4]),
        ({"frames": "3-"}, [3, 4]),
        ({"job": 1}, [2, 3]),
        ({"job": 1, "frames": "0-2"}, [2]),
        ({"only_unannotated": True}, [1, 3, 4]),
        ({"only_unannotated": True, "job": 1}, [3]),
        ({"only_unannotated": True, "frames": "0,2"}, []),
    ],
)
def test_frames_are_chosen_by_number_by_job_and_by_what_is_there(
    partly_annotated: Task, annotate: Any, options: dict[str, Any], frames: list[int]
) -> None:
    options = dict(options)
    if "job" in options:
        jobs = sorted(partly_annotated.get_jobs(), key=lambda job: job.start_frame)
        options["job_id"] = jobs[options.pop("job")].id
    function = Everything()
    report = annotate(function, **options)
    assert sorted(function.seen) == [f"{frame}.png" for frame in frames]
    assert (report.frames, report.shapes) == (len(frames), 3 * len(frames))


def test_a_frame_that_is_deleted_cannot_be_chosen(partly_annotated: Task, annotate: Any) -> None:
    with pytest.raises(SelectionError, match="frame 5 is not in the task"):
        annotate(Everything(), frames="5")


def test_the_function_sees_a_part_and_its_results_are_those_of_the_whole(
    task: Task, annotate: Any
) -> None:
    function = Everything()
    annotate(function, roi=(9.5, 4, 40, 100))
    assert set(function.seen.values()) == {(31, 44), (23, 20)}
    assert boxes(task)[0] == [[9, 4, 40, 48]]
    assert boxes(task)[1] == [[9, 4, 32, 24]]
    assert boxes(task, "outline")[1] == [[9, 4, 32, 4, 32, 24]]
    (points,) = boxes(task, "mask")[1]
    whole = np.zeros((24, 32), dtype=bool)
    whole[4:, 9:] = True
    whole[4, 9] = False
    assert np.array_equal(decode_mask(points, image_width=32, image_height=24), whole)


def test_labels_may_have_other_names_in_the_task(task: Task, annotate: Any) -> None:
    annotate(Everything(), label_mapping={"box": "frame"}, frames="0")
    assert boxes(task) == {}
    assert boxes(task, "frame") == {0: [[0, 0, 64, 48]]}
    with pytest.raises(SelectionError, match="label_mapping: the function has no 'bix'"):
        annotate(Everything(), label_mapping={"bix": "frame"})


def test_what_is_there_already_is_not_added_again(task: Task, annotate: Any) -> None:
    annotate(Everything(), frames="0-1")
    report = annotate(Everything(), merge="iou")
    assert report.shapes == 3 * 4
    for name in ("box", "mask", "outline"):
        assert [len(boxes(task, name)[frame]) for frame in range(6)] == [1] * 6
    assert annotate(Everything(), merge="iou", roi=(0, 0, 60, 44), iou_threshold=0.5).shapes == 0
    assert annotate(Everything(), merge="iou", roi=(0, 0, 60, 44), iou_threshold=0.95).shapes == 9


def test_what_is_on_other_frames_is_not_replaced(task: Task, annotate: Any) -> None:
    annotate(Everything())
    annotate(Everything(), merge="replace", frames="1-2", roi=(0, 0, 20, 20))
    assert boxes(task) == {
        frame: [[0, 0, 20, 20] if frame in (1, 2) else [0, 0, *SIZES[frame]]] for frame in range(6)
    }
