"""The reference's own example, with weights that are made here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

pytestmark = [pytest.mark.acceptance, pytest.mark.torch, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
MODEL = "fasterrcnn_resnet50_fpn_v2"
CAT = 17


@pytest.fixture
def weights_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Random weights, but for the last layer: whatever is seen is a cat."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "inductor"))
    import torch
    import torchvision

    torch.manual_seed(1)
    model = torchvision.models.get_model(MODEL, weights=None, weights_backbone=None)
    with torch.no_grad():
        model.roi_heads.box_predictor.cls_score.weight.zero_()
        model.roi_heads.box_predictor.cls_score.bias[CAT] = 20
    torch.save(model.state_dict(), tmp_path / "weights.pth")
    return tmp_path / "weights.pth"


def test_the_references_example_annotates_a_task(
    hub: Any, weights_file: Path, tmp_path: Path
) -> None:
    import torchvision

    categories = torchvision.models.get_model_weights(MODEL).DEFAULT.meta["categories"]
    photo = tmp_path / "photo.jpg"
    PIL.Image.effect_mandelbrot((160, 120), (-2, -1.5, 1, 1.5), 30).convert("RGB").save(photo)
    with hub.client() as client:
        labels = [{"name": name, "type": "rectangle"} for name in categories if name != "N/A"]
        task = client.tasks.create_from_data({"name": "photos", "labels": labels}, [photo])
        done = subprocess.run(
            [
                *(sys.executable, "examples/torchvision_detection.py"),
                *(hub.url, hub.user, str(task.id), str(weights_file)),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": "src", "PASS": hub.password},
            capture_output=True,
            text=True,
            timeout=500,
        )
        assert done.returncode == 0, done.stderr
        names = {label.id: label.name for label in task.get_labels()}
        shapes = task.get_annotations().shapes
    assert {names[shape.label_id] for shape in shapes} == {categories[CAT]}
    for shape in shapes:
        left, top, right, bottom = map(round, shape.points)
        assert 0 <= left <= right <= 160
        assert 0 <= top <= bottom <= 120
