"""The example of the auto-annotation reference, with weights from a file:

    PASS=... python examples/torchvision_detection.py http://localhost:8080 USER TASK_ID WEIGHTS.pth

The file is a state dict of `fasterrcnn_resnet50_fpn_v2`, as torchvision's site offers it. The task
needs a label for each category that the model knows. This needs torch and torchvision.
"""

import os
import sys

import PIL.Image
import torch
import torchvision.models

import cvat_sdk.auto_annotation as cvataa
import cvat_sdk.models as models
from cvat_sdk import make_client


class TorchvisionDetectionFunction:
    def __init__(self, model_name: str, weights_name: str, weights_file: str, **kwargs) -> None:
        # load the ML model
        weights_enum = torchvision.models.get_model_weights(model_name)
        self._weights = weights_enum[weights_name]
        self._transforms = self._weights.transforms()
        self._model = torchvision.models.get_model(
            model_name, weights=None, weights_backbone=None, **kwargs
        )
        self._model.load_state_dict(torch.load(weights_file, weights_only=True))
        self._model.eval()

    @property
    def spec(self) -> cvataa.DetectionFunctionSpec:
        # describe the annotations
        return cvataa.DetectionFunctionSpec(
            labels=[
                cvataa.label_spec(cat, i, type="rectangle")
                for i, cat in enumerate(self._weights.meta["categories"])
                if cat != "N/A"
            ]
        )

    def detect(
        self, context: cvataa.DetectionFunctionContext, image: PIL.Image.Image
    ) -> list[models.LabeledShapeRequest]:
        # determine the threshold for filtering results
        conf_threshold = context.conf_threshold or 0

        # convert the input into a form the model can understand
        transformed_image = [self._transforms(image)]

        # run the ML model
        results = self._model(transformed_image)

        # convert the results into the form SDK requires
        return [
            cvataa.rectangle(label.item(), [x.item() for x in box])
            for result in results
            for box, label, score in zip(result["boxes"], result["labels"], result["scores"])  # noqa: B905
            if score >= conf_threshold
        ]


host, user, task_id, weights_file = sys.argv[1:]

# log into the CVAT server
with make_client(host=host, credentials=(user, os.environ["PASS"])) as client:
    # create a function that uses Faster R-CNN
    func = TorchvisionDetectionFunction(
        "fasterrcnn_resnet50_fpn_v2", "DEFAULT", weights_file, box_score_thresh=0.5
    )

    # annotate the task using the function
    cvataa.annotate_task(client, int(task_id), func)
