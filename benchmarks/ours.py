"""The steps of this project, as its `annotate_task` and its client take them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from cvat_sdk import models
from cvat_sdk.api_client import wire
from cvat_sdk.auto_annotation.mapping import LabelMapper
from cvat_sdk.auto_annotation.remapping import Remapper


def remapper(spec: Any, task_labels: list[Any]) -> Callable[[list[Any], int], list[Any]]:
    labels = LabelMapper(logger=logging.getLogger()).map(spec.labels, task_labels)
    remapper = Remapper(labels)
    return lambda shapes, frame: remapper.remap(shapes, frame)[1]


def encode(shapes: list[Any]) -> bytes:
    return wire.encode(models.PatchedLabeledDataRequest(tags=[], shapes=shapes))


def decode(body: bytes) -> Any:
    return wire.decode(body, models.LabeledData)
