"""What was found as COCO JSON, the format of detections, masks and keypoints.

https://cocodataset.org/#format-data
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cvat_sdk.auto_annotation.overlap import FLAT, area
from cvat_sdk.auto_annotation.pipeline import Finding
from cvat_sdk.masks import decode_mask
from cvat_sdk.models import LabeledShapeRequest, PatchedLabelRequest


def dataset(findings: Sequence[Finding], labels: Iterable[PatchedLabelRequest]) -> dict[str, Any]:
    """Return a data set; images are numbered by their frames, categories as labels are.

    Rectangles, polygons, ellipses, masks and skeletons are taken; COCO knows no other types, and
    no tags.
    """
    labels = list(labels)
    order = {label.id: _points_of(label) for label in labels}
    annotations: list[dict[str, Any]] = []
    for finding in findings:
        for shape in finding.shapes:
            if shape.type in FLAT or shape.type == "skeleton":
                annotation = _annotation(shape, finding, order[shape.label_id])
                annotations.append({"id": len(annotations) + 1, **annotation})
    return {
        "info": {},
        "licenses": [],
        "images": [
            {
                "id": finding.frame.index,
                "file_name": finding.frame.name,
                "width": finding.frame.width,
                "height": finding.frame.height,
            }
            for finding in findings
        ],
        "categories": list(map(_category, labels)),
        "annotations": annotations,
    }


def _points_of(label: PatchedLabelRequest) -> list[int]:
    return [sublabel.id for sublabel in label.get("sublabels", ())]


def _category(label: PatchedLabelRequest) -> dict[str, Any]:
    names = [sublabel.name for sublabel in label.get("sublabels", ())]
    skeleton = {"keypoints": names, "skeleton": []} if names else {}
    return {"id": label.id, "name": label.name, **skeleton}


def _annotation(shape: LabeledShapeRequest, finding: Finding, order: list[int]) -> dict[str, Any]:
    size = finding.frame.width, finding.frame.height
    geometry = _skeleton(shape, order) if shape.type == "skeleton" else _flat(shape, size)
    score = shape.get("score")
    return {
        "image_id": finding.frame.index,
        "category_id": shape.label_id,
        "iscrowd": 0,
        **geometry,
        **({} if score is None else {"score": score}),
    }


def _flat(shape: LabeledShapeRequest, size_wh: tuple[int, int]) -> dict[str, Any]:
    found = area(shape)
    left, top, right, bottom = found.box
    segmentation: Any
    if shape.type == "mask":
        segmentation = _runs(shape.points, size_wh)
    elif shape.type == "polygon":
        segmentation = [list(shape.points)]
    else:
        segmentation = [list(_corners(found.geometry))]
    box = [left, top, right - left, bottom - top]
    return {"bbox": box, "area": found.size, "segmentation": segmentation}


def _corners(outline: Any) -> Iterator[float]:
    for x, y in outline.exterior.coords[:-1]:
        yield x
        yield y


def _runs(points: Sequence[float], size_wh: tuple[int, int]) -> dict[str, Any]:
    """Return the lengths of the runs of a mask, column by column, beginning with zeros."""
    import numpy as np

    width, height = size_wh
    pixels = decode_mask(points, image_width=width, image_height=height).ravel(order="F")
    changes = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    runs = np.diff(changes, prepend=0, append=pixels.size).tolist()
    return {"size": [height, width], "counts": [0, *runs] if pixels[0] else runs}


def _skeleton(shape: LabeledShapeRequest, order: list[int]) -> dict[str, Any]:
    """Return keypoints, each as x, y and 0 (not there), 1 (hidden) or 2 (seen)."""
    elements = {element.label_id: element for element in shape.elements}
    keypoints: list[float] = []
    for label_id in order:
        element = elements[label_id]
        if element.get("outside"):
            keypoints += 0, 0, 0
        else:
            keypoints += *element.points, 1 if element.get("occluded") else 2
    xs, ys = (
        [keypoints[i] for i in range(axis, len(keypoints), 3) if keypoints[i - axis + 2]]
        for axis in (0, 1)
    )
    box = [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)] if xs else [0, 0, 0, 0]
    return {
        "bbox": box,
        "area": box[2] * box[3],
        "num_keypoints": len(xs),
        "keypoints": keypoints,
    }
