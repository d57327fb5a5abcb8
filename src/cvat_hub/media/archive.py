"""An uploaded zip of images: its members, read one by one and never unpacked to disk."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cvat_hub.media.errors import MediaError
from cvat_hub.media.names import MAX_FILES, MAX_IMAGE_BYTES, is_companion, kind_of, safe_name

MAX_TOTAL_BYTES = 1 << 38
# Images hardly shrink; flat drawings as BMP may, about this much, and small zips may anyway.
MAX_RATIO = 200
FREE_BYTES = 1 << 26

_ENCRYPTED = 0x1
# The others are unpacked without a limit, whatever size the zip announces.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Also a limit of the directory, which is read at once.
_PIECE_BYTES = 1 << 25


@contextmanager
def images_in(name: str, path: Path) -> Iterator[dict[str, Callable[[], bytes]]]:
    """Open a zip; yield its images' names, with their folders, and how to read each.

    Raises:
        MediaError: naming the zip and the member, if the zip is damaged or encrypted, has unsafe
            names, a name twice, media other than images, or would unpack to far more than it is.
    """
    try:
        with _Archive(name, path) as archive:
            members = _checked(name, path, archive)
            yield {member: _reader(name, archive, info) for member, info in members.items()}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
        raise MediaError(f"{name}: not a zip that can be read: {error}") from error


class _Members(list[zipfile.ZipInfo]):
    """The list that a directory is read into, which takes 600 bytes for each of 50 on disk."""

    def __init__(self, name: str) -> None:
        self._name = name

    def append(self, info: zipfile.ZipInfo) -> None:
        """Take one more, within the limit."""
        if len(self) == MAX_FILES:
            raise MediaError(f"{self._name}: holds over {MAX_FILES} files, the limit of a task")
        super().append(info)


class _File(io.FileIO):
    """A file that is read in pieces which fit into memory, whatever a zip says of its parts."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read a piece."""
        wanted = _PIECE_BYTES if size is None or size < 0 else min(size, _PIECE_BYTES)
        return super().read(wanted)


class _Archive(zipfile.ZipFile):
    """A zip with a bounded number of members: reading ends at the first one beyond."""

    def __init__(self, name: str, path: Path) -> None:
        self._members = _Members(name)
        self._file = _File(path)
        try:
            super().__init__(self._file)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close it, and its file."""
        super().close()
        self._file.close()

    @property
    def filelist(self) -> list[zipfile.ZipInfo]:
        """The members."""
        return self._members

    @filelist.setter
    def filelist(self, empty: list[zipfile.ZipInfo]) -> None:
        assert not empty


def _checked(name: str, path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    total = sum(info.file_size for info in infos)
    if total > min(MAX_TOTAL_BYTES, max(FREE_BYTES, MAX_RATIO * path.stat().st_size)):
        raise MediaError(f"{name}: would unpack to {total} bytes, too many for its size")
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        member = _safe(name, info)
        if member in members:
            raise MediaError(f"{name}: holds {member!r} twice")
        if not is_companion(member):
            members[member] = info
    return members


def _safe(name: str, info: zipfile.ZipInfo) -> str:
    try:
        member = safe_name(info.filename)
    except MediaError as error:
        raise MediaError(f"{name}: {error}") from error
    if is_companion(member):
        return member
    if kind_of(member) != "image":
        raise MediaError(f"{name}: holds {member!r}; a zip may hold images only")
    if info.flag_bits & _ENCRYPTED:
        raise MediaError(f"{name}: {member!r} is encrypted")
    if info.compress_type not in _METHODS:
        raise MediaError(f"{name}: {member!r} is packed by a method other than deflate")
    if info.file_size > MAX_IMAGE_BYTES:
        raise MediaError(f"{name}: {member!r} is over the limit of {MAX_IMAGE_BYTES} bytes")
    return member


def _reader(name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with archive.open(info) as file:
                # Never more than the announced size, which was checked; without it, `read` unpacks
                # two gigabytes before it cuts. At the end of the size, the CRC is checked.
                body = file.read(info.file_size)
        except Exception as error:
            # Damaged deflate and header bytes raise exceptions of several kinds.
            raise MediaError(f"{name}: {info.filename!r} cannot be unpacked: {error}") from error
        if len(body) != info.file_size:
            raise MediaError(f"{name}: {info.filename!r} is not as large as the zip says")
        return body

    return read
