"""The baselines that need OpenCV only."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL.Image
import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation.functions import grabcut_interaction, opencv_tracking
from cvat_sdk.auto_annotation.trial import check
from cvat_sdk.masks import decode_mask

RNG = np.random.default_rng(0)
PATTERN = PIL.Image.fromarray(RNG.integers(0, 255, (40, 50, 3), dtype=np.uint8)).resize((50, 40))


def scene(left: int) -> PIL.Image.Image:
    image = PIL.Image.new("RGB", (240, 160), (60, 90, 60))
    image.paste(PATTERN, (left, 50))
    return image


def test_csrt_follows_a_rectangle() -> None:
    function = opencv_tracking.create()
    context = SimpleNamespace(original_shape_type="rectangle")
    shape = cvataa.TrackableShape(type="rectangle", points=[40, 50, 90, 90])
    state = function.init_tracking_state(context, function.preprocess_image(None, scene(40)), shape)
    for left in range(43, 70, 3):
        found = function.track(context, function.preprocess_image(None, scene(left)), state)
        assert found is not None
        assert found.points == pytest.approx([left, 50, left + 50, 90], abs=4)


def prompts(**given: Any) -> Any:
    return SimpleNamespace(**{"pos_points": [], "neg_points": [], "bounding_box": None, **given})


def mask_of(function: Any, image: PIL.Image.Image, given: Any) -> Any:
    (found,) = function.detect(None, function.preprocess_image(None, image), given)
    return decode_mask(found.points, image_width=image.width, image_height=image.height)


@pytest.mark.parametrize("most_pixels", [500_000, 10_000])
def test_grabcut_finds_the_object_in_a_box(most_pixels: int) -> None:
    image = PIL.Image.new("RGB", (240, 160), (40, 90, 40))
    image.paste((220, 60, 40), (80, 50, 140, 110))
    box = ((60.0, 35.0), (160.0, 130.0))
    mask = mask_of(
        grabcut_interaction.create(most_pixels=most_pixels), image, prompts(bounding_box=box)
    )
    truth = np.zeros((160, 240), bool)
    truth[50:110, 80:140] = True
    assert (mask & truth).sum() / (mask | truth).sum() > 0.9


def test_points_mend_what_grabcut_finds() -> None:
    image = PIL.Image.new("RGB", (240, 160), (40, 90, 40))
    image.paste((220, 60, 40), (80, 50, 110, 110))
    image.paste((60, 60, 220), (115, 50, 145, 110))
    box = ((60.0, 35.0), (170.0, 130.0))
    function = grabcut_interaction.create()
    both = mask_of(function, image, prompts(bounding_box=box))
    one = mask_of(function, image, prompts(bounding_box=box, neg_points=[(130.0, 80.0)]))
    assert (both[80, 95], both[80, 130]) == (True, True)
    assert (one[80, 95], one[80, 130]) == (True, False)


def test_the_baselines_keep_the_rules() -> None:
    assert check(opencv_tracking.create()) == []
    assert check(grabcut_interaction.create()) == []


@pytest.mark.parametrize("module", [opencv_tracking, grabcut_interaction])
def test_without_opencv_the_extra_is_named(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    with pytest.raises(ImportError, match=r"pip install 'cvat-hub\[opencv\]'"):
        module.create()
