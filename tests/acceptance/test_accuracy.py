"""Nothing is lost on the way of detections through task, driver and hub, and back."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from cvat_sdk import Client
from cvat_sdk.auto_annotation import annotate_task
from cvat_sdk.auto_annotation.functions import nanodet_detection
from cvat_sdk.auto_annotation.functions.boxes import Letterbox
from cvat_sdk.auto_annotation.functions.heads import Wanted, nanodet
from cvat_sdk.auto_annotation.functions.onnx_detection import prepare

COCO64 = Path(__file__).parents[3] / "shared" / "data" / "coco64"
THRESHOLD = 0.05
INPUT_WH = (416, 416)

pytestmark = pytest.mark.acceptance


def raw(session: Any, image: PIL.Image.Image) -> list[tuple[int, list[float], float]]:
    """Return label, box and score of what the network itself finds."""
    box = Letterbox.around(image.size, INPUT_WH)
    net_input = prepare(image, box, nanodet_detection.DESCRIPTION)
    outputs = session.run(None, {session.get_inputs()[0].name: net_input})
    found = nanodet(outputs, Wanted(INPUT_WH, 80, THRESHOLD, 0.6))
    boxes = box.to_image(found.boxes).tolist()
    return list(zip(found.classes.tolist(), boxes, found.scores.tolist(), strict=True))


def average_precision(
    photos: Sequence[Path], found: Sequence[Sequence[tuple[int, list[float], float]]]
) -> float:
    """Return what pycocotools says, over IoUs from 0.5 to 0.95."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    images, truth = [], []
    for i, path in enumerate(photos):
        with PIL.Image.open(path) as image:
            width, height = image.size
        images.append({"id": i, "width": width, "height": height})
        text = (COCO64 / "detection" / f"{path.stem}.txt").read_text()
        for line in text.splitlines():
            label, x, y, w, h = map(float, line.split())
            box = [(x - w / 2) * width, (y - h / 2) * height, w * width, h * height]
            told = {"image_id": i, "category_id": int(label), "bbox": box, "iscrowd": 0}
            truth.append({**told, "id": len(truth) + 1, "area": box[2] * box[3]})
    results = [
        {
            "image_id": i,
            "category_id": label,
            "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]],
            "score": score,
        }
        for i, shapes in enumerate(found)
        for label, box, score in shapes
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        dataset = COCO()
        categories = [{"id": i} for i in range(80)]
        dataset.dataset = {
            "info": {},
            "images": images,
            "annotations": truth,
            "categories": categories,
        }
        dataset.createIndex()
        evaluation = COCOeval(dataset, dataset.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0])


@pytest.mark.skipif(not COCO64.is_dir(), reason=f"no photos to measure accuracy on in {COCO64}")
def test_the_accuracy_through_a_hub_is_that_of_the_network(hub_client: Client) -> None:
    photos = sorted(COCO64.glob("images/*.jpg"))
    function = nanodet_detection.create()
    labels = [{"name": label.name, "type": "rectangle"} for label in function.spec.labels]
    task = hub_client.tasks.create_from_data({"name": "coco", "labels": labels}, photos)
    annotate_task(hub_client, task.id, function, conf_threshold=THRESHOLD)
    numbers = {label.id: i for i, label in enumerate(task.get_labels())}
    names = [label.name for label in task.get_labels()]
    places = {label.name: label.id for label in function.spec.labels}
    through: list[list[Any]] = [[] for _ in photos]
    for shape in task.get_annotations().shapes:
        label = places[names[numbers[shape.label_id]]]
        through[shape.frame].append((label, list(shape.points), shape.score))
    alone = []
    for path in photos:
        with PIL.Image.open(path) as image:
            alone.append(raw(function.session, image))
    expected = average_precision(photos, alone)
    assert expected > 0.2
    assert average_precision(photos, through) == pytest.approx(expected, abs=0.005)
