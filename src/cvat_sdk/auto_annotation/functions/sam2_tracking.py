"""Rectangles, masks and polygons followed from frame to frame by SAM 2.

The image is encoded once per frame, for all shapes. What is remembered of the past, and how, is up
to transformers' `Sam2VideoModel`: the shape that was drawn, the last six frames, and pointers to
the object in the last fifteen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.masks import decode_mask, encode_part
from cvat_sdk.outlines import outline

from . import extras, placement
from .findings import Segment, enlarged, largest_part
from .sam2_models import Sam2

if TYPE_CHECKING:
    import PIL.Image
    from numpy.typing import NDArray

__all__ = ["Sam2TrackingFunction", "create"]

_OBJECT = 1
"""Each state has a session of its own, with one object."""


@dataclass(frozen=True, eq=False)
class EncodedImage:
    """What is known of an image before shapes are: the encoder's features, and its size."""

    features: dict[str, Any]
    size_wh: tuple[int, int]


@dataclass(eq=False)
class State:
    """What is known of a shape: transformers' session, and how many frames it has seen."""

    session: Any
    frames: int = 0


class Sam2TrackingFunction:
    """The tracking function; see `create`."""

    spec = cvataa.TrackingFunctionSpec(supported_shape_types={"rectangle", "mask", "polygon"})

    def __init__(
        self,
        model_id: str,
        *,
        device: str = "auto",
        half: bool | Literal["auto"] = "auto",
        parts: Literal["largest", "all"] = "largest",
    ) -> None:
        if parts not in ("largest", "all"):
            raise ValueError(f"parts must be 'largest' or 'all', got {parts!r}")
        extras.load("torch", extra="sam2")
        self._sam = Sam2("Sam2VideoModel", model_id, placement.choose(device, half))
        self._parts = parts

    def preprocess_image(
        self, context: cvataa.TrackingFunctionContext, image: PIL.Image.Image
    ) -> EncodedImage:
        with self._sam.placement.running():
            found = self._sam.model.get_image_features(self._sam.prepare(image), return_dict=True)
        features = {
            "vision_feats": found.fpn_hidden_states,
            "vision_pos_embeds": found.fpn_position_encoding,
        }
        return EncodedImage(features, image.size)

    def init_tracking_state(
        self,
        context: cvataa.TrackingFunctionShapeContext,
        pp_image: EncodedImage,
        shape: cvataa.TrackableShape,
    ) -> State:
        state = State(self._session())
        session, number = state.session, state.session.obj_id_to_idx(_OBJECT)
        if shape.type == "rectangle":
            left, top, right, bottom = shape.points
            corners = self._sam.points([(left, top), (right, bottom)], pp_image.size_wh)
            prompt = {"point_coords": corners, "point_labels": self._sam.labels([2, 3])}
            session.add_point_inputs(number, 0, prompt)
        else:
            session.add_mask_inputs(number, 0, self._mask_input(shape, pp_image.size_wh))
        session.obj_with_new_inputs = [_OBJECT]
        self._run(state, pp_image)
        return state

    def track(
        self,
        context: cvataa.TrackingFunctionShapeContext,
        pp_image: EncodedImage,
        state: State,
    ) -> cvataa.TrackableShape | None:
        logits, is_there = self._run(state, pp_image)
        segment = enlarged(logits, pp_image.size_wh) if is_there else None
        if segment is None:
            return None
        return to_shape(context.original_shape_type, segment, parts=self._parts)

    def _session(self) -> Any:
        import torch
        from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

        device = self._sam.placement.device
        return Sam2VideoInferenceSession(
            inference_device=device,
            inference_state_device=device,
            video_storage_device=device,
            dtype=torch.float32,
        )

    def _mask_input(self, shape: cvataa.TrackableShape, size_wh: tuple[int, int]) -> Any:
        """Return the shape's pixels in the model's input: `(1, 1, side, side)`, 0 or 1."""
        import torch

        side = self._sam.side
        bitmap = torch.from_numpy(bitmap_of(shape, size_wh)).float()[None, None]
        small = torch.nn.functional.interpolate(
            bitmap, size=(side, side), mode="bilinear", align_corners=False, antialias=True
        )
        return (small >= 0.5).float()

    def _run(self, state: State, image: EncodedImage) -> tuple[NDArray[np.float32], bool]:
        """Return the object's map on the next frame `(h, w)`, and whether it's there at all."""
        import torch

        session, number = state.session, state.frames
        session.cache.cache_vision_features(number, image.features)
        # The features are those of this frame, so its pixels aren't needed.
        frame = torch.zeros(1, device=self._sam.placement.device)
        with self._sam.placement.running():
            found = self._sam.model(inference_session=session, frame=frame, frame_idx=number)
        state.frames += 1
        self._forget(session, before=state.frames)
        logits = found.pred_masks[0, 0].float().cpu().numpy()
        return logits, bool(found.object_score_logits.flatten()[0] > 0)

    def _forget(self, session: Any, *, before: int) -> None:
        """Drop what the model won't look at again."""
        session.processed_frames.clear()
        session.cache.clear_all()
        config = self._sam.model.config
        span = max(config.num_maskmem, config.max_object_pointers_in_encoder)
        for outputs in session.output_dict_per_obj.values():
            outputs["non_cond_frame_outputs"].pop(before - 1 - span, None)
        for tracked in session.frames_tracked_per_obj.values():
            tracked.pop(before - 1 - span, None)


def bitmap_of(shape: cvataa.TrackableShape, size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels `(H, W)` of a mask or polygon."""
    import PIL.Image
    import PIL.ImageDraw

    width, height = size_wh
    if shape.type == "mask":
        return decode_mask(shape.points, image_width=width, image_height=height)
    canvas = PIL.Image.new("1", size_wh)
    # It takes whole numbers for the middles of pixels.
    PIL.ImageDraw.Draw(canvas).polygon([p - 0.5 for p in shape.points], fill=1)
    return np.array(canvas)


def to_shape(
    shape_type: str, segment: Segment, *, parts: Literal["largest", "all"]
) -> cvataa.TrackableShape:
    """Return the segment, which has a pixel, as a shape of the type; a polygon has one part."""
    if parts == "largest" and shape_type != "polygon":
        segment = largest_part(segment)
    (left, top), (height, width) = segment.corner_xy, segment.part.shape
    match shape_type:
        case "rectangle":
            points: list[float] = [left, top, left + width, top + height]
        case "mask":
            points = encode_part(segment.part, segment.corner_xy)
        case _:
            points = outline(segment.part, segment.corner_xy)[0]
    return cvataa.TrackableShape(type=shape_type, points=points)


def create(
    model_id: str,
    device: str = "auto",
    *,
    half: bool | Literal["auto"] = "auto",
    parts: Literal["largest", "all"] = "largest",
) -> Sam2TrackingFunction:
    """Return the tracker.

    Args:
        model_id: such as "facebook/sam2.1-hiera-tiny", or a folder with such a model.
        device: "auto", "cpu", "cuda:0", "mps".
        half: whether to calculate in 16 bits; "auto" does so on CUDA.
        parts: what of an object in several parts is followed: the "largest", or "all" of them. A
            polygon always is the largest.

    Raises:
        MissingExtraError: transformers is not installed.
        OSError: there is no such model.
        ValueError: an argument is none of those above.
    """
    return Sam2TrackingFunction(model_id, device=device, half=half, parts=parts)
