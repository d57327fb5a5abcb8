"""Models of torchvision, loaded by name, with published weights or those of a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

import cvat_sdk.auto_annotation as cvataa

from . import extras, placement
from .findings import by_size

if TYPE_CHECKING:
    import PIL.Image

Found = dict[str, Any]
"""What a model found in one image: arrays by torchvision's names, "boxes", "scores", ..."""


class TorchvisionFunction(ABC):
    """A detection function; one object may be used by several threads at once.

    Args:
        model_name: as torchvision knows it, such as "fasterrcnn_resnet50_fpn_v2".
        weights_name: of the model's published weights, such as "COCO_V1", or the path of a file
            with a state dict of the model.
        device: "auto", "cpu", "cuda:0", "mps".
        half: whether to calculate in 16 bits; "auto" does so on CUDA.
        kwargs: what else the model's constructor takes.

    Raises:
        MissingExtraError: torchvision is not installed.
        ValueError: torchvision knows no such model or weights, or the file has others.
    """

    label_type: ClassVar[str]

    def __init__(
        self,
        model_name: str,
        weights_name: str = "DEFAULT",
        *,
        device: str = "auto",
        half: bool | Literal["auto"] = "auto",
        **kwargs: Any,
    ) -> None:
        extras.load("torchvision", extra="pytorch")
        self._placement = placement.choose(device, half)
        self._weights, model = _load(model_name, weights_name, kwargs)
        self._model = self._placement.place(self.adapted(model))

    def adapted(self, model: Any) -> Any:
        """Return the model as this function runs it."""
        return model

    @property
    def categories(self) -> list[str]:
        return list(self._weights.meta["categories"])

    @cached_property
    def spec(self) -> cvataa.DetectionFunctionSpec:
        return cvataa.DetectionFunctionSpec(
            labels=[
                cvataa.label_spec(name, i, type=self.label_type)
                for i, name in enumerate(self.categories)
                if name != "N/A"
            ]
        )

    def detect(
        self, context: cvataa.DetectionFunctionContext, image: PIL.Image.Image
    ) -> list[cvataa.DetectionAnnotation]:
        return self.detect_batch([context], [image])[0]

    def detect_batch(
        self,
        contexts: Sequence[cvataa.DetectionFunctionContext],
        images: Sequence[PIL.Image.Image],
    ) -> list[list[cvataa.DetectionAnnotation]]:
        return [
            self.to_annotations(context, image.size, found)
            for context, image, found in zip(
                contexts, images, by_size(self._found)(images), strict=True
            )
        ]

    def _found(self, images: Sequence[PIL.Image.Image]) -> list[Found]:
        prepared = [self.prepare(image) for image in images]
        with self._placement.running():
            return self.predict(prepared)

    @abstractmethod
    def prepare(self, image: PIL.Image.Image) -> Any:
        """Return the model's input for an image of any mode."""

    @abstractmethod
    def predict(self, prepared: list[Any]) -> list[Found]:
        """Run the model over images of one size."""

    @abstractmethod
    def to_annotations(
        self, context: cvataa.DetectionFunctionContext, size_wh: tuple[int, int], found: Found
    ) -> list[cvataa.DetectionAnnotation]:
        """Return what was found, where the context's threshold is reached."""


class TorchvisionDetector(TorchvisionFunction):
    """A function whose model has the interface of torchvision's detectors."""

    def prepare(self, image: PIL.Image.Image) -> Any:
        """Return the pixels `(3, H, W)`, RGB, 0..1, on the device."""
        return pixels_of(image).to(self._placement.device).float().div_(255)

    def predict(self, prepared: list[Any]) -> list[Found]:
        return [
            {name: values.float().cpu().numpy() for name, values in found.items()}
            for found in self._model(prepared)
        ]


def pixels_of(image: PIL.Image.Image) -> Any:
    """Return an image's pixels as a tensor `(3, H, W)`, RGB, of bytes."""
    import torch

    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)


def reaching(context: cvataa.DetectionFunctionContext, found: Found) -> Found:
    """Return the n objects whose score reaches the threshold; each array's first axis is n."""
    keep = found["scores"] >= (context.conf_threshold or 0)
    return {name: values[keep] for name, values in found.items()} | {
        "labels": found["labels"][keep].astype(int)
    }


def _load(model_name: str, weights_name: str, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Return the weights' description and the model."""
    from torchvision import models

    try:
        known = models.get_model_weights(model_name)
    except ValueError as error:
        raise ValueError(f"model_name: torchvision knows no model {model_name!r}") from error
    if not Path(weights_name).is_file():
        if weights_name not in known.__members__:
            raise ValueError(
                f"weights_name: {weights_name!r} is neither a file nor one of"
                f" {', '.join(known.__members__)}"
            )
        weights = known[weights_name]
        return weights, models.get_model(model_name, weights=weights, **kwargs)
    # Without this, the backbone's weights would be downloaded.
    without = {"weights_backbone": None} if _is_detector(models, model_name) else {}
    model = models.get_model(model_name, weights=None, **without, **kwargs)
    _fill(model, Path(weights_name))
    return known["DEFAULT"], model


def _is_detector(models: Any, model_name: str) -> bool:
    return model_name in models.list_models(module=models.detection)


def _fill(model: Any, file: Path) -> None:
    import torch

    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
        missing, unknown = model.load_state_dict(state, strict=False)
    except (UnpicklingError, EOFError) as error:
        raise ValueError(
            f"{file}: this is no state dict of the model, as torch.save(model.state_dict(), ...)"
            " writes it"
        ) from error
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"{file}: this is no state dict of the model: {error}") from error
    # Counters that only matter in training; published files leave them out.
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unknown:
        raise ValueError(
            f"{file}: this is no state dict of the model: {len(missing)} names are missing"
            f" {missing[:3]}, {len(unknown)} are unknown {unknown[:3]}"
        )
