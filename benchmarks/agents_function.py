"""A detector that takes no time, for the agents of both packages."""

import cvat_sdk.auto_annotation as cvataa

spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("car", 0)])


def detect(context, image):
    image.getpixel((0, 0))
    return [cvataa.rectangle(0, [0.5, 1.5, 10.25, 20.75])]
