"""The steps of the official package, as its `annotate_task` and its client take them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import urllib3

from cvat_sdk import models
from cvat_sdk.api_client import ApiClient, Configuration
from cvat_sdk.auto_annotation import driver

_client = ApiClient(Configuration(host="http://localhost"))


def remapper(spec: Any, task_labels: list[Any]) -> Callable[[list[Any], int], list[Any]]:
    mapper = driver._AnnotationMapper(
        logging.getLogger(),
        spec.labels,
        task_labels,
        allow_unmatched_labels=False,
        conv_mask_to_poly=False,
    )
    return lambda shapes, frame: mapper.validate_and_remap(shapes, frame)[1]


def encode(shapes: list[Any]) -> bytes:
    request = models.PatchedLabeledDataRequest(tags=[], shapes=shapes)
    return json.dumps(_client.sanitize_for_serialization(request)).encode()


def decode(body: bytes) -> Any:
    response = urllib3.HTTPResponse(body, headers={"content-type": "application/vnd.cvat+json"})
    return _client.deserialize(response, (models.LabeledData,), _check_type=True)
