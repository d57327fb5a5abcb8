import random
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cvat_hub.media import Manifest, MediaError, MediaReader
from cvat_hub.media.encoding import crf_of
from cvat_hub.media.video import VideoIndex

Prepared = Callable[..., Manifest]
Make = Callable[..., bytes]


def shade(number: int) -> int:
    return 10 + 5 * number % 200


def pixels(reader: MediaReader, number: int) -> NDArray[np.uint8]:
    media = reader.frame(number, "original")
    assert media.content_type == "image/png"
    assert isinstance(media.body, bytes)
    return np.asarray(Image.open(BytesIO(media.body)))


def number_of(picture: NDArray[np.uint8]) -> int:
    """Tell a frame's number in its video by the shade of its lower right quarter."""
    height, width = picture.shape[:2]
    return round((float(picture[height * 3 // 4, width * 3 // 4].mean()) - 10) / 5)


def decoded(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bf": "3", "g": "12"},
        {"g": "1"},
        {"x264-params": "open-gop=1:keyint=10:bframes=3"},
        {"movflags": "frag_keyframe+empty_moov"},
        {"container": "mov"},
        {"container": "mkv", "bf": "2"},
        {"container": "webm", "codec": "libvpx"},
        {"container": "webm", "codec": "libvpx-vp9"},
        {"container": "avi", "codec": "mpeg4", "bf": "2", "b": "8M"},
        {"container": "avi", "codec": "mjpeg", "pixel_format": "yuvj420p"},
        {"container": "ts", "bf": "2"},
        {"container": "mpg", "codec": "mpeg2video"},
        {"container": "wmv", "codec": "wmv2"},
        {"container": "flv", "codec": "flv1"},
        {"container": "264"},
        {"container": "mkv", "codec": "ffv1"},
        {"container": "mkv", "codec": "libsvtav1", "crf": "20"},
        {"container": "mov", "codec": "prores_ks", "pixel_format": "yuv422p10le"},
        {"container": "avi", "codec": "huffyuv", "pixel_format": "yuv422p"},
        {"container": "avi", "codec": "ffvhuff"},
        {"container": "avi", "codec": "utvideo"},
        {"container": "avi", "codec": "rawvideo"},
        {"container": "avi", "codec": "msmpeg4v2", "b": "4M"},
        {"container": "avi", "codec": "magicyuv"},
        {"container": "mkv", "codec": "rawvideo"},
        {"container": "mov", "codec": "png", "pixel_format": "rgb24"},
        {"container": "mov", "codec": "cfhd", "pixel_format": "yuv422p10le"},
        {"container": "avi", "codec": "zmbv", "pixel_format": "bgr0"},
        {"container": "mov", "codec": "mjpeg", "pixel_format": "yuvj422p"},
        {"container": "mov", "codec": "qtrle", "pixel_format": "rgb24"},
        {"container": "mov", "codec": "jpeg2000"},
        {"container": "mp4", "codec": "mpeg4", "b": "8M"},
        {"container": "mp4", "codec": "mpeg2video", "b": "8M"},
        {"container": "mpg", "codec": "mpeg1video", "b": "8M"},
        {"container": "vob", "codec": "mpeg2video", "b": "8M"},
        {"container": "wmv", "codec": "wmv1", "b": "8M"},
        {"container": "3gp", "codec": "h263", "size": (176, 144)},
        {"container": "mxf", "codec": "mpeg2video", "b": "8M"},
        {
            "container": "mov",
            "codec": "dnxhd",
            "profile": "dnxhr_hq",
            "size": (256, 128),
            "pixel_format": "yuv422p",
        },
        {"container": "y4m", "codec": "wrapped_avframe"},
        {"container": "265", "codec": "libx265", "x265-params": "log-level=none"},
        {"container": "m2v", "codec": "mpeg2video", "b": "8M"},
        {"container": "mts", "codec": "libx264"},
        {"container": "mp4", "codec": "libx265", "x265-params": "log-level=none:keyint=8"},
        {"pixel_format": "yuv422p10le"},
        {"size": (65, 49), "pixel_format": "yuv444p"},
        {"pts": [0, 1, 2, 9, 10, 11, 30, 31, 60, *range(61, 77)]},
    ],
    ids=lambda options: ",".join(f"{name}={value}" for name, value in options.items())[:60],
)
def test_every_frame_is_served_in_any_order(
    prepared: Prepared, video: Make, target: Path, options: dict[str, Any]
) -> None:
    name = f"clip.{options.get('container', 'mp4')}"
    manifest = prepared({name: video(25, **options)})
    assert manifest.size == 25
    width, height = options.get("size", (64, 48))
    assert (manifest.frames[0].width, manifest.frames[0].height) == (width, height)
    forward, backward, jumping = range(25), range(24, -1, -1), [n * 17 % 25 for n in range(25)]
    with MediaReader(target) as reader:
        for number in (*forward, *backward, *jumping):
            picture = pixels(reader, number)
            assert picture.shape == (height, width, 3)
            assert number_of(picture) == number


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, list(range(12))),
        ({"start_frame": 5}, list(range(5, 12))),
        ({"start_frame": 2, "stop_frame": 9, "frame_filter": "step=3"}, [2, 5, 8]),
        ({"frame_filter": "step=7"}, [0, 7]),
    ],
)
@pytest.mark.parametrize("use_zip_chunks", [False, True])
def test_start_stop_and_step_choose_frames_of_a_video(
    prepared: Prepared,
    video: Make,
    target: Path,
    options: dict[str, Any],
    expected: list[int],
    use_zip_chunks: bool,
) -> None:
    manifest = prepared(
        {"clip.mp4": video(12)}, chunk_size=3, use_zip_chunks=use_zip_chunks, **options
    )
    assert (manifest.start_frame, manifest.stop_frame) == (expected[0], expected[-1])
    with MediaReader(target) as reader:
        assert [number_of(pixels(reader, n)) for n in range(manifest.size)] == expected
        with Image.open(str(reader.preview(1).body)) as preview:
            assert number_of(np.asarray(preview)) == expected[1]
        chunks = [reader.chunk(n, "original").body for n in range(manifest.chunks)]
    assert all(isinstance(path, Path) for path in chunks)
    served = [[number_of(frame) for frame in decoded(Path(str(path)))] for path in chunks]
    assert served == [expected[n : n + 3] for n in range(0, len(expected), 3)]


@pytest.mark.parametrize(
    ("rotation", "size", "corner"),
    [(0, (64, 48), (0, 0)), (90, (48, 64), (-1, 0)), (180, (64, 48), (-1, -1)),
     (-90, (48, 64), (0, -1))],
)  # fmt: skip
def test_a_turned_video_is_handed_out_upright(
    prepared: Prepared,
    video: Make,
    target: Path,
    rotation: int,
    size: tuple[int, int],
    corner: tuple[int, int],
) -> None:
    manifest = prepared({"phone.mp4": video(5, rotation=rotation)})
    assert (manifest.frames[0].width, manifest.frames[0].height) == size
    with MediaReader(target) as reader:
        pictures = [pixels(reader, 3), decoded(Path(str(reader.chunk(0, "original").body)))[3]]
    for picture in pictures:
        assert picture.shape == (size[1], size[0], 3)
        assert picture[corner].mean() > 245
        assert number_of(picture) == 3 or corner == (-1, -1)


@pytest.mark.parametrize("quality", ["original", "compressed"])
@pytest.mark.parametrize("size", [(64, 48), (65, 48), (64, 49), (65, 49), (2, 2), (17, 3)])
def test_a_chunk_has_the_size_of_the_frames(
    prepared: Prepared, video: Make, target: Path, quality: Any, size: tuple[int, int]
) -> None:
    prepared({"clip.mkv": video(4, size, "mkv", "ffv1", "yuv444p")})
    with MediaReader(target) as reader:
        media = reader.chunk(0, quality)
        frames = decoded(Path(str(media.body)))
        exact = [pixels(reader, n) for n in range(4)]
    assert media.content_type == "video/mp4"
    assert [frame.shape for frame in frames] == [(size[1], size[0], 3)] * 4
    far = 12 if quality == "original" else 40
    # Colours have no detail below 2x2 pixels in 4:2:0, so means are compared.
    for frame, wanted in zip(frames, exact, strict=True):
        assert abs(frame.astype(int) - wanted.astype(int)).mean() < far


def bad_videos(video: Make) -> Iterator[tuple[str, bytes, str]]:
    body = video(60, container="mp4")
    yield "a.mp4", b"", "not a video that can be read"
    yield "a.mp4", b"no video at all", "not a video that can be read"
    yield "a.mp4", body[: len(body) // 2], "not a video that can be read"
    fast = video(60, container="mp4", movflags="faststart")
    yield "a.mp4", fast[: len(fast) * 3 // 4], "a.mp4: "
    mkv = video(60, container="mkv")
    yield "a.mkv", mkv[: len(mkv) // 2], "a.mkv: cut off after"
    damaged = bytearray(video(60, (320, 240), "avi", "mpeg4", g="6", b="8M"))
    middle = len(damaged) // 2
    damaged[middle : middle + 300] = bytes(byte ^ 0x5A for byte in damaged[middle : middle + 300])
    yield "a.avi", bytes(damaged), "a.avi: damaged at frame"
    playlist = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
    yield "a.mp4", playlist, "not a video that can be read"
    yield "a.ts", playlist, "not a video that can be read"
    yield "a.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n", "not a video that can be read"


def test_a_bad_video_is_refused_by_name_and_leaves_nothing(
    prepared: Prepared, video: Make, target: Path
) -> None:
    for name, body, message in bad_videos(video):
        with pytest.raises(MediaError) as caught:
            prepared({name: body})
        assert str(caught.value).startswith(f"{name}: ")
        assert message in str(caught.value)
        assert [path.name for path in target.parent.iterdir()] == ["uploads"]
        shutil.rmtree(target.parent / "uploads")


def test_damaged_bytes_are_refused_or_every_frame_is_served(
    prepared: Prepared, video: Make, target: Path
) -> None:
    chance = random.Random(7)
    bodies = [video(12, container=name) for name in ("mp4", "mkv", "ts")]
    bodies.append(video(12, container="webm", codec="libvpx"))
    served = 0
    for n in range(60):
        body = bytearray(bodies[n % 4])
        for _ in range(chance.choice((1, 3, 10))):
            body[chance.randrange(len(body))] = chance.randrange(256)
        shutil.rmtree(target.parent / "uploads", ignore_errors=True)
        try:
            size = prepared({f"a.{('mp4', 'mkv', 'ts', 'webm')[n % 4]}": bytes(body)}).size
        except MediaError:
            continue
        with MediaReader(target) as reader:
            shapes = {pixels(reader, number).shape for number in (size - 1, 0, size // 2)}
        assert len(shapes) == 1
        served += 1
    assert 0 < served < 60


def test_sound_alone_is_no_video(prepared: Prepared, tmp_path: Path) -> None:
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("pcm_s16le", rate=8000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 8000), np.int16), format="s16", layout="mono"
        )
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(MediaError, match=r"sound\.mkv: holds no video"):
        prepared({"sound.mkv": path.read_bytes()})


def test_a_video_that_can_be_sought_is_kept_as_it_is(
    prepared: Prepared, video: Make, target: Path
) -> None:
    body = video(20, g="5", sc_threshold="0")
    prepared({"clip.mp4": body})
    index = VideoIndex.load(target)
    assert (target / index.file).read_bytes() == body
    assert len(index.pts) == 20
    assert index.keys == [0, 5, 10, 15]


def test_a_frame_of_a_file_that_has_changed_since_is_an_error(
    prepared: Prepared, video: Make, target: Path
) -> None:
    prepared({"clip.mp4": video(20)})
    (target / VideoIndex.load(target).file).write_bytes(video(10))
    with MediaReader(target) as reader, pytest.raises(OSError, match="frame 15 cannot be read"):
        reader.frame(15, "original")


def test_the_rate_factor_falls_with_quality() -> None:
    factors = [crf_of(quality) for quality in (0, 50, 70, 100)]
    assert factors == [51, 32, 24, 12]
