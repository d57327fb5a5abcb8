"""Frames, chunks and previews of a prepared data folder."""

from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NamedTuple

from cvat_hub.media import chunks
from cvat_hub.media.decoders import Decoders
from cvat_hub.media.manifest import ChunkType, Manifest
from cvat_hub.media.ordered import ordered_map

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from cvat_hub.media.video import VideoIndex, VideoReader

Quality = Literal["original", "compressed"]

JPEG, PNG, MP4, ZIP = "image/jpeg", "image/png", "video/mp4", "application/zip"

_SUFFIX_OF: dict[ChunkType, str] = {"imageset": ".zip", "video": ".mp4"}
_TYPE_OF: dict[ChunkType, str] = {"imageset": ZIP, "video": MP4}
_CHUNKS_REMEMBERED = 32


class Media(NamedTuple):
    """What to answer a request for media with: bytes, or a file to send as it is."""

    content_type: str
    body: bytes | Path


class MediaReader:
    """A prepared folder, for any number of threads; a context manager.

    Compressed chunks, chunks of a video and parts of chunks are built when first asked for, and
    kept under `cache/`; of several requests at once, one builds.
    """

    def __init__(self, folder: Path, decoders: Decoders | None = None) -> None:
        """Open a folder.

        Args:
            decoders: shared with other readers; by default one of its own.

        Raises:
            FileNotFoundError: if nothing was prepared there.
        """
        self.manifest = Manifest.load(folder)
        self._folder = folder
        self._members = lru_cache(_CHUNKS_REMEMBERED)(chunks.Members)
        self._decoders = decoders or Decoders(1)
        self._video_index = _video_index(folder) if self.manifest.kind == "video" else None

    @property
    def entries(self) -> int:
        """How many frames are described in memory."""
        return len(self._video_index.pts if self._video_index else self.manifest.frames)

    def frame(self, number: int, quality: Quality) -> Media:
        """Return one frame: an image's own bytes or a JPEG of it; a PNG of a video's frame.

        Raises:
            IndexError: if there is no such frame.
        """
        if not 0 <= number < self.manifest.size:
            raise IndexError(number)
        if self._video_index:
            from cvat_hub.media.png import png

            return Media(PNG, png(self._pixels(number)))
        chunk, place = divmod(number, self.manifest.chunk_size)
        body = self._members(self._chunk_file(chunk, quality)).read(place)
        compressed = quality == "compressed"
        return Media(JPEG if compressed else self.manifest.frames[number].content_type, body)

    def chunk(self, number: int, quality: Quality, within: range | None = None) -> Media:
        """Return one chunk, or of it only the frames `within` a job's range, numbered anew from 0.

        Raises:
            IndexError: if there is no such chunk, or none of its frames are within.
        """
        path = self._chunk_file(number, quality, within)
        return Media(_TYPE_OF[self._chunk_type(quality)], path)

    def preview(self, number: int = 0) -> Media:
        """Return a small JPEG of a frame.

        Raises:
            IndexError: if there is no such frame.
        """
        from cvat_hub.media import images

        def build(path: Path) -> None:
            path.write_bytes(images.preview(self._image(number)))

        if not 0 <= number < self.manifest.size:
            raise IndexError(number)
        return Media(JPEG, chunks.built_once(self._cached(f"preview-{number}.jpg"), build))

    def close(self) -> None:
        self._decoders.drop(self._folder)

    def __enter__(self) -> "MediaReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _chunk_type(self, quality: Quality) -> ChunkType:
        original = quality == "original"
        return (
            self.manifest.original_chunk_type if original else self.manifest.compressed_chunk_type
        )

    def _cached(self, name: str) -> Path:
        return self._folder / "cache" / name

    def _chunk_file(self, number: int, quality: Quality, within: range | None = None) -> Path:
        frames = self.manifest.chunk_frames(number)
        name, part = f"{quality}-{number}", frames
        if within is not None:
            part = range(max(frames.start, within.start), min(frames.stop, within.stop))
        if not part:
            raise IndexError(number)
        if part != frames:
            name += f"-{part[0]}-{part[-1]}"
        elif quality == "original" and self.manifest.kind == "imageset":
            return chunks.original_path(self._folder, number)

        def build(path: Path) -> None:
            self._build(path, number, quality, part)

        suffix = _SUFFIX_OF[self._chunk_type(quality)]
        return chunks.built_once(self._cached(name + suffix), build)

    def _build(self, path: Path, number: int, quality: Quality, part: range) -> None:
        if self._chunk_type(quality) == "video":
            self._build_video(path, quality, part)
        elif part != self.manifest.chunk_frames(number):
            self._build_part(path, number, quality, part)
        elif self._video_index:
            self._build_from_video(path, part)
        else:
            self._build_compressed(path, number)

    def _build_part(self, path: Path, number: int, quality: Quality, part: range) -> None:
        members = self._members(self._chunk_file(number, quality))
        first = self.manifest.chunk_frames(number).start
        with chunks.ZipChunk(path) as chunk:
            for place in range(part.start - first, part.stop - first):
                chunk.add(members.suffixes[place], members.read(place))

    def _build_compressed(self, path: Path, number: int) -> None:
        from cvat_hub.media import images

        originals = self._members(chunks.original_path(self._folder, number))

        def compress(place: int) -> bytes:
            return images.compressed(originals.read(place), self.manifest.image_quality)

        places = range(len(self.manifest.chunk_frames(number)))
        chunks.write_zip(path, ".jpeg", ordered_map(compress, places))

    def _build_from_video(self, path: Path, part: range) -> None:
        from cvat_hub.media import images

        def compress(pixels: "NDArray[np.uint8]") -> bytes:
            return images.jpeg(images.from_pixels(pixels), self.manifest.image_quality)

        with self._video() as video:
            decoded = (video.pixels(self._source(number)) for number in part)
            chunks.write_zip(path, ".jpeg", ordered_map(compress, decoded))

    def _build_video(self, path: Path, quality: Quality, part: range) -> None:
        from cvat_hub.media.encoding import crf_of, encode

        rate = crf_of(100 if quality == "original" else self.manifest.image_quality)
        info = self.manifest.frames[0]
        with self._video() as video:
            frames = (video.frame(self._source(number)) for number in part)
            encode(frames, path, info.width, info.height, rate)

    def _source(self, number: int) -> int:
        return self.manifest.start_frame + number * self.manifest.step

    def _video(self) -> AbstractContextManager["VideoReader"]:
        from cvat_hub.media.video import VideoReader

        def start() -> VideoReader:
            assert self._video_index
            return VideoReader(self._folder, self._video_index)

        return self._decoders.lent(self._folder, start)

    def _pixels(self, number: int) -> "NDArray[np.uint8]":
        with self._video() as video:
            return video.pixels(self._source(number))

    def _image(self, number: int) -> "Image.Image":
        from cvat_hub.media import images

        if self._video_index:
            return images.from_pixels(self._pixels(number))
        chunk, place = divmod(number, self.manifest.chunk_size)
        original = self._members(chunks.original_path(self._folder, chunk))
        return images.decoded(original.read(place))


def _video_index(folder: Path) -> "VideoIndex":
    from cvat_hub.media.video import VideoIndex

    return VideoIndex.load(folder)
