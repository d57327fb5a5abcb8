"""An uploaded zip of images: its members, read one by one and never unpacked to disk."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cvat_hub.media.errors import MediaError
from cvat_hub.media.names import MAX_IMAGE_BYTES, is_companion, kind_of, safe_name

MAX_MEMBERS = 200_000
MAX_TOTAL_BYTES = 1 << 38
# Images hardly shrink; flat drawings as BMP may, about this much, and small zips may anyway.
MAX_RATIO = 200
FREE_BYTES = 1 << 26

_ENCRYPTED = 0x1


@contextmanager
def images_in(name: str, path: Path) -> Iterator[dict[str, Callable[[], bytes]]]:
    """Open a zip; yield its images' names, with their folders, and how to read each.

    Raises:
        MediaError: naming the zip and the member, if the zip is damaged or encrypted, has unsafe
            names, a name twice, media other than images, or would unpack to far more than it is.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _checked(name, path, archive)
            yield {member: _reader(name, archive, info) for member, info in members.items()}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
        raise MediaError(f"{name}: not a zip that can be read: {error}") from error


def _checked(name: str, path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    total = sum(info.file_size for info in infos)
    if len(infos) > MAX_MEMBERS:
        raise MediaError(f"{name}: {len(infos)} files are over the limit of {MAX_MEMBERS}")
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
    if info.file_size > MAX_IMAGE_BYTES:
        raise MediaError(f"{name}: {member!r} is over the limit of {MAX_IMAGE_BYTES} bytes")
    return member


def _reader(name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            # Never more than the announced `file_size`, which was checked; and its CRC.
            return archive.read(info)
        except Exception as error:
            # Damaged deflate, bz2, lzma and header bytes each raise exceptions of their own.
            raise MediaError(f"{name}: {info.filename!r} cannot be unpacked: {error}") from error

    return read
