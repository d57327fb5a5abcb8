"""SAM 2 with a tiny model of random weights, saved and loaded here."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL.Image
import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.auto_annotation.functions import sam2_interaction, sam2_tracking
from cvat_sdk.auto_annotation.functions.findings import Segment
from cvat_sdk.masks import decode_mask, encode_mask

pytestmark = pytest.mark.torch

ROOT = Path(__file__).parents[4]
SIDE, SIZE = 128, (200, 120)

VISION = {
    "backbone_config": {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 12,
        "embed_dim_per_stage": [12, 24, 48, 96],
        "num_attention_heads_per_stage": [1, 2, 4, 8],
        "blocks_per_stage": [1, 2, 2, 1],
        "image_size": [SIDE, SIDE],
        "window_positional_embedding_background_size": [7, 7],
        "global_attention_blocks": [4],
    },
    "backbone_channel_list": [96, 48, 24, 12],
    "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
    "fpn_hidden_size": 128,
}
PROMPTS = {"hidden_size": 128, "image_size": SIDE, "patch_size": 16, "mask_input_channels": 8}
DECODER = {"hidden_size": 128, "mlp_dim": 32, "num_attention_heads": 4, "iou_head_hidden_dim": 32}
PARTS = {
    "vision_config": {"model_type": "sam2_vision_model", **VISION},
    "prompt_encoder_config": PROMPTS,
    "mask_decoder_config": DECODER,
}
MEMORY = {
    "image_size": SIDE,
    "memory_attention_hidden_size": 128,
    "memory_attention_num_layers": 1,
    "memory_attention_feed_forward_hidden_size": 32,
    "memory_attention_rope_feat_sizes": [8, 8],
    "memory_encoder_hidden_size": 128,
    "memory_encoder_output_channels": 64,
    "mask_downsampler_embed_dim": 128,
    "memory_fuser_embed_dim": 128,
    "memory_fuser_intermediate_dim": 32,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    import torch
    import transformers as hf

    made = {
        "video": (hf.Sam2VideoModel, hf.Sam2VideoConfig(**PARTS, **MEMORY)),
        "image": (hf.Sam2Model, hf.Sam2Config(**PARTS)),
    }
    folders = {}
    for name, (kind, config) in made.items():
        torch.manual_seed(5)
        folders[name] = tmp_path_factory.mktemp(name)
        kind(config).save_pretrained(folders[name])
        size = {"height": SIDE, "width": SIDE}
        hf.Sam2ImageProcessor(size=size).save_pretrained(folders[name])
    return folders


def photo(shift: int = 0) -> PIL.Image.Image:
    image = PIL.Image.effect_mandelbrot(SIZE, (-2, -1.5, 1, 1.5), 30).convert("RGB")
    return image.transform(SIZE, PIL.Image.Transform.AFFINE, (1, 0, shift, 0, 1, 0))


def shape_context(shape_type: str) -> SimpleNamespace:
    return SimpleNamespace(original_shape_type=shape_type)


BITMAP = np.zeros(SIZE[::-1], dtype=bool)
BITMAP[30:90, 50:120] = True
SHAPES = {
    "rectangle": [50, 30, 120, 90],
    "mask": encode_mask(BITMAP),
    "polygon": [50, 30, 120, 30, 120, 90, 50, 90],
}


@pytest.fixture(scope="module")
def tracker(folders: dict[str, Path]) -> Any:
    return sam2_tracking.create(str(folders["video"]), device="cpu")


def always_there(tracker: Any, monkeypatch: pytest.MonkeyPatch, score: float = 1.0) -> None:
    """Random weights don't know whether they see something."""
    run = tracker._run

    def told(state: Any, image: Any) -> Any:
        logits = np.full_like(run(state, image)[0], -1)
        logits[8:16, 4:20] = 1
        return logits, score > 0

    monkeypatch.setattr(tracker, "_run", told)


@pytest.mark.parametrize("shape_type", SHAPES)
def test_a_shape_is_followed_as_one_of_its_type(
    tracker: Any, monkeypatch: pytest.MonkeyPatch, shape_type: str
) -> None:
    always_there(tracker, monkeypatch)
    context = shape_context(shape_type)
    shape = cvataa.TrackableShape(type=shape_type, points=SHAPES[shape_type])
    state = tracker.init_tracking_state(context, tracker.preprocess_image(None, photo()), shape)
    for shift in (2, 4):
        found = tracker.track(context, tracker.preprocess_image(None, photo(shift)), state)
        assert found.type == shape_type
        if shape_type == "mask":
            decode_mask(found.points, image_width=SIZE[0], image_height=SIZE[1])
        else:
            assert min(found.points) >= 0
            assert max(found.points[::2]) <= SIZE[0]
            assert max(found.points[1::2]) <= SIZE[1]


def test_what_is_lost_is_none(tracker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    always_there(tracker, monkeypatch, score=-1)
    context = shape_context("mask")
    shape = cvataa.TrackableShape(type="mask", points=SHAPES["mask"])
    image = tracker.preprocess_image(None, photo())
    assert tracker.track(context, image, tracker.init_tracking_state(context, image, shape)) is None


@pytest.mark.parametrize("shape_type", ["rectangle", "mask"])
def test_frames_are_remembered_as_transformers_does(
    tracker: Any, folders: dict[str, Path], shape_type: str
) -> None:
    import torch
    from transformers import Sam2VideoProcessor, Sam2VideoVideoProcessor

    frames = [photo(shift) for shift in range(0, 60, 3)]
    processor = Sam2VideoProcessor(
        tracker._sam._processor, Sam2VideoVideoProcessor(), target_size=SIDE
    )
    session = processor.init_video_session(inference_device="cpu", dtype=torch.float32)
    prompt: dict[str, Any] = (
        {"input_masks": BITMAP}
        if shape_type == "mask"
        else {"input_boxes": [[SHAPES["rectangle"]]], "original_size": SIZE[::-1]}
    )
    context = shape_context(shape_type)
    shape = cvataa.TrackableShape(type=shape_type, points=SHAPES[shape_type])
    images = [tracker.preprocess_image(None, frame) for frame in frames]
    state = tracker.init_tracking_state(context, images[0], shape)
    processor.add_inputs_to_inference_session(session, frame_idx=0, obj_ids=1, **prompt)
    for number, frame in enumerate(frames):
        expected = tracker._sam.model(
            inference_session=session, frame=tracker._sam.prepare(frame), frame_idx=number
        )
        if number > 0:
            logits, is_there = tracker._run(state, images[number])
            assert torch.from_numpy(logits).allclose(expected.pred_masks[0, 0], atol=1e-4)
            assert is_there == bool(expected.object_score_logits[0, 0] > 0)
    kept = state.session.output_dict_per_obj[0]["non_cond_frame_outputs"]
    assert len(kept) <= 17
    assert state.session.processed_frames == {}


def test_a_mask_of_several_parts_is_the_largest_or_all() -> None:
    part = np.zeros((10, 30), dtype=bool)
    part[:, :12] = part[2:6, 20:30] = True
    segment = Segment(part, (5, 5))
    largest = sam2_tracking.to_shape("rectangle", segment, parts="largest")
    everything = sam2_tracking.to_shape("rectangle", segment, parts="all")
    assert (largest.points, everything.points) == ([5, 5, 17, 15], [5, 5, 35, 15])


@pytest.mark.parametrize("shape_type", ["mask", "polygon"])
def test_a_shape_has_the_same_pixels_whatever_its_type(shape_type: str) -> None:
    shape = cvataa.TrackableShape(type=shape_type, points=SHAPES[shape_type])
    assert (sam2_tracking.bitmap_of(shape, SIZE) != BITMAP).mean() < 0.01


def test_an_unknown_choice_of_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="parts must be 'largest' or 'all', got 'some'"):
        sam2_tracking.create("absent", parts="some")  # type: ignore[arg-type]


def test_the_file_that_the_reference_names_creates_the_tracker(folders: dict[str, Path]) -> None:
    path = ROOT / "ai-models" / "tracker" / "sam2" / "func.py"
    spec = importlib.util.spec_from_file_location("func", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function = module.create(str(folders["video"]), device="cpu")
    assert "rectangle" in function.spec.supported_shape_types


@pytest.fixture(scope="module")
def pointer(folders: dict[str, Path]) -> Any:
    return sam2_interaction.create(str(folders["image"]), device="cpu")


def prompts(pos: Any = (), neg: Any = (), box: Any = None) -> SimpleNamespace:
    return SimpleNamespace(pos_points=pos, neg_points=neg, bounding_box=box)


@pytest.mark.parametrize(
    "pointed",
    [
        prompts([(60, 50)]),
        prompts([(60, 50), (70, 60)], [(5, 5)]),
        prompts(box=((50, 30), (120, 90))),
        prompts([(60, 50)], box=((50, 30), (120, 90))),
    ],
    ids=["a point", "points", "a box", "both"],
)
def test_what_is_pointed_at_is_a_mask_with_a_confidence(
    pointer: Any, monkeypatch: pytest.MonkeyPatch, pointed: SimpleNamespace
) -> None:
    predict = pointer._predict
    monkeypatch.setattr(
        pointer, "_predict", lambda *args: (lambda x, s: (x - x.median(), s))(*predict(*args))
    )
    (shape,) = pointer.detect(None, pointer.preprocess_image(None, photo()), pointed)
    assert shape.type == "mask"
    assert decode_mask(shape.points, image_width=SIZE[0], image_height=SIZE[1]).any()
    (confidence,) = shape.attributes
    assert confidence.spec_id == cvataa.InteractionResultAttributes.CONFIDENCE
    assert 0 <= float(confidence.value) <= 1


def test_nothing_pointed_at_is_nothing(pointer: Any) -> None:
    assert pointer.detect(None, pointer.preprocess_image(None, photo()), prompts()) == []


@pytest.mark.parametrize(
    ("second", "is_fed_back"),
    [
        (prompts([(60, 50)], [(5, 5)]), True),
        (prompts([(60, 50), (61, 50)]), True),
        (prompts([(90, 50), (91, 50)]), False),
        (prompts([(60, 50)]), False),
    ],
    ids=["one more outside", "one more inside", "others", "the same"],
)
def test_the_mask_of_the_clicks_before_is_fed_back(
    pointer: Any, monkeypatch: pytest.MonkeyPatch, second: SimpleNamespace, is_fed_back: bool
) -> None:
    image = pointer.preprocess_image(None, photo())
    pointer.detect(None, image, prompts([(60, 50)]))
    kept = pointer._answers[image].logits
    fed: list[Any] = []
    predict = pointer._predict

    def watched(image: Any, pointed: Any, before: Any) -> Any:
        fed.append(before)
        return predict(image, pointed, before)

    monkeypatch.setattr(pointer, "_predict", watched)
    pointer.detect(None, image, second)
    assert (fed[0] is kept) == is_fed_back


def test_another_image_knows_nothing_of_the_clicks(pointer: Any) -> None:
    image = pointer.preprocess_image(None, photo())
    pointer.detect(None, image, prompts([(60, 50)]))
    del image
    assert len(pointer._answers) == 0


def test_a_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        sam2_interaction.create(str(tmp_path / "absent"), device="cpu")
