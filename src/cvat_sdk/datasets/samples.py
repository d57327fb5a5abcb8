"""What a dataset consists of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cvat_sdk import models

if TYPE_CHECKING:
    import PIL.Image


@dataclass
class FrameAnnotations:
    """The tags and shapes of one frame. Tracks are not among them."""

    tags: list[models.LabeledImage] = field(default_factory=list)
    shapes: list[models.LabeledShape] = field(default_factory=list)


class MediaElement(ABC):
    """An image that is read when it is wanted."""

    @abstractmethod
    def load_image(self) -> PIL.Image.Image:
        """Return the image, upright, of the size that the server announces.

        Raises:
            UnsupportedDatasetError: it cannot be read, or is of another size.
        """


@dataclass
class Sample:
    """A frame.

    Attributes:
        frame_index: its number within the task, from 0.
        frame_name: of the file that was uploaded.
        annotations: None if the dataset was made without.
    """

    frame_index: int
    frame_name: str
    annotations: FrameAnnotations | None
    media: MediaElement
