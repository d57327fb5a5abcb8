"""Small images and videos, made on the fly."""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from cvat_hub.media import Manifest, Options, UploadFolder, prepare

ORIENTATION = 0x0112


@pytest.fixture
def image() -> Callable[..., bytes]:
    """Make an image that is white in its upper left quarter, black elsewhere."""

    def make(
        size: tuple[int, int] = (32, 24),
        format: str = "JPEG",
        mode: str = "RGB",
        orientation: int | None = None,
        grey: int = 0,
    ) -> bytes:
        picture = Image.new("L", size, grey)
        picture.paste(255, (0, 0, size[0] // 2, size[1] // 2))
        exif = Image.Exif()
        if orientation is not None:
            exif[ORIENTATION] = orientation
        buffer = BytesIO()
        options = {"exif": exif} if orientation is not None else {}
        picture.convert(mode).save(buffer, format, **options)
        return buffer.getvalue()

    return make


@pytest.fixture
def video(tmp_path: Path) -> Callable[..., bytes]:
    """Make a video whose frame `n` has the grey value `10 + 5 n` (modulo 200), white top left."""

    def make(
        frames: int = 12,
        size: tuple[int, int] = (64, 48),
        container: str = "mp4",
        codec: str = "libx264",
        pixel_format: str = "yuv420p",
        rotation: int = 0,
        pts: Sequence[int] | None = None,
        **options: str,
    ) -> bytes:
        path = tmp_path / f"made.{container}"
        with av.open(str(path), "w") as file:
            stream: Any = file.add_stream(codec, rate=25, options=options)
            stream.width, stream.height, stream.pix_fmt = *size, pixel_format
            if rotation:
                stream.set_display_rotation(rotation)
            for number in range(frames):
                pixels = np.full((size[1], size[0], 3), 10 + 5 * number % 200, np.uint8)
                pixels[: size[1] // 2, : size[0] // 2] = 255
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts = pts[number] if pts else number
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        body = path.read_bytes()
        path.unlink()
        return body

    return make


@pytest.fixture
def uploads(tmp_path: Path) -> UploadFolder:
    return UploadFolder(tmp_path / "uploads")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def prepared(uploads: UploadFolder, target: Path) -> Callable[..., Manifest]:
    """Upload files and prepare them into `target`."""

    def run(files: dict[str, bytes], **options: Any) -> Manifest:
        for name, body in files.items():
            uploads.save(name, BytesIO(body))
        return prepare(uploads, target, Options(**options), lambda _: None, list.reverse)

    return run
