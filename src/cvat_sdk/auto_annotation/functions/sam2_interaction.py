"""Masks of what the user points at, by SAM 2: points inside and outside, and a box.

Prompts that are added to those before go on with the mask that those gave, so that each click
mends it. That mask is kept with the image, for the last prompts only.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.masks import encode_part
from cvat_sdk.models import AttributeValRequest

from . import extras, placement
from .findings import enlarged, rounded
from .sam2_models import Sam2

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["Sam2InteractionFunction", "create"]

Prompts = list[tuple[int, float, float]]
"""What was pointed at: a meaning (1 inside, 0 outside, 2 and 3 a box's corners), x and y."""


@dataclass(frozen=True, eq=False)
class EncodedImage:
    """What is known of an image before prompts are: the encoder's results, and its size."""

    embeddings: list[Any]
    size_wh: tuple[int, int]


@dataclass(frozen=True)
class Answer:
    """The prompts that a mask was found for, and its logits `(1, 1, h, w)`."""

    prompts: Prompts
    logits: Any

    def is_begun_by(self, prompts: Prompts) -> bool:
        """Whether the prompts are those of this answer and more."""
        return len(prompts) > len(self.prompts) and set(self.prompts) < set(prompts)


@dataclass(eq=False)
class Sam2InteractionFunction:
    """The interaction function; see `create`."""

    model_id: str
    device: str = "auto"
    half: bool | Literal["auto"] = "auto"
    spec: cvataa.InteractionFunctionSpec = field(
        init=False,
        default_factory=lambda: cvataa.InteractionFunctionSpec(
            min_pos_points=0, min_neg_points=0, min_bounding_boxes=0
        ),
    )

    def __post_init__(self) -> None:
        extras.load("torch", extra="sam2")
        chosen = placement.choose(self.device, self.half)
        self._sam = Sam2("Sam2Model", self.model_id, chosen)
        self._answers: weakref.WeakKeyDictionary[EncodedImage, Answer] = weakref.WeakKeyDictionary()

    def preprocess_image(
        self, context: cvataa.InteractionFunctionContext, image: PIL.Image.Image
    ) -> EncodedImage:
        with self._sam.placement.running():
            embeddings = self._sam.model.get_image_embeddings(self._sam.prepare(image))
        return EncodedImage(embeddings, image.size)

    def detect(
        self,
        context: cvataa.InteractionFunctionContext,
        pp_image: EncodedImage,
        prompts: cvataa.InteractionPrompts,
    ) -> list[cvataa.InteractionResultShape]:
        pointed = read(prompts)
        if not pointed:
            return []
        last = self._answers.get(pp_image)
        before = last.logits if last and last.is_begun_by(pointed) else None
        logits, score = self._predict(pp_image, pointed, before)
        self._answers[pp_image] = Answer(pointed, logits)
        segment = enlarged(logits[0, 0].float().cpu().numpy(), pp_image.size_wh)
        if segment is None:
            return []
        confidence = AttributeValRequest(
            spec_id=cvataa.InteractionResultAttributes.CONFIDENCE, value=str(rounded(score))
        )
        return [
            cvataa.InteractionResultShape(
                type="mask",
                points=encode_part(segment.part, segment.corner_xy),
                attributes=[confidence],
            )
        ]

    def _predict(self, image: EncodedImage, pointed: Prompts, before: Any) -> tuple[Any, float]:
        """Return the best mask's logits `(1, 1, h, w)`, and how good the model takes it to be."""
        points = [(x, y) for _, x, y in pointed]
        # One point may mean a thing or a part of it; more than one are taken to mean one thing.
        is_vague = len(pointed) == 1 and before is None
        with self._sam.placement.running():
            found = self._sam.model(
                image_embeddings=list(image.embeddings),
                input_points=self._sam.points(points, image.size_wh),
                input_labels=self._sam.labels([meaning for meaning, _, _ in pointed]),
                input_masks=before,
                multimask_output=is_vague,
            )
        best = int(found.iou_scores[0, 0].argmax())
        # The model's own bounds of logits that are fed back.
        logits = found.pred_masks[:, 0, best : best + 1].clamp(-32, 32)
        return logits, float(found.iou_scores[0, 0, best])


def read(prompts: cvataa.InteractionPrompts) -> Prompts:
    """Return the prompts in the order that the model wants: a box's corners first."""
    box: Sequence[tuple[float, float]] = prompts.bounding_box or ()
    return [
        *((2 + i, x, y) for i, (x, y) in enumerate(box)),
        *((1, x, y) for x, y in prompts.pos_points),
        *((0, x, y) for x, y in prompts.neg_points),
    ]


def create(
    model_id: str, device: str = "auto", *, half: bool | Literal["auto"] = "auto"
) -> Sam2InteractionFunction:
    """Return the function.

    Args:
        model_id: such as "facebook/sam2.1-hiera-tiny", or a folder with such a model.
        device: "auto", "cpu", "cuda:0", "mps".
        half: whether to calculate in 16 bits; "auto" does so on CUDA.

    Raises:
        MissingExtraError: transformers is not installed.
        OSError: there is no such model.
        ValueError: an argument is none of those above.
    """
    return Sam2InteractionFunction(model_id, device, half)
