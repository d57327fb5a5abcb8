"""Runs models with one of the two packages: `python models_worker.py official|ours`.

Reads one JSON list `[command, arguments...]` a line, answers with one JSON value a line. Both sides
run in the same Python, with the same torch; only the package called `cvat_sdk` differs.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
import time
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL.Image
import torch
import torchvision

from cvat_sdk.masks import encode_mask

FUNCTIONS = "cvat_sdk.auto_annotation.functions.torchvision_"
LARGE_WH = (1920, 1080)


def context(polygons: bool = False) -> SimpleNamespace:
    return SimpleNamespace(frame_name="", conf_threshold=0.0, conv_mask_to_poly=polygons)


@cache
def function(side: str, kind: str, model_name: str, weights: str, options: str) -> Any:
    """Return the function, with the weights of a file on both sides."""
    module = importlib.import_module(FUNCTIONS + kind)
    if side == "ours":
        return module.create(model_name, weights, **json.loads(options))
    made = torchvision.models.get_model

    def get_model(name: str, weights: Any, _file: str = weights) -> Any:
        without = {} if kind == "classification" else {"weights_backbone": None}
        model = made(name, weights=None, **without)
        model.load_state_dict(torch.load(_file, weights_only=True))
        return model

    torchvision.models.get_model = get_model
    try:
        return module.create(model_name, "DEFAULT")
    finally:
        torchvision.models.get_model = made


def detect(
    side: str, kind: str, model_name: str, weights: str, options: str, batch: int
) -> dict[str, Any]:
    """Return how long a batch takes, and how many annotations come of it."""
    images = [photo((640, 480), i) for i in range(batch)]
    run = function(side, kind, model_name, weights, options)
    contexts = [context()] * batch
    start = time.perf_counter()
    if side == "ours":
        found = run.detect_batch(contexts, images)
    else:
        found = [run.detect(*pair) for pair in zip(contexts, images, strict=True)]
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return {"seconds": time.perf_counter() - start, "found": sum(map(len, found))}


def draw(side: str, count: int, polygons: bool) -> dict[str, Any]:
    """Return how long a network's 50 small masks take to become annotations of a large image."""
    module = importlib.import_module(FUNCTIONS + "instance_segmentation")
    masks, boxes = instances(count)
    start = time.perf_counter()
    if side == "ours":
        found = {
            "masks": masks.numpy(),
            "boxes": boxes.numpy(),
            "labels": np.ones(count, int),
            "scores": np.ones(count),
        }
        made = module.TorchvisionInstanceSegmentationFunction
        shapes = made.to_annotations(None, context(polygons), LARGE_WH, found)
    else:
        from torchvision.models.detection.roi_heads import paste_masks_in_image

        drawn = paste_masks_in_image(masks, boxes, LARGE_WH[::-1])
        label = torch.tensor(1)
        shapes = [
            shape
            for box, mask in zip(boxes, drawn, strict=True)
            for shape in module._generate_shapes(context(polygons), box, mask, label)
        ]
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "found": len(shapes)}


def encode(side: str) -> dict[str, Any]:
    """Return how long a mask of 12 megapixels takes, and a digest of many masks."""
    bitmap = blob()
    start = time.perf_counter()
    points = encode_mask(bitmap)
    seconds = time.perf_counter() - start
    random = np.random.default_rng(1)
    many = [points]
    for height, width, share in random.random((200, 3)):
        small = random.random((1 + int(40 * height), 1 + int(40 * width))) < share**2
        many += [encode_mask(small), encode_mask(small, [0, 0, *small.shape[::-1]])]
    return {"seconds": seconds, "digest": hashlib.sha256(json.dumps(many).encode()).hexdigest()}


def outline_of_blob(side: str) -> dict[str, Any]:
    """Return how long its polygon takes, and by which share its area differs from the mask's."""
    bitmap = blob()
    start = time.perf_counter()
    if side == "ours":
        from cvat_sdk.outlines import outline

        points = np.reshape(outline(bitmap)[0], (-1, 2))
    else:
        from skimage import measure

        contours = measure.find_contours(bitmap.astype(np.float32), 0.5)
        points = measure.approximate_polygon(max(contours, key=len), 2.5)
    seconds = time.perf_counter() - start
    x, y = np.asarray(points, float).T
    area = abs(np.sum(x * np.roll(y, 1) - y * np.roll(x, 1))) / 2
    return {"seconds": seconds, "area_error": float(abs(area / bitmap.sum() - 1))}


def instances(count: int) -> tuple[Any, Any]:
    """Return blurred discs `(n, 1, 28, 28)`, and boxes `(n, 4)` in a large image."""
    random = np.random.default_rng(2)
    y, x = np.mgrid[:28, :28]
    disc = 1 / (1 + np.exp((x - 13.5) ** 2 / 20 + (y - 13.5) ** 2 / 20 - 6))
    masks = torch.from_numpy(np.tile(disc.astype(np.float32), (count, 1, 1, 1)))
    size = random.uniform(60, 400, (count, 2))
    corner = random.uniform(0, 1, (count, 2)) * (np.array(LARGE_WH) - size)
    boxes = np.concatenate([corner, corner + size], axis=1).astype(np.float32)
    return masks, torch.from_numpy(boxes)


def blob() -> Any:
    y, x = np.mgrid[:3000, :4000]
    waves = 90000 * np.sin(x / 60) * np.cos(y / 50)
    return (x - 2000) ** 2 + 1.5 * (y - 1500) ** 2 + waves < 700**2


def photo(size_wh: tuple[int, int], number: int) -> PIL.Image.Image:
    extent = (-2 + number / 50, -1.5, 1, 1.5)
    return PIL.Image.effect_mandelbrot(size_wh, extent, 40).convert("RGB")


def save_weights(side: str, kind: str, model_name: str, file: str) -> str:
    """Save random weights of a model that sees a hundred cats in each image."""
    torch.manual_seed(1)
    without = {} if kind == "classification" else {"weights_backbone": None}
    model = torchvision.models.get_model(model_name, weights=None, **without)
    if kind != "classification":
        with torch.no_grad():
            scores = model.roi_heads.box_predictor.cls_score
            scores.weight.zero_()
            scores.bias[1] = 20
    torch.save(model.state_dict(), file)
    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


COMMANDS = {
    "detect": detect,
    "draw": draw,
    "encode": encode,
    "outline": outline_of_blob,
    "save_weights": save_weights,
}


def main(side: str) -> None:
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        print(json.dumps(COMMANDS[command](side, *arguments)), flush=True)


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parent))
    main(sys.argv[1])
