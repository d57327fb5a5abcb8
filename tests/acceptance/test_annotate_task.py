"""`annotate_task` on a real hub: the images that a function sees, and what is left on the task."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
import pytest

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk import Client, models
from cvat_sdk.auto_annotation import BadFunctionError
from cvat_sdk.core.proxies.tasks import Task
from cvat_sdk.masks import decode_mask, encode_mask

ROTATED = 6  # the EXIF orientation of a camera held upright

pytestmark = pytest.mark.acceptance


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Photos of different sizes and modes, one of them lying on its side."""
    pictures = {
        "a_rgb.jpg": PIL.Image.effect_mandelbrot((60, 40), (-2, -1, 1, 1), 20).convert("RGB"),
        "b_rotated.jpg": PIL.Image.new("RGB", (50, 30), "red"),
        "c_palette.png": PIL.Image.new("RGB", (20, 30), "blue").convert("P"),
        "d_alpha.png": PIL.Image.new("RGBA", (31, 17), (9, 9, 9, 100)),
        "e_deep.png": PIL.Image.fromarray(np.full((21, 33), 40_000, np.uint16)),
        "f_print.jpg": PIL.Image.new("CMYK", (24, 18), (10, 20, 30, 0)),
        "g_gray.png": PIL.Image.new("L", (15, 25), 128),
    }
    exif = PIL.Image.Exif()
    exif[0x0112] = ROTATED
    for name, picture in pictures.items():
        options = {"exif": exif} if "rotated" in name else {}
        picture.save(tmp_path / name, **options)
    return sorted(tmp_path / name for name in pictures)


class Witness:
    """Remembers the images that it is shown, and marks each with its size."""

    spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("thing", 0)])

    def __init__(self) -> None:
        self.seen: list[tuple[str, tuple[int, int], tuple[int, ...]]] = []

    def detect(self, context: Any, image: PIL.Image.Image) -> Sequence[Any]:
        pixel = image.convert("RGB").getpixel((0, 0))
        assert isinstance(pixel, tuple)
        self.seen.append((context.frame_name, image.size, pixel))
        return [cvataa.rectangle(0, [0, 0, *image.size], score=0.5)]


def create(client: Client, resources: list[Path], *, segment_size: int = 0, **data: Any) -> Task:
    return client.tasks.create_from_data(
        models.TaskWriteRequest(
            "things", labels=[{"name": "thing", "type": "any"}], segment_size=segment_size
        ),
        resources,
        data_params={"image_quality": 70, **data},
    )


def test_each_image_has_the_size_that_the_meta_tells(
    hub_client: Client, photos: list[Path]
) -> None:
    task = create(hub_client, photos)
    witness = Witness()
    cvataa.annotate_task(hub_client, task.id, witness)
    meta = task.get_meta()
    assert meta.frames is not None
    told = [(frame.name, (frame.width, frame.height)) for frame in meta.frames]
    assert [(name, size) for name, size, _ in witness.seen] == told
    assert dict(told)["b_rotated.jpg"] == (30, 50)
    assert {name: pixel for name, _, pixel in witness.seen}["e_deep.png"] == (156,) * 3
    assert [shape.points for shape in task.get_annotations().shapes] == [
        [0, 0, *size] for _, size in told
    ]


def test_frame_numbers_and_names_are_right_with_jobs_steps_and_deleted_frames(
    hub_client: Client, photos: list[Path]
) -> None:
    task = create(
        hub_client, photos, segment_size=2, start_frame=1, frame_filter="step=2", chunk_size=2
    )
    task.remove_frames_by_ids([1])
    witness = Witness()
    cvataa.annotate_task(hub_client, task.id, witness)
    assert len(task.get_jobs()) == 2
    assert [name for name, _, _ in witness.seen] == ["b_rotated.jpg", "f_print.jpg"]
    assert [shape.frame for shape in task.get_annotations().shapes] == [0, 2]


def test_photos_in_an_archive_keep_their_folders(
    hub_client: Client, photos: list[Path], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for photo in photos[:2]:
            archive.write(photo, f"day/{photo.name}")
    witness = Witness()
    cvataa.annotate_task(hub_client, create(hub_client, [tmp_path / "photos.zip"]).id, witness)
    assert [name for name, _, _ in witness.seen] == ["day/a_rgb.jpg", "day/b_rotated.jpg"]


def test_a_video_of_odd_size_is_annotated_frame_by_frame(
    hub_client: Client, tmp_path: Path
) -> None:
    with av.open(tmp_path / "clip.mp4", "w") as container:
        stream: Any = container.add_stream("h264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 65, 49, "yuv444p"
        for index in range(10):
            pixels = np.full((49, 65, 3), 20 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    task = create(
        hub_client, [tmp_path / "clip.mp4"], chunk_size=3, start_frame=2, frame_filter="step=2"
    )
    witness = Witness()
    cvataa.annotate_task(hub_client, task.id, witness)
    assert [(name, size) for name, size, _ in witness.seen] == [("clip.mp4", (65, 49))] * 4
    assert [round(pixel[0] / 20) for _, _, pixel in witness.seen] == [2, 4, 6, 8]
    assert [shape.frame for shape in task.get_annotations().shapes] == [0, 1, 2, 3]


def test_a_function_that_fails_on_the_last_frame_leaves_the_task_as_it_was(
    hub_client: Client, photos: list[Path]
) -> None:
    task = create(hub_client, photos[:3])
    cvataa.annotate_task(hub_client, task.id, Witness())
    before = task.get_annotations()

    class Late(Witness):
        def detect(self, context: Any, image: PIL.Image.Image) -> Sequence[Any]:
            found = super().detect(context, image)
            return ["nonsense"] if len(self.seen) == 3 else found

    for clear_existing in (False, True):
        with pytest.raises(BadFunctionError, match=r"frame 2 \('c_palette.png'\), annotation 0"):
            cvataa.annotate_task(hub_client, task.id, Late(), clear_existing=clear_existing)
        assert task.get_annotations().shapes == before.shapes


def test_annotations_are_added_or_replaced(hub_client: Client, photos: list[Path]) -> None:
    task = create(hub_client, photos[:2])
    counts = []
    for clear_existing in (False, False, True):
        cvataa.annotate_task(hub_client, task.id, Witness(), clear_existing=clear_existing)
        counts.append(len(task.get_annotations().shapes))
    assert counts == [2, 4, 2]


ANNOTATIONS: dict[str, Callable[[], Any]] = {
    "tag": lambda: cvataa.tag(0),
    "mask": lambda: cvataa.mask(0, encode_mask(np.eye(20, 30, dtype=bool))),
    "polygon": lambda: cvataa.polygon(0, np.array([0, 0, 9.5, 0, 9, 9]), occluded=True, z_order=2),
    "ellipse": lambda: cvataa.shape(0, type="ellipse", points=[9, 9, 15, 3], rotation=45),
    "cuboid": lambda: cvataa.shape(0, type="cuboid", points=list(range(16))),
}


@pytest.mark.parametrize("kind", ANNOTATIONS)
def test_every_kind_of_annotation_comes_back_as_it_was_made(
    hub_client: Client, photos: list[Path], kind: str
) -> None:
    task = create(hub_client, photos[:1])

    class Maker:
        spec = Witness.spec

        def detect(self, context: Any, image: PIL.Image.Image) -> Sequence[Any]:
            return [ANNOTATIONS[kind]()]

    cvataa.annotate_task(hub_client, task.id, Maker())
    found = task.get_annotations()
    [item] = found.tags + found.shapes
    made = ANNOTATIONS[kind]().to_dict()
    made.update(label_id=task.get_labels()[0].id, source="auto")
    assert {name: item.to_dict()[name] for name in made} == made
    if kind == "mask":
        bitmap = decode_mask(item.points, image_width=60, image_height=40)
        assert (bitmap[:20, :30] == np.eye(20, 30, dtype=bool)).all()
