"""Functions as other people write them, by the reference alone: on a hub, and by the checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvat_sdk import Client
from cvat_sdk.auto_annotation import annotate_task
from cvat_sdk.auto_annotation.functions.named import function_of
from cvat_sdk.auto_annotation.trial import check, local_frames

PHOTOS = sorted((Path(__file__).parents[2] / "examples" / "demo" / "photos").glob("*.jpg"))

pytestmark = pytest.mark.acceptance

A_CLASS = """
from typing import List
import PIL.Image
import numpy as np
import cvat_sdk.models as models
import cvat_sdk.auto_annotation as cvataa

class BrightFunction:
    def __init__(self, level: int) -> None:
        self._level = level

    @property
    def spec(self) -> cvataa.DetectionFunctionSpec:
        return cvataa.DetectionFunctionSpec(
            labels=[cvataa.label_spec(cat, i, type="rectangle") for i, cat in enumerate(["bright"])]
        )

    def detect(
        self, context: cvataa.DetectionFunctionContext, image: PIL.Image.Image
    ) -> List[models.LabeledShapeRequest]:
        conf_threshold = context.conf_threshold or 0
        rows, cols = np.nonzero(np.asarray(image.convert("L")) > self._level)
        results = [([cols.min(), rows.min(), cols.max(), rows.max()], np.float32(0.75))]
        return [
            cvataa.rectangle(0, [x.item() for x in box], score=score.item())
            for box, score in results
            if score >= conf_threshold
        ]

def create(level: int = 100):
    return BrightFunction(level)
"""

A_MODULE = """
import numpy as np
import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.attributes import attribute_vals_from_dict, number_attribute_values
from cvat_sdk.masks import encode_mask

spec = cvataa.DetectionFunctionSpec(labels=[
    cvataa.label_spec("light", 7, type="mask", attributes=[
        cvataa.number_attribute_spec("percent", 1, number_attribute_values(0, 100)),
        cvataa.checkbox_attribute_spec("large", 2),
    ]),
])

def detect(context, image):
    mask = np.asarray(image.convert("L")) > 128
    attributes = attribute_vals_from_dict({1: int(100 * mask.mean()), 2: bool(mask.mean() > 0.5)})
    if context.conv_mask_to_poly:
        height, width = mask.shape
        return [cvataa.polygon(7, [0, 0, width, 0, width, height], attributes=attributes)]
    return [cvataa.mask(
        7, encode_mask(mask, [0, 0, image.width, image.height]), attributes=attributes
    )]
"""

SKELETONS_AND_TAGS = """
import cvat_sdk.auto_annotation as cvataa

spec = cvataa.DetectionFunctionSpec(labels=[
    cvataa.skeleton_label_spec("line", 1, [
        cvataa.keypoint_spec("start", 1), cvataa.keypoint_spec("end", 2),
    ]),
    cvataa.label_spec("wide", 2, type="tag"),
])

def detect(context, image):
    points = [
        cvataa.keypoint(1, [1, 1]), cvataa.keypoint(2, [image.width - 1, 5], occluded=True),
    ]
    return [cvataa.skeleton(1, points)] + [cvataa.tag(2)] * (image.width > image.height)
"""


LABELS = {
    A_CLASS: [{"name": "bright", "type": "rectangle"}],
    A_MODULE: [
        {
            "name": "light",
            "type": "mask",
            "attributes": [
                {
                    "name": "percent",
                    "mutable": False,
                    "input_type": "number",
                    "values": ["0", "100", "1"],
                },
                {"name": "large", "mutable": False, "input_type": "checkbox", "values": []},
            ],
        }
    ],
    SKELETONS_AND_TAGS: [
        {
            "name": "line",
            "type": "skeleton",
            "sublabels": [{"name": name, "type": "points"} for name in ("start", "end")],
        },
        {"name": "wide", "type": "tag"},
    ],
}


@pytest.mark.parametrize("text", LABELS, ids=["class", "module", "skeletons"])
def test_a_function_in_the_wild_works(hub_client: Client, tmp_path: Path, text: str) -> None:
    path = tmp_path / "func.py"
    path.write_text(text)
    function = function_of(str(path))
    problems = check(function, local_frames(PHOTOS[:3]))
    assert [str(one) for one in problems if one.level == "error"] == []
    task = hub_client.tasks.create_from_data({"name": "wild", "labels": LABELS[text]}, PHOTOS[:3])
    annotate_task(hub_client, task.id, function)
    assert len(task.get_annotations().shapes) == 3
