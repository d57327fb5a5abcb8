"""What a detection function finds, to be looked at: pictures, a contact sheet, COCO JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvat_sdk.auto_annotation.pipeline import Finding
from cvat_sdk.auto_annotation.trial import coco, drawing
from cvat_sdk.auto_annotation.trial.local_frames import LocalFrame
from cvat_sdk.auto_annotation.trial.running import findings

if TYPE_CHECKING:
    import PIL.Image

SHEET, COCO = "contact-sheet.jpg", "coco.json"
_SHEET_MOST = 100


@dataclass(frozen=True)
class Preview:
    """What was written.

    Attributes:
        annotations: how many tags and shapes were found.
        failed: what the function raised, or which rule it broke, by the name of the image.
    """

    folder: Path
    annotations: int
    failed: dict[str, Exception]


def preview(
    function: Any,
    frames: Sequence[LocalFrame],
    folder: Path,
    *,
    conf_threshold: float | None = None,
    conv_mask_to_poly: bool = False,
) -> Preview:
    """Write a picture of each image with what a detection function finds on it, and more.

    `folder` is made if it isn't there. The pictures are called as the images, as PNG, the first
    100 are also in the contact sheet, and all shapes are in the COCO JSON.

    Raises:
        OSError: the folder can't be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = {label.id: label.name for label in function.spec.labels}
    found = findings(
        function, frames, conf_threshold=conf_threshold, conv_mask_to_poly=conv_mask_to_poly
    )
    done: list[Finding] = []
    sheet: list[tuple[str, PIL.Image.Image]] = []
    for frame, file, finding in zip(frames, _file_names(frames), found, strict=True):
        done.append(finding)
        if finding.error:
            continue
        picture = drawing.drawn(frame.load_image(), finding.tags, finding.shapes, names)
        picture.save(folder / file)
        if len(sheet) < _SHEET_MOST:
            picture.thumbnail(drawing.THUMBNAIL_WH)
            sheet.append((frame.name, picture))
    if sheet:
        drawing.contact_sheet(sheet).save(folder / SHEET, quality=90)
    dataset = coco.dataset(done, function.spec.labels)
    (folder / COCO).write_text(json.dumps(dataset), encoding="utf-8")
    return Preview(
        folder,
        sum(len(finding.tags) + len(finding.shapes) for finding in done),
        {finding.frame.name: finding.error for finding in done if finding.error},
    )


def _file_names(frames: Sequence[LocalFrame]) -> Iterator[str]:
    """Yield names of files; of images in several folders, two may have the same name."""
    taken: set[str] = set()
    for frame in frames:
        stem = Path(frame.name).stem
        name = f"{stem}.png" if stem not in taken else f"{stem}-{frame.index}.png"
        taken.add(stem)
        yield name
