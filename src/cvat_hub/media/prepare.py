"""From uploaded files to a task's data folder: all of it, or nothing."""

import itertools
import os
import random
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from cvat_hub.media import archive, names
from cvat_hub.media.chunks import ZipChunk, original_path, sync
from cvat_hub.media.errors import MediaError
from cvat_hub.media.manifest import ChunkType, FrameInfo, Manifest, frame_step
from cvat_hub.media.ordered import ordered_map
from cvat_hub.media.uploads import UploadFolder

# Chunks are to hold about as many pixels as this many frames of 1920x1080.
_CHUNK_FRAMES = 36
_CHUNK_AREA = _CHUNK_FRAMES * 1920 * 1080

Progress = Callable[[float], None]
Shuffle = Callable[[list[str]], None]
Readers = Mapping[str, Callable[[], bytes]]


@dataclass(frozen=True)
class Options:
    """How frames are chosen, ordered and packed; the wire's names, where the fields mean that.

    `use_cache` is taken and changes nothing: compressed chunks are always built when first asked
    for.
    """

    image_quality: int = 70
    chunk_size: int | None = None
    start_frame: int = 0
    stop_frame: int | None = None
    frame_filter: str = ""
    sorting_method: str = "lexicographical"
    upload_file_order: Sequence[str] | None = None
    use_zip_chunks: bool = False
    use_cache: bool = True


def prepare(
    uploads: UploadFolder,
    target: Path,
    options: Options,
    progress: Progress,
    shuffle: Shuffle = random.shuffle,
) -> Manifest:
    """Turn the received files into the data folder `target`; blocking.

    The folder appears at once, complete and on disk; what was there before is replaced. The
    uploads stay for the caller to remove. Every frame has been decoded once by then.

    Args:
        progress: is told the share done, from 0 to 1, not decreasing.
        shuffle: orders the names in place for the sorting method `random`.

    Raises:
        MediaError: if the files or the options don't do; then `target` is as it was.
    """
    _check(options)
    files = uploads.paths()
    kind = _kind_of_all(files)
    with _appearing(target) as folder:
        if kind == "video":
            manifest = _video(files, folder, options, progress)
        elif kind == "zip":
            manifest = _zip(files, folder, options, progress, shuffle)
        else:
            readers = {name: _reader(name, path) for name, path in files.items()}
            manifest = _images(readers, folder, options, progress, shuffle)
        manifest.save(folder)
    progress(1.0)
    return manifest


def _check(options: Options) -> None:
    if not 0 <= options.image_quality <= 100:
        raise MediaError(f"image_quality: expected 0 to 100, got {options.image_quality}")
    if options.chunk_size is not None and options.chunk_size < 1:
        raise MediaError(f"chunk_size: expected 1 or more, got {options.chunk_size}")
    if options.sorting_method not in names.SORTING_METHODS:
        expected = ", ".join(names.SORTING_METHODS)
        raise MediaError(f"sorting_method: {options.sorting_method!r} is not one of {expected}")
    frame_step(options.frame_filter)


def _kind_of_all(files: Mapping[str, Path]) -> names.Kind:
    kinds: dict[names.Kind, list[str]] = {}
    for name in files:
        kinds.setdefault(names.kind_of(name), []).append(name)
    if not kinds:
        raise MediaError("no media data found: no file was uploaded")
    if len(files) > names.MAX_FILES:
        raise MediaError(f"{len(files)} files are over {names.MAX_FILES}, the limit of a task")
    if unsupported := kinds.get("unsupported"):
        raise MediaError(f"{unsupported[0]}: not an image, a video or a zip of images")
    if len(kinds) == 1 and (len(files) == 1 or "image" in kinds):
        return next(iter(kinds))
    found = ", ".join(f"{len(members)} {kind} file(s)" for kind, members in kinds.items())
    raise MediaError(f"a task takes one video, one zip or many images, but got {found}")


def _reader(name: str, path: Path) -> Callable[[], bytes]:
    if path.stat().st_size > names.MAX_IMAGE_BYTES:
        raise MediaError(f"{name}: an image is over the limit of {names.MAX_IMAGE_BYTES} bytes")
    return path.read_bytes


def _selected(total: int, options: Options) -> range:
    """Return the numbers of the uploaded images or video frames that become frames."""
    start, last = options.start_frame, total - 1
    stop = last if options.stop_frame is None else min(options.stop_frame, last)
    if not 0 <= start <= last:
        raise MediaError(f"start_frame: expected 0 to {last}, the last frame, got {start}")
    if stop < start:
        raise MediaError(f"stop_frame: expected {start}, the start frame, or more, got {stop}")
    return range(start, stop + 1, frame_step(options.frame_filter))


def _zip(
    files: Mapping[str, Path],
    folder: Path,
    options: Options,
    progress: Progress,
    shuffle: Shuffle,
) -> Manifest:
    [(name, path)] = files.items()
    if options.upload_file_order is not None and list(options.upload_file_order) == [name]:
        # The order of the uploads says nothing about the images inside: the zip's order holds.
        options = replace(options, upload_file_order=None)
    with archive.images_in(name, path) as readers:
        if not readers:
            raise MediaError(f"{name}: holds no image")
        return _images(readers, folder, options, progress, shuffle)


def _images(
    readers: Readers, folder: Path, options: Options, progress: Progress, shuffle: Shuffle
) -> Manifest:
    order = names.in_order(
        list(readers), options.sorting_method, options.upload_file_order, shuffle
    )
    selected = _selected(len(order), options)
    chosen = [order[number] for number in selected]
    frames = list(_written(chosen, readers, folder, options.chunk_size, progress))
    return _manifest("imageset", "imageset", selected, frames, options)


def _written(
    chosen: Sequence[str],
    readers: Readers,
    folder: Path,
    chunk_size: int | None,
    progress: Progress,
) -> Iterator[FrameInfo]:
    """Check the images and write the original chunks; yield what was learned of each."""
    from cvat_hub.media import images

    def check(name: str) -> tuple[str, images.Checked]:
        return name, images.check(name, readers[name]())

    original_path(folder, 0).parent.mkdir()
    with closing(ordered_map(check, chosen)) as results:
        first = next(results)
        rest = itertools.chain([first], results)
        per_chunk = chunk_size or _chunk_size(first[1].width, first[1].height)
        for start in range(0, len(chosen), per_chunk):
            with ZipChunk(original_path(folder, start // per_chunk)) as chunk:
                for number, (name, checked) in enumerate(itertools.islice(rest, per_chunk)):
                    chunk.add(PurePosixPath(name).suffix, checked.body)
                    progress((start + number) / len(chosen))
                    yield FrameInfo(name, checked.width, checked.height, checked.content_type)


def _chunk_size(width: int, height: int) -> int:
    return max(2, min(2 * _CHUNK_FRAMES, _CHUNK_AREA // (width * height)))


def _video(
    files: Mapping[str, Path], folder: Path, options: Options, progress: Progress
) -> Manifest:
    from cvat_hub.media import video

    [(name, path)] = files.items()
    source = folder / f"video{PurePosixPath(name).suffix.lower()}"
    _link(path, source)
    index = video.indexed(name, source, folder / "video-rewritten.mp4", progress)
    if index.file != source.name:
        source.unlink()
    index.save(folder)
    selected = _selected(len(index.pts), options)
    frame = FrameInfo(name, index.width, index.height, "image/png")
    compressed: ChunkType = "imageset" if options.use_zip_chunks else "video"
    return _manifest("video", compressed, selected, [frame], options)


def _link(source: Path, place: Path) -> None:
    """Put a file at a second place without copying its bytes, where the file system can."""
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)


def _manifest(
    kind: ChunkType,
    compressed: ChunkType,
    selected: range,
    frames: list[FrameInfo],
    options: Options,
) -> Manifest:
    chunk_size = _CHUNK_FRAMES
    if compressed == "imageset":
        chunk_size = _chunk_size(frames[0].width, frames[0].height)
    return Manifest(
        kind=kind,
        size=len(selected),
        chunk_size=options.chunk_size or chunk_size,
        image_quality=options.image_quality,
        start_frame=selected[0],
        stop_frame=selected[-1],
        frame_filter=options.frame_filter,
        frames=frames,
        compressed_chunk_type=compressed,
        original_chunk_type=kind,
    )


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """Yield a folder to fill; it takes the place of `target` at once, or leaves no trace."""
    building = target.with_name(f".{target.name}.building")
    replaced = target.with_name(f".{target.name}.replaced")
    for left_by_a_kill in (building, replaced):
        shutil.rmtree(left_by_a_kill, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        yield building
        _sync(building)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    if target.exists():
        target.rename(replaced)
    building.rename(target)
    sync(target.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def _sync(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        sync(path)
