"""Functions that both packages serve: what they find depends on the pixels alone."""

import PIL.Image

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.masks import encode_mask


def create(kind):
    return {"detector": Detector, "interactor": Interactor, "tracker": Tracker}[kind]()


def darkness(image):
    """Return which pixels are dark, and the box around them."""
    gray = image.convert("L")
    dark = gray.point(lambda value: 255 * (value < 128))
    box = dark.getbbox() or (0, 0, 1, 1)
    return dark, box


class Detector:
    spec = cvataa.DetectionFunctionSpec(
        labels=[
            cvataa.label_spec("dark", 3),
            cvataa.label_spec("seen", 8, type="tag"),
            cvataa.label_spec("blob", 5, type="mask"),
            cvataa.skeleton_label_spec(
                "corners", 6, [cvataa.keypoint_spec("first", 1), cvataa.keypoint_spec("last", 2)]
            ),
        ]
    )

    def detect(self, context, image):
        import numpy as np

        dark, (left, top, right, bottom) = darkness(image)
        width, height = image.size
        return [
            cvataa.tag(8),
            cvataa.rectangle(3, [left, top, right, bottom]),
            cvataa.mask(5, encode_mask(np.asarray(dark) > 0, [0, 0, width, height])),
            cvataa.skeleton(
                6,
                [
                    cvataa.keypoint(1, [left, top]),
                    cvataa.keypoint(2, [right, bottom], outside=True),
                ],
            ),
        ]


class Interactor:
    spec = cvataa.InteractionFunctionSpec(min_pos_points=1, min_neg_points=0, min_bounding_boxes=0)

    def preprocess_image(self, context, image):
        return image.convert("L")

    def detect(self, context, image, prompts):
        import numpy as np

        (x, y), *_ = prompts.pos_points
        close = abs(np.asarray(image).astype(int) - image.getpixel((int(x), int(y)))) < 30
        for nx, ny in prompts.neg_points:
            close[int(ny) :, int(nx) :] = False
        width, height = image.size
        return [
            cvataa.InteractionResultShape(
                type="mask", points=encode_mask(close, [0, 0, width, height])
            )
        ]


class Tracker:
    spec = cvataa.TrackingFunctionSpec(supported_shape_types=["rectangle", "polygon"])

    def preprocess_image(self, context, image):
        return image.convert("L")

    def init_tracking_state(self, context, image, shape):
        return {"points": list(shape.points), "mean": mean(image)}

    def track(self, context, image, state):
        moved = mean(image) - state["mean"]
        if moved > 60:
            return None
        points = [value + moved for value in state["points"]]
        return cvataa.TrackableShape(type=context.original_shape_type, points=points)


def mean(image):
    return image.resize((1, 1), PIL.Image.Resampling.BOX).getpixel((0, 0))
