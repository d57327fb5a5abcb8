"""A script as users write them, for either SDK: `PASS=... script.py URL FOLDER`.

It fills tasks with annotations of every kind, by hand and by a function, and prints which tasks,
and what it read back.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk import make_client, models
from cvat_sdk.attributes import attribute_vals_from_dict, number_attribute_values
from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction
from cvat_sdk.core.proxies.tasks import ResourceType
from cvat_sdk.masks import decode_mask, encode_mask

COLOUR, SPEED, PARKED, SEEN = 1, 2, 3, 4


def attribute(name, input_type, *values, mutable=False):
    return models.AttributeRequest(
        name=name, mutable=mutable, input_type=input_type, values=list(values)
    )


TASK_LABELS = [
    models.PatchedLabelRequest(
        name="person",
        type="skeleton",
        sublabels=[
            models.SublabelRequest(name="hand", type="points"),
            models.SublabelRequest(
                name="head", type="points", attributes=[attribute("seen", "checkbox")]
            ),
            models.SublabelRequest(name="foot", type="points"),
        ],
    ),
    models.PatchedLabelRequest(name="cat", type="mask", color="#ff8000"),
    models.PatchedLabelRequest(name="road", type="polygon"),
    models.PatchedLabelRequest(
        name="car",
        type="rectangle",
        attributes=[
            attribute("plate", "text"),
            attribute("colour", "select", "blue", "red"),
            attribute("speed", "number", *number_attribute_values(0, 200, 10), mutable=True),
            attribute("parked", "checkbox"),
        ],
    ),
    models.PatchedLabelRequest(name="rain", type="tag"),
    models.PatchedLabelRequest(name="thing"),
]
SPEC = cvataa.DetectionFunctionSpec(
    labels=[
        cvataa.label_spec(
            "car",
            10,
            type="rectangle",
            attributes=[
                cvataa.select_attribute_spec("colour", COLOUR, ["red", "blue"]),
                cvataa.number_attribute_spec("speed", SPEED, number_attribute_values(0, 200, 10)),
                cvataa.checkbox_attribute_spec("parked", PARKED),
            ],
        ),
        cvataa.label_spec("cat", 11, type="mask"),
        cvataa.label_spec("road", 12),
        cvataa.skeleton_label_spec(
            "person",
            13,
            [
                cvataa.keypoint_spec(
                    "head", 1, attributes=[cvataa.checkbox_attribute_spec("seen", SEEN)]
                ),
                cvataa.keypoint_spec("hand", 2),
                cvataa.keypoint_spec("foot", 3),
            ],
        ),
        cvataa.label_spec("rain", 14, type="tag"),
        cvataa.label_spec("unicorn", 15, type="rectangle"),
    ]
)
OTHER_TYPES = {
    "polyline": [1, 2, 30, 4, 5, 26.5],
    "points": [1, 2, 3, 4],
    "ellipse": [30, 20, 40, 15],
    "cuboid": [1.0 * i for i in range(16)],
}


class Detector:
    spec = SPEC

    def detect(self, context, image):
        width, height = image.size
        bitmap = np.zeros((height, width), dtype=bool)
        bitmap[2 : height // 2, 3 : width // 3] = True
        bitmap[5, 1:9:2] ^= True
        colour = attribute_vals_from_dict({COLOUR: "blue", SPEED: 90, PARKED: True})
        joints = [
            cvataa.keypoint(2, [3, 4], occluded=True),
            cvataa.keypoint(1, [1, 2], attributes=attribute_vals_from_dict({SEEN: False})),
            cvataa.keypoint(3, [5.25, 6], outside=True),
        ]
        found = [
            cvataa.tag(14),
            cvataa.rectangle(10, [1, 2, width - 1, height - 2], rotation=30.5, attributes=colour),
            cvataa.rectangle(10, [4, 4, 9, 9], score=context.conf_threshold or 0.5, z_order=2),
            cvataa.rectangle(15, [0, 0, 1, 1]),
            cvataa.polygon(12, [0, 0, width, 0, width / 2, height], occluded=True),
            cvataa.mask(11, encode_mask(bitmap)),
            cvataa.mask(11, encode_mask(bitmap, [1.5, 2, 12, 9.5]), group=4),
            cvataa.skeleton(13, joints, group=1),
        ]
        return found[: 4 + len(Path(context.frame_name).stem)]  # the first photo has the fewest


def shapes_by_hand(label_ids):
    thing = label_ids["thing"]
    for frame, (kind, points) in enumerate(OTHER_TYPES.items()):
        yield models.LabeledShapeRequest(
            type=models.ShapeType(kind), label_id=thing, frame=frame % 2, points=points
        )
    yield models.LabeledShapeRequest("rectangle", label_ids["car"], 1, points=[2, 3, 30, 20])
    yield models.LabeledShapeRequest("rectangle", label_ids["car"], 0, points=[9, 9, 10, 10])


def tracks(label_ids, joint_ids):
    def position(frame, **fields):
        return models.TrackedShapeRequest(frame=frame, **fields)

    box = {"type": models.ShapeType("rectangle"), "rotation": 5.0}
    yield models.LabeledTrackRequest(
        label_id=label_ids["car"],
        frame=0,
        source="manual",
        shapes=[
            position(0, points=[1, 1, 9, 9], **box),
            position(4, points=[5, 5, 20, 20], occluded=True, **box),
            position(7, points=[5, 5, 20, 20], outside=True, **box),
        ],
    )
    yield models.LabeledTrackRequest(
        label_id=label_ids["person"],
        frame=2,
        group=3,
        shapes=[position(2, type=models.ShapeType("skeleton"), points=[])],
        elements=[
            models.SubLabeledTrackRequest(
                label_id=joint_ids[joint],
                frame=2,
                shapes=[position(2, type=models.ShapeType("points"), points=[4.5, place])],
            )
            for place, joint in enumerate(["head", "hand", "foot"])
        ],
    )


def described(task):
    meta, annotations = task.get_meta(), task.get_annotations()
    cats = [s for s in annotations.shapes if s.type.value == "mask"]
    frame = meta.frames[0]
    size = {"image_width": frame.width, "image_height": frame.height}
    return {
        "id": task.id,
        "size": task.size,
        "mode": task.mode,
        "frames": [[f.name, f.width, f.height] for f in meta.frames],
        "pixels in masks": [int(decode_mask(s.points, **size).sum()) for s in cats[:2]],
        "annotations": annotations.to_dict(),
    }


def create(client, name, resources):
    return client.tasks.create_from_data(
        models.TaskWriteRequest(name=name, labels=TASK_LABELS),
        resources,
        resource_type=ResourceType.LOCAL,
        data_params={"image_quality": 80},
        status_check_period=0.1,
    )


def new_token(url):
    with make_client(url, credentials=("admin", os.environ["PASS"])) as client:
        _, reply = client.api_client.call_api(
            "/api/auth/access_tokens",
            "POST",
            header_params={"Content-Type": "application/json"},
            body={"name": "script", "read_only": False},
        )
        return json.loads(reply.data)["value"]


def main(url, folder):
    with make_client(url, access_token=new_token(url)) as client:
        photos = create(client, "photos", sorted(folder.glob("*.png")))
        ids = {label.name: label.id for label in photos.get_labels()}
        by_hand = list(shapes_by_hand(ids))
        tag = models.LabeledImageRequest(label_id=ids["rain"], frame=2, group=6)
        photos.set_annotations(models.LabeledDataRequest(tags=[tag], shapes=by_hand))
        cvataa.annotate_task(
            client, photos.id, Detector(), allow_unmatched_labels=True, conf_threshold=0.25
        )
        in_order = sorted(photos.get_annotations().shapes, key=lambda shape: shape.id)
        *_, moved, removed = in_order[: len(by_hand)]
        moved = models.LabeledShapeRequest(
            **{**moved.to_dict(), "type": models.ShapeType("rectangle"), "points": [3, 3, 7, 8]}
        )
        photos.update_annotations(
            models.PatchedLabeledDataRequest(shapes=[moved]), action=AnnotationUpdateAction.UPDATE
        )
        photos.remove_annotations(ids=[removed.id])

        again = create(client, "photos again", sorted(folder.glob("*.png"))[:1])
        for threshold in (0.125, 0.75):
            cvataa.annotate_task(
                client,
                again.id,
                Detector(),
                clear_existing=True,
                allow_unmatched_labels=True,
                conf_threshold=threshold,
            )

        video = create(client, "video", sorted(folder.glob("*.mp4")))
        labels = {label.name: label for label in video.get_labels()}
        ids = {name: label.id for name, label in labels.items()}
        joint_ids = {joint.name: joint.id for joint in labels["person"].sublabels}
        video.update_annotations(
            models.PatchedLabeledDataRequest(tracks=list(tracks(ids, joint_ids))),
            action=AnnotationUpdateAction.CREATE,
        )
        print(json.dumps([described(task.fetch()) for task in (photos, again, video)], default=str))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
