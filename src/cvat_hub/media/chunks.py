"""Chunk files: zips of images whose members lie uncompressed, and files that are built once."""

import fcntl
import os
import uuid
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

# The moment that every member bears; chunks of equal frames are equal byte by byte.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_LOCAL_HEADER_BYTES = 30


def original_path(folder: Path, number: int) -> Path:
    """Return where a data folder keeps a chunk of images as they were uploaded."""
    return folder / "original" / f"{number}.zip"


class ZipChunk:
    """Write a chunk's images one after the other; a context manager."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "x", zipfile.ZIP_STORED)
        self._count = 0

    def add(self, suffix: str, body: bytes) -> None:
        """Append an image as the next number with a suffix such as `.jpg`."""
        self._zip.writestr(zipfile.ZipInfo(f"{self._count:06d}{suffix}", _MOMENT), body)
        self._count += 1

    def __enter__(self) -> "ZipChunk":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()


class Members:
    """The places of a zip chunk's images, so that one is read without reading the others."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
        # `ZipChunk` writes plain ASCII names and no extra fields.
        self._places = [
            (info.header_offset + _LOCAL_HEADER_BYTES + len(info.filename), info.file_size)
            for info in infos
        ]
        self.suffixes = [PurePosixPath(info.filename).suffix for info in infos]

    def read(self, index: int) -> bytes:
        start, length = self._places[index]
        with self._path.open("rb", buffering=0) as file:
            return os.pread(file.fileno(), length, start)


def write_zip(path: Path, suffix: str, bodies: Iterable[bytes]) -> None:
    """Write a whole chunk whose images share a suffix."""
    with ZipChunk(path) as chunk:
        for body in bodies:
            chunk.add(suffix, body)


def built_once(path: Path, build: Callable[[Path], None]) -> Path:
    """Return `path`, which `build` fills at a temporary place if it isn't there yet.

    Of several threads and processes that ask at once, one builds and the others wait; nobody
    sees a half-written file.
    """
    if path.exists():
        return path
    path.parent.mkdir(exist_ok=True)
    lock = path.with_name(path.name + ".lock")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            if not path.exists():
                _build(path, build)
        finally:
            lock.unlink(missing_ok=True)
    return path


def _build(path: Path, build: Callable[[Path], None]) -> None:
    part = path.with_name(f"{uuid.uuid4().hex}{path.suffix}")
    try:
        build(part)
        sync(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Make sure that a file, or a folder's list of files, outlasts a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
