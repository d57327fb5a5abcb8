import copy
import os
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from cvat_hub.media import FrameInfo, Manifest, MediaError, MediaReader, Options, UploadFolder
from cvat_hub.media import prepare as prepare_uploads
from cvat_hub.media.manifest import frame_step

Prepared = Callable[..., Manifest]
Make = Callable[..., bytes]


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def names(manifest: Manifest) -> list[str]:
    return [frame.name for frame in manifest.frames]


def test_images_become_an_imageset(prepared: Prepared, image: Make, target: Path) -> None:
    files = {f"{letter}.jpg": image((32 + 2 * n, 24)) for n, letter in enumerate("bca")}
    manifest = prepared(files)
    assert manifest == Manifest(
        kind="imageset",
        size=3,
        chunk_size=72,
        image_quality=70,
        start_frame=0,
        stop_frame=2,
        frame_filter="",
        frames=[
            FrameInfo("a.jpg", 36, 24, "image/jpeg"),
            FrameInfo("b.jpg", 32, 24, "image/jpeg"),
            FrameInfo("c.jpg", 34, 24, "image/jpeg"),
        ],
        compressed_chunk_type="imageset",
        original_chunk_type="imageset",
    )
    assert Manifest.load(target) == manifest


def test_a_video_becomes_one_entry(prepared: Prepared, video: Make, target: Path) -> None:
    manifest = prepared({"clip.mp4": video(12)}, use_zip_chunks=False, image_quality=50)
    assert manifest == Manifest(
        kind="video",
        size=12,
        chunk_size=36,
        image_quality=50,
        start_frame=0,
        stop_frame=11,
        frame_filter="",
        frames=[FrameInfo("clip.mp4", 64, 48, "image/png")],
        compressed_chunk_type="video",
        original_chunk_type="video",
    )
    assert Manifest.load(target) == manifest


@pytest.mark.parametrize(
    ("size", "expected"),
    [((640, 480), 72), ((1920, 1080), 36), ((3840, 2160), 9), ((6000, 6400), 2)],
)
def test_large_frames_come_in_small_chunks(
    prepared: Prepared, image: Make, size: tuple[int, int], expected: int
) -> None:
    assert prepared({"a.png": image(size, "PNG", "1")}).chunk_size == expected


def test_the_chunk_size_asked_for_is_taken(prepared: Prepared, image: Make) -> None:
    manifest = prepared({f"{n}.png": image(format="PNG") for n in range(7)}, chunk_size=3)
    assert (manifest.chunk_size, manifest.chunks) == (3, 3)
    assert [list(manifest.chunk_frames(n)) for n in range(3)] == [[0, 1, 2], [3, 4, 5], [6]]


@pytest.mark.parametrize(
    ("options", "stop", "expected"),
    [
        ({}, 9, range(10)),
        ({"start_frame": 3}, 9, range(3, 10)),
        ({"stop_frame": 4}, 4, range(5)),
        ({"stop_frame": 0}, 0, range(1)),
        ({"stop_frame": 99}, 9, range(10)),
        ({"frame_filter": "step=2"}, 8, range(0, 10, 2)),
        ({"start_frame": 1, "stop_frame": 8, "frame_filter": "step=3"}, 7, range(1, 8, 3)),
        ({"start_frame": 9, "frame_filter": "step=5"}, 9, range(9, 10)),
    ],
)
def test_start_stop_and_step_choose_frames_and_the_manifest_counts_uploads(
    prepared: Prepared,
    image: Make,
    video: Make,
    target: Path,
    options: dict[str, Any],
    stop: int,
    expected: range,
) -> None:
    # Each image, like each frame of the video, has a shade of its own.
    manifest = prepared({f"{n}.png": image(format="PNG", grey=n) for n in range(10)}, **options)
    assert names(manifest) == [f"{n}.png" for n in expected]
    assert (manifest.size, manifest.start_frame, manifest.stop_frame) == (
        len(expected),
        expected[0],
        stop,
    )
    assert manifest.frame_filter == options.get("frame_filter", "")
    assert list(range(manifest.start_frame, manifest.stop_frame + 1, manifest.step)) == list(
        expected
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["1.jpg", "10.jpg", "9.jpg"]),
        ({"sorting_method": "natural"}, ["1.jpg", "9.jpg", "10.jpg"]),
        ({"sorting_method": "random"}, ["9.jpg", "10.jpg", "1.jpg"]),
        ({"sorting_method": "predefined"}, ["10.jpg", "9.jpg", "1.jpg"]),
        (
            {"sorting_method": "predefined", "upload_file_order": ["9.jpg", "1.jpg", "10.jpg"]},
            ["9.jpg", "1.jpg", "10.jpg"],
        ),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_frames_come_in_the_order_asked_for(
    prepared: Prepared, image: Make, options: dict[str, Any], expected: list[str], packed: bool
) -> None:
    files = {name: image() for name in ("10.jpg", "9.jpg", "1.jpg")}
    assert names(prepared({"all.zip": zipped(files)} if packed else files, **options)) == expected


def test_the_order_of_uploads_is_the_zips_own_when_it_names_the_zip(
    prepared: Prepared, image: Make
) -> None:
    body = zipped({name: image() for name in ("b.jpg", "a.jpg")})
    options = {"sorting_method": "predefined", "upload_file_order": ["all.zip"]}
    assert names(prepared({"all.zip": body}, **options)) == ["b.jpg", "a.jpg"]


def test_a_zip_keeps_its_folders_and_its_labels_are_passed_over(
    prepared: Prepared, image: Make, target: Path
) -> None:
    photo = image()
    files = {
        "photos/": b"",
        "photos/b.jpg": photo,
        "photos\\a.jpg": photo,
        "labels/a.txt": b"0 0 0 1 1",
        "__MACOSX/photos/._b.jpg": b"litter",
        "photos/.DS_Store": b"litter",
    }
    manifest = prepared({"all.zip": zipped(files)})
    assert names(manifest) == ["photos/a.jpg", "photos/b.jpg"]
    assert MediaReader(target).frame(0, "original").body == photo


def lying(body: bytes, size: int, said: int) -> bytes:
    """Make a zip announce another size for its only member."""
    return body.replace(struct.pack("<I", size), struct.pack("<I", said))


def linked(name: str, target: bytes) -> bytes:
    """Make a zip that holds a symbolic link."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, target)
    return buffer.getvalue()


def overlapping(body: bytes, times: int = 50) -> bytes:
    """Make a zip whose directory lists the same bytes many times, under several names."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("00.jpg", bytes(1 << 22) + body)
        [info] = archive.infolist()
        for number in range(1, times):
            other = copy.copy(info)
            other.filename = f"{number:02}.jpg"
            archive.filelist.append(other)
        archive._didModify = True
    return buffer.getvalue()


def bad_zips(image: Make) -> Iterator[tuple[str, bytes, str]]:
    photo = image()
    good = zipped({"a.jpg": photo})
    yield "no zip", b"nothing like a zip", "all.zip: not a zip that can be read"
    yield "cut off", good[:-30], "all.zip: not a zip that can be read"
    yield "empty", zipped({}), "all.zip: holds no image"
    yield "only labels", zipped({"a.txt": b""}), "all.zip: holds no image"
    yield "climbs out", zipped({"../a.jpg": photo}), "all.zip: file name '../a.jpg'"
    yield "absolute", zipped({"/a.jpg": photo}), "all.zip: file name '/a.jpg'"
    yield "zip in zip", zipped({"a.zip": good}), "a zip may hold images only"
    yield "video", zipped({"a.mp4": b""}), "all.zip: holds 'a.mp4'"
    yield "not read here", zipped({"a.heic": b""}), "all.zip: holds 'a.heic'"
    yield "not an image", zipped({"a.jpg": b"text"}), "a.jpg: not an image that can be read"
    yield "cut image", zipped({"a.jpg": photo[:200]}), "a.jpg: not an image that can be read"
    yield "bomb", zipped({"a.bmp": bytes((1 << 26) + 1)}), "would unpack to 67108865 bytes"
    broken = bytearray(zipped({"a.jpg": photo}, zipfile.ZIP_STORED))
    broken[100] ^= 1
    yield "wrong CRC", bytes(broken), "all.zip: 'a.jpg' cannot be unpacked"
    encrypted = bytearray(good)
    encrypted[encrypted.index(b"PK\1\2") + 8] |= 1
    yield "encrypted", bytes(encrypted), "all.zip: 'a.jpg' is encrypted"
    unknown = good.replace(b"\x14\x00\x00\x00\x08\x00", b"\x14\x00\x00\x00\x63\x00")
    yield "unknown method", unknown, "all.zip: 'a.jpg' is packed by a method other than deflate"
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield f"method {method}", zipped({"a.jpg": photo}, method), "a method other than deflate"
    yield "folder that climbs", zipped({"b/../../a.jpg": photo}), "file name 'b/../../a.jpg'"
    yield "drive", zipped({"C:/a.jpg": photo}), "file name 'C:/a.jpg' must be a relative path"
    yield "link", linked("a.jpg", b"/etc/passwd"), "a.jpg: not an image that can be read"
    yield "a size too small", lying(zipped({"a.jpg": bytes(1 << 24)}), 1 << 24, 10), "a.jpg"
    yield "a size too large", lying(good, len(photo), 1 << 25), "a.jpg"
    yield "a huge size", lying(good, len(photo), 1 << 31), "would unpack to 2147483648 bytes"
    yield "one image twice", overlapping(photo), "all.zip"
    yield (
        "a directory that is not there",
        good[:-22] + good[-22:].replace(b"PK", b"KP"),
        "not a zip",
    )


def test_a_bad_zip_is_refused_with_its_reason_and_leaves_nothing(
    uploads: UploadFolder, target: Path, image: Make
) -> None:
    for case, body, message in bad_zips(image):
        uploads.save("all.zip", BytesIO(body))
        with pytest.raises(MediaError) as caught:
            prepare_uploads(uploads, target, Options(), lambda _: None)
        assert message in str(caught.value), case
        assert os.listdir(target.parent) == ["uploads"], case


def test_a_zip_of_more_files_than_a_task_takes_is_not_even_listed(
    prepared: Prepared, image: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cvat_hub.media.archive.MAX_FILES", 10)
    assert prepared({"all.zip": zipped({f"{n}.jpg": image() for n in range(10)})}).size == 10
    with pytest.raises(MediaError, match="holds over 10 files, the limit of a task"):
        prepared({"all.zip": zipped({f"{n}.jpg": image() for n in range(11)})})


def test_more_files_than_a_task_takes_are_refused(
    prepared: Prepared, image: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cvat_hub.media.names.MAX_FILES", 2)
    with pytest.raises(MediaError, match="3 files are over 2, the limit of a task"):
        prepared({f"{n}.jpg": image() for n in range(3)})


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_in_the_form_for_large_files_is_read(
    prepared: Prepared, image: Make, method: int
) -> None:
    buffer = BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", method) as archive,
        archive.open("a.jpg", "w", force_zip64=True) as member,
    ):
        member.write(image())
    assert prepared({"all.zip": buffer.getvalue()}).size == 1


def test_no_member_takes_more_memory_than_it_announces(uploads: UploadFolder, target: Path) -> None:
    uploads.save("all.zip", BytesIO(lying(zipped({"a.jpg": bytes(1 << 28)}), 1 << 28, 1000)))
    tracemalloc.start()
    try:
        with pytest.raises(MediaError):
            prepare_uploads(uploads, target, Options(), lambda _: None)
        assert tracemalloc.get_traced_memory()[1] < 1 << 26
    finally:
        tracemalloc.stop()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_that_names_a_file_twice_is_refused(prepared: Prepared, image: Make) -> None:
    body = zipped({"aa.jpg": image(), "ab.jpg": image()}).replace(b"ab.jpg", b"aa.jpg")
    with pytest.raises(MediaError, match=r"all\.zip: holds 'aa\.jpg' twice"):
        prepared({"all.zip": body})


def test_one_bad_image_among_many_refuses_all_and_leaves_nothing(
    prepared: Prepared, image: Make, target: Path
) -> None:
    files = {f"{n:02d}.jpg": image() for n in range(30)}
    files["17.jpg"] = files["17.jpg"][:-100]
    with pytest.raises(MediaError, match=r"^17\.jpg: not an image that can be read"):
        prepared(files)
    assert os.listdir(target.parent) == ["uploads"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "no media data found"),
        (["a.jpg", "b.mp4"], "one video, one zip or many images, but got 1 image"),
        (["a.mp4", "b.mp4"], "but got 2 video file"),
        (["a.zip", "b.zip"], "but got 2 zip file"),
        (["a.zip", "b.jpg"], "but got 1 zip file.s., 1 image file"),
        (["a.jpg", "b.pdf"], "b.pdf: not an image, a video or a zip of images"),
        (["cloud.pcd"], "cloud.pcd: not an image"),
        (["photo"], "photo: not an image"),
        (["empty.jpg"], "empty.jpg: not an image that can be read"),
        (["empty.mp4"], "empty.mp4: not a video that can be read"),
        (["empty.zip"], "empty.zip: not a zip that can be read"),
    ],
)
def test_uploads_that_make_no_task_are_refused(
    prepared: Prepared, target: Path, files: list[str], message: str
) -> None:
    with pytest.raises(MediaError, match=message):
        prepared(dict.fromkeys(files, b""))
    assert not target.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_quality": -1}, "image_quality: expected 0 to 100, got -1"),
        ({"image_quality": 101}, "image_quality"),
        ({"chunk_size": 0}, "chunk_size: expected 1 or more, got 0"),
        ({"start_frame": -1}, "start_frame: expected 0 to 1"),
        ({"start_frame": 2}, "start_frame: expected 0 to 1, the last frame, got 2"),
        ({"start_frame": 1, "stop_frame": 0}, "stop_frame: expected 1"),
        ({"stop_frame": -1}, "stop_frame: expected 0"),
        ({"frame_filter": "step=0"}, "frame_filter: expected 'step=N'"),
        ({"frame_filter": "every second"}, "frame_filter"),
        ({"sorting_method": "by colour"}, "'by colour' is not one of"),
        ({"sorting_method": "predefined", "upload_file_order": ["a.jpg"]}, "does not name"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    prepared: Prepared, image: Make, target: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(MediaError, match=message):
        prepared({"a.jpg": image(), "b.jpg": image()}, **options)
    assert not target.exists()


@pytest.mark.parametrize(
    ("text", "step"), [("", 1), ("step=1", 1), ("step=2", 2), (" step = 10 ", 10)]
)
def test_a_frame_filter_is_a_step(text: str, step: int) -> None:
    assert frame_step(text) == step


def test_progress_goes_up_to_one(uploads: UploadFolder, target: Path, image: Make) -> None:
    for n in range(5):
        uploads.save(f"{n}.jpg", BytesIO(image()))
    told: list[float] = []
    prepare_uploads(uploads, target, Options(chunk_size=2), told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 3


class _Stopped(Exception):
    pass


def test_a_preparation_stopped_at_any_moment_leaves_what_was_there_before(
    uploads: UploadFolder, target: Path, image: Make
) -> None:
    for n in range(6):
        uploads.save(f"{n}.jpg", BytesIO(image()))
    before = prepare_uploads(uploads, target, Options(), lambda _: None)
    uploads.save("6.jpg", BytesIO(image()))
    for moment in range(7):
        calls = iter(range(100))

        def stop(share: float, moment: int = moment, calls: Iterator[int] = calls) -> None:
            if next(calls) == moment:
                raise _Stopped

        with pytest.raises(_Stopped):
            prepare_uploads(uploads, target, Options(), stop)
        assert sorted(os.listdir(target.parent)) == ["data", "uploads"]
        assert Manifest.load(target) == before
    assert prepare_uploads(uploads, target, Options(), lambda _: None).size == 7
    assert MediaReader(target).manifest.size == 7


def test_what_a_killed_preparation_left_is_swept_away(
    prepared: Prepared, image: Make, target: Path
) -> None:
    for name in (".data.building", ".data.replaced"):
        (target.parent / name / "original").mkdir(parents=True)
        (target.parent / name / "original" / "0.zip").write_bytes(b"half")
    assert prepared({"a.jpg": image()}).size == 1
    assert sorted(os.listdir(target.parent)) == ["data", "uploads"]


def test_the_uploads_stay(prepared: Prepared, image: Make, uploads: UploadFolder) -> None:
    photo = image()
    prepared({"a.jpg": photo})
    assert uploads.paths()["a.jpg"].read_bytes() == photo


def test_an_animated_image_is_one_frame_and_handed_out_as_it_is(
    prepared: Prepared, target: Path
) -> None:
    first, second = (PIL.Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    buffer = BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=[second])
    assert prepared({"a.gif": buffer.getvalue()}).size == 1
    assert MediaReader(target).frame(0, "original").body == buffer.getvalue()
