"""Where a torch model runs, and with how many bits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Placement:
    """A device, and whether matrices are multiplied there in 16 bits."""

    device: Any
    half: bool

    def place(self, model: Any) -> Any:
        """Return the model on the device, ready to be run."""
        return model.to(self.device).eval().requires_grad_(False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Surround a run of a model."""
        import torch

        # Processors have instructions for bfloat16 only.
        dtype = torch.bfloat16 if self.device.type == "cpu" else torch.float16
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, dtype=dtype, enabled=self.half),
        ):
            yield


def choose(device: str, half: bool | Literal["auto"]) -> Placement:
    """Return what the words of `create` stand for.

    Args:
        device: "auto" for the best there is, or a name that torch knows: "cpu", "cuda:0", "mps".
        half: True, False, or "auto" for 16 bits on CUDA, where they are faster by a multiple.

    Raises:
        ValueError: torch knows no such device, or this machine doesn't have it.
    """
    import torch

    try:
        chosen = torch.device(_best() if device == "auto" else device)
        torch.empty(1, device=chosen)
    except (RuntimeError, AssertionError) as error:
        problem = str(error).splitlines()[0]
        raise ValueError(
            f"device {device!r} can't be used: {problem}; 'auto' takes the best there is"
        ) from error
    if half not in (True, False, "auto"):
        raise ValueError(f"half must be True, False or 'auto', got {half!r}")
    return Placement(chosen, chosen.type == "cuda" if half == "auto" else bool(half))


def _best() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
