from __future__ import annotations

import pytest

from cvat_sdk.auto_annotation.functions import placement

pytestmark = pytest.mark.torch


def test_on_a_processor_auto_calculates_in_32_bits() -> None:
    assert placement.choose("cpu", "auto").half is False
    assert placement.choose("cpu", True).half is True


@pytest.mark.parametrize("device", ["gpu", "cuda:99", ""])
def test_a_device_that_is_not_there_is_named(device: str) -> None:
    with pytest.raises(ValueError, match=f"device '{device}' can't be used: .*'auto' takes"):
        placement.choose(device, "auto")


def test_half_is_a_choice_of_three() -> None:
    with pytest.raises(ValueError, match="half must be True, False or 'auto', got 'yes'"):
        placement.choose("cpu", "yes")  # type: ignore[arg-type]


def test_a_model_runs_without_gradients() -> None:
    import torch

    placed = placement.choose("cpu", False)
    model = placed.place(torch.nn.Linear(2, 2))
    with placed.running():
        assert model(torch.ones(1, 2)).is_inference()
    assert not model.training
