"""What a caller of `annotate_task` can choose that its results depend on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from cvat_sdk.auto_annotation import roi as regions
from cvat_sdk.auto_annotation import selection

Merge = Literal["append", "replace", "iou"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """As the arguments of `annotate_task` are.

    Raises:
        ValueError: one of them is out of its range.
    """

    clear_existing: bool = False
    allow_unmatched_labels: bool = False
    conf_threshold: float | None = None
    conv_mask_to_poly: bool = False
    frames: str | Iterable[int] | None = None
    job_id: int | None = None
    only_unannotated: bool = False
    label_mapping: Mapping[str, str] = field(default_factory=dict)
    roi: Sequence[float] | None = None
    merge: Merge = "append"
    iou_threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.conf_threshold is not None and not 0 <= self.conf_threshold <= 1:
            raise ValueError(f"conf_threshold must be between 0 and 1, got {self.conf_threshold}")
        check_iou_threshold(self.iou_threshold)
        check_choice("merge", self.merge, ("append", "replace", "iou"))
        if self.roi is not None:
            regions.check(self.roi)
        if isinstance(self.frames, str):
            selection.parse_frames(self.frames)
        elif self.frames is not None:
            # It may be an iterator, and is read more than once.
            object.__setattr__(self, "frames", sorted(self.frames))

    def told(self) -> dict[str, Any]:
        """Return the options for a fingerprint."""
        return asdict(self)


def check_iou_threshold(value: float) -> None:
    """Check from which overlap on two shapes are the same.

    Raises:
        ValueError: it is out of its range.
    """
    if not 0 < value <= 1:
        raise ValueError(f"iou_threshold must be over 0 and at most 1, got {value}")


def check_choice(name: str, value: object, choices: Collection[object]) -> None:
    """Check an argument that has few values.

    Raises:
        ValueError: it is none of them.
    """
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")


def check_batch_size(value: object) -> None:
    """Check how many images are to be in a batch.

    Raises:
        ValueError: it is neither "auto" nor a number from 1 on.
    """
    if value != "auto" and not (isinstance(value, int) and value >= 1):
        raise ValueError(f"batch_size must be 'auto' or a number from 1 on, got {value!r}")
