"""The frames of tasks and jobs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from cvat_sdk import models
from cvat_sdk.core.proxies.labels import LabelsMixin

if TYPE_CHECKING:
    import os

    import PIL.Image


class FramesMixin(LabelsMixin):
    """For objects that have frames and labels. Frame numbers are those of the task, from 0."""

    meta_argument: ClassVar[str]

    def get_meta(self) -> models.DataMetaRead:
        """Return names and sizes of the frames, and how they are stored."""
        meta: models.DataMetaRead
        meta, _ = self.api.retrieve_data_meta(self.id)
        return meta

    def get_frames_info(self) -> list[models.FrameMeta]:
        """Return names and sizes of the frames; a video has one entry for all of them."""
        return list(self.get_meta().frames or ())

    def get_frame(self, frame_id: int, *, quality: str | None = None) -> io.BytesIO:
        """Return a frame as an image file.

        Args:
            quality: "original", which is byte for byte what was uploaded, or "compressed"; the
                latter is the server's default.
        """
        return self._read("retrieve_data", "frame", number=frame_id, quality=quality)

    def get_preview(self) -> io.BytesIO:
        """Return a small picture as an image file."""
        return self._read("retrieve_preview")

    def download_frames(
        self,
        frame_ids: Sequence[int],
        *,
        image_extension: str | None = None,
        outdir: str | os.PathLike[str] | None = ".",
        quality: str = "original",
        filename_pattern: str = "frame_{frame_id:06d}{frame_ext}",
    ) -> list[PIL.Image.Image] | None:
        """Write frames to files, as the server sends them.

        Args:
            image_extension: such as ".png", to convert them; by default, each keeps its format.
            outdir: a folder, made if it is not there; None returns the images instead.
            filename_pattern: may use `frame_id`, `frame_ext` (with its dot).
        """
        import PIL.Image

        if outdir is not None:
            Path(outdir).mkdir(parents=True, exist_ok=True)
        images: list[PIL.Image.Image] = []
        for frame_id in frame_ids:
            file = self.get_frame(frame_id, quality=quality)
            image = PIL.Image.open(file)
            if outdir is None:
                image.load()
                images.append(image)
                continue
            extension = "." + (image_extension or _extension(image)).lstrip(".")
            name = filename_pattern.format(frame_id=frame_id, frame_ext=extension)
            if image_extension is None:
                (Path(outdir) / name).write_bytes(file.getvalue())
            else:
                image.save(Path(outdir) / name)
        return images if outdir is None else None

    def remove_frames_by_ids(self, ids: Sequence[int]) -> None:
        """Mark frames as deleted. The list replaces the one before: [] brings all of them back."""
        change: dict[str, Any] = {self.meta_argument: {"deleted_frames": list(ids)}}
        self.api.partial_update_data_meta(self.id, **change)

    def _read(self, operation: str, *args: Any, **kwargs: Any) -> io.BytesIO:
        given = {name: value for name, value in kwargs.items() if value is not None}
        _, response = getattr(self.api, operation)(self.id, *args, **given)
        return io.BytesIO(response.data)


def _extension(image: PIL.Image.Image) -> str:
    return {"JPEG": "jpg", "MPO": "jpg", "JPEG2000": "jp2"}.get(
        str(image.format), str(image.format).lower()
    )
