import threading
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from cvat_hub.media import Manifest, Media, MediaReader, images

Prepared = Callable[..., Manifest]
Make = Callable[..., bytes]


@pytest.fixture
def photos(image: Make) -> dict[str, bytes]:
    suffixes = {"png": "PNG", "JPG": "JPEG", "webp": "WEBP"}
    return {
        f"{n}.{suffix}": image((40 + n, 30), suffixes[suffix], grey=10 * n)
        for n, suffix in enumerate(["png", "JPG", "webp", "JPG", "png", "JPG", "png"])
    }


@pytest.fixture
def reader(prepared: Prepared, photos: dict[str, bytes], target: Path) -> MediaReader:
    prepared(photos, chunk_size=3, image_quality=60)
    return MediaReader(target)


def members(media: Media) -> dict[str, bytes]:
    assert media.content_type == "application/zip"
    with zipfile.ZipFile(media.body) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        return {info.filename: archive.read(info) for info in archive.infolist()}


def body_of(media: Media) -> bytes:
    assert isinstance(media.body, bytes)
    return media.body


def test_an_original_frame_is_the_upload_itself(
    reader: MediaReader, photos: dict[str, bytes]
) -> None:
    types = {"png": "image/png", "JPG": "image/jpeg", "webp": "image/webp"}
    for number, (name, body) in enumerate(photos.items()):
        assert reader.frame(number, "original") == Media(types[name.split(".")[1]], body)


def test_a_compressed_frame_is_a_jpeg_of_the_same_size(
    reader: MediaReader, photos: dict[str, bytes]
) -> None:
    for number, body in enumerate(photos.values()):
        media = reader.frame(number, "compressed")
        picture = Image.open(BytesIO(body_of(media)))
        assert media.content_type == "image/jpeg"
        assert (picture.format, picture.size) == ("JPEG", (40 + number, 30))
        exact = np.asarray(Image.open(BytesIO(body)).convert("L"), int)
        assert abs(np.asarray(picture.convert("L"), int) - exact).mean() < 4


def test_original_chunks_hold_the_uploads_numbered_from_zero(
    reader: MediaReader, photos: dict[str, bytes]
) -> None:
    chunks = [members(reader.chunk(n, "original")) for n in range(3)]
    assert [list(chunk) for chunk in chunks] == [
        ["000000.png", "000001.JPG", "000002.webp"],
        ["000000.JPG", "000001.png", "000002.JPG"],
        ["000000.png"],
    ]
    assert [body for chunk in chunks for body in chunk.values()] == list(photos.values())


def test_compressed_chunks_hold_the_compressed_frames(reader: MediaReader) -> None:
    chunks = [members(reader.chunk(n, "compressed")) for n in range(3)]
    assert [list(chunk) for chunk in chunks] == [
        ["000000.jpeg", "000001.jpeg", "000002.jpeg"],
        ["000000.jpeg", "000001.jpeg", "000002.jpeg"],
        ["000000.jpeg"],
    ]
    bodies = [body for chunk in chunks for body in chunk.values()]
    assert bodies == [body_of(reader.frame(n, "compressed")) for n in range(7)]


@pytest.mark.parametrize("quality", ["original", "compressed"])
@pytest.mark.parametrize(
    ("number", "within", "frames"),
    [
        (0, range(7), [0, 1, 2]),
        (0, range(1, 7), [1, 2]),
        (1, range(4, 5), [4]),
        (2, range(5, 7), [6]),
        (1, range(5), [3, 4]),
    ],
)
def test_a_jobs_chunk_holds_the_jobs_frames_only(
    reader: MediaReader, quality: Any, number: int, within: range, frames: list[int]
) -> None:
    chunk = members(reader.chunk(number, quality, within))
    assert [name[:6] for name in chunk] == [f"{n:06d}" for n in range(len(frames))]
    assert list(chunk.values()) == [body_of(reader.frame(n, quality)) for n in frames]


@pytest.mark.parametrize("number", [-1, 7, 10**9])
def test_past_the_last_frame_there_is_nothing(reader: MediaReader, number: int) -> None:
    with pytest.raises(IndexError):
        reader.frame(number, "original")
    with pytest.raises(IndexError):
        reader.preview(number)


@pytest.mark.parametrize(
    ("number", "within"), [(-1, None), (3, None), (0, range(3, 5)), (1, range(0)), (2, range(6))]
)
def test_past_the_last_chunk_there_is_nothing(
    reader: MediaReader, number: int, within: range | None
) -> None:
    for quality in ("original", "compressed"):
        with pytest.raises(IndexError):
            reader.chunk(number, quality, within)  # type: ignore[arg-type]


def test_a_jobs_chunk_of_a_video_holds_the_jobs_frames_only(
    prepared: Prepared, video: Make, target: Path
) -> None:
    prepared({"clip.mp4": video(12)}, chunk_size=5)
    with MediaReader(target) as reader:
        path = Path(str(reader.chunk(1, "original", range(7, 12)).body))
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert [round((float(frame[40, 60].mean()) - 10) / 5) for frame in frames] == [7, 8, 9]


def test_a_video_may_have_zip_chunks(prepared: Prepared, video: Make, target: Path) -> None:
    manifest = prepared({"clip.mp4": video(5)}, use_zip_chunks=True, chunk_size=4)
    assert (manifest.original_chunk_type, manifest.compressed_chunk_type) == ("video", "imageset")
    with MediaReader(target) as reader:
        assert reader.chunk(0, "original").content_type == "video/mp4"
        whole, part = reader.chunk(0, "compressed"), reader.chunk(0, "compressed", range(2, 3))
        assert list(members(whole)) == [f"{n:06d}.jpeg" for n in range(4)]
        assert list(members(part).values()) == [members(whole)["000002.jpeg"]]
        picture = Image.open(BytesIO(members(whole)["000003.jpeg"]))
    assert (picture.format, picture.size) == ("JPEG", (64, 48))


@pytest.mark.parametrize("number", [0, 6])
def test_a_preview_is_a_small_jpeg(reader: MediaReader, number: int) -> None:
    media = reader.preview(number)
    with Image.open(str(media.body)) as opened:
        picture = opened.copy()
        picture.format = opened.format
    assert (media.content_type, picture.format) == ("image/jpeg", "JPEG")
    assert picture.size == (40 + number, 30)


def test_a_folder_that_was_never_prepared_has_no_reader(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        MediaReader(tmp_path)


def test_a_chunk_that_many_ask_for_at_once_is_built_once(
    reader: MediaReader, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[int] = []
    compress = images.compressed

    def counted(body: bytes, quality: int) -> bytes:
        built.append(quality)
        return compress(body, quality)

    monkeypatch.setattr(images, "compressed", counted)
    start = threading.Barrier(8)
    seen: list[list[str]] = []

    def ask() -> None:
        # A reader each, as in several processes.
        other = MediaReader(target)
        start.wait()
        seen.append(list(members(other.chunk(0, "compressed"))))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [["000000.jpeg", "000001.jpeg", "000002.jpeg"]] * 8
    assert built == [60] * 3
    assert [path.name for path in (target / "cache").iterdir()] == ["compressed-0.zip"]


def test_a_build_that_fails_leaves_nothing_and_the_next_succeeds(
    reader: MediaReader, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(body: bytes, quality: int) -> bytes:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(images, "compressed", fail)
        with pytest.raises(OSError, match="no space left"):
            reader.chunk(0, "compressed")
    assert list((target / "cache").iterdir()) == []
    assert len(members(reader.chunk(0, "compressed"))) == 3


def test_many_threads_read_one_video(prepared: Prepared, video: Make, target: Path) -> None:
    prepared({"clip.mp4": video(30, g="10")})
    with MediaReader(target) as reader:
        expected = [reader.frame(n, "original") for n in range(30)]
        seen: dict[int, Media] = {}

        def ask(number: int) -> None:
            seen[number] = reader.frame(number, "original")

        threads = [threading.Thread(target=ask, args=(n * 11 % 30,)) for n in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [seen[n] for n in range(30)] == expected
