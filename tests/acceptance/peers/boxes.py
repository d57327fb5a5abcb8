"""A function for the command line of either package: one box in each image."""

import cvat_sdk.auto_annotation as cvataa


class Boxes:
    spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("thing", 1, type="rectangle")])

    def __init__(self, margin):
        self._margin = margin

    def detect(self, context, image):
        left = top = self._margin
        right, bottom = image.width - self._margin, image.height - self._margin
        return [cvataa.rectangle(1, [left, top, right, bottom], score=context.conf_threshold)]


def create(margin=1):
    return Boxes(margin)
