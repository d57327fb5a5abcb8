"""What a file's name tells: whether it is safe, what kind of media it is, and its place in line."""

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Literal

from cvat_hub.media.errors import MediaError

Kind = Literal["image", "video", "zip", "unsupported"]

MAX_NAME_BYTES = 1024
MAX_PART_BYTES = 255
MAX_IMAGE_BYTES = 1 << 29
# Of one task; each takes a quarter of a kilobyte wherever the task is open.
MAX_FILES = 100_000

IMAGE_SUFFIXES = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".bmp",
        ".dib",
        ".gif",
        ".webp",
        ".avif",
        ".tif",
        ".tiff",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".jp2",
        ".j2k",
        ".jpx",
        ".mpo",
    ]
)
VIDEO_SUFFIXES = frozenset(
    [
        ".mp4",
        ".m4v",
        ".mov",
        ".qt",
        ".3gp",
        ".3g2",
        ".mkv",
        ".webm",
        ".avi",
        ".mpg",
        ".mpeg",
        ".mpe",
        ".m2v",
        ".vob",
        ".ts",
        ".mts",
        ".m2ts",
        ".wmv",
        ".asf",
        ".flv",
        ".f4v",
        ".ogv",
        ".ogg",
        ".mxf",
        ".h264",
        ".264",
        ".h265",
        ".265",
        ".hevc",
        ".y4m",
    ]
)
# What lies beside images in a zip and isn't meant as a frame.
COMPANION_SUFFIXES = frozenset(
    (".txt", ".md", ".json", ".jsonl", ".xml", ".csv", ".yaml", ".yml", ".html", ".names", ".data")
)
SORTING_METHODS = ("lexicographical", "natural", "predefined", "random")

_DRIVE = re.compile(r"[A-Za-z]:")
_LITTER = re.compile(r"(^|/)(__MACOSX|\.[^/]*|Thumbs\.db|desktop\.ini)(/|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """Return `name` with forward slashes; relative, and staying inside its folder.

    Raises:
        MediaError: if the name is empty, absolute, climbs out, holds control characters, or is
            too long for a file system.
    """
    path = name.replace("\\", "/")
    parts = path.split("/")
    if not path or path.startswith("/") or _DRIVE.match(path):
        problem = "must be a relative path"
    elif any(part in ("", ".", "..") for part in parts):
        problem = "must not hold empty parts, '.' or '..'"
    elif not path.isprintable():
        problem = "must not hold control characters"
    elif _bytes(path) > MAX_NAME_BYTES or any(_bytes(part) > MAX_PART_BYTES for part in parts):
        problem = f"is longer than {MAX_NAME_BYTES} bytes, or a part than {MAX_PART_BYTES}"
    else:
        return path
    raise MediaError(f"file name {name[:80]!r} {problem}")


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def kind_of(name: str) -> Kind:
    """Tell the kind of media by the name's suffix, in any case."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in IMAGE_SUFFIXES:
        return "image"
    if suffix in VIDEO_SUFFIXES:
        return "video"
    return "zip" if suffix == ".zip" else "unsupported"


def is_companion(name: str) -> bool:
    """Whether a file in a zip is passed over: labels, notes, and what archivers leave behind."""
    return PurePosixPath(name).suffix.lower() in COMPANION_SUFFIXES or bool(_LITTER.search(name))


def in_order(
    names: Sequence[str],
    method: str,
    predefined: Sequence[str] | None,
    shuffle: Callable[[list[str]], None],
) -> list[str]:
    """Return the names as frames are numbered.

    Args:
        names: in the order of arrival, which `predefined` keeps where no order is given.
        method: one of `SORTING_METHODS`.
        predefined: every name exactly once; looked at by the method `predefined` only.
        shuffle: shuffles a list in place.

    Raises:
        MediaError: on an unknown method, or when the given order doesn't name these files.
    """
    if method == "lexicographical":
        return sorted(names)
    if method == "natural":
        return sorted(names, key=_natural)
    if method == "random":
        shuffled = sorted(names)
        shuffle(shuffled)
        return shuffled
    if method == "predefined":
        return _as_given(names, predefined)
    expected = ", ".join(SORTING_METHODS)
    raise MediaError(f"sorting_method: {method!r} is not one of {expected}")


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"([0-9]+)", name)
    return [
        (0, int(part), part) if place % 2 else (1, 0, part)
        for place, part in enumerate(parts)
        if part
    ]


def _as_given(names: Sequence[str], predefined: Sequence[str] | None) -> list[str]:
    if predefined is None:
        return list(names)
    order = [safe_name(name) for name in predefined]
    missing, extra = sorted(set(names) - set(order)), sorted(set(order) - set(names))
    if missing:
        raise MediaError(f"upload_file_order: does not name the uploaded {_some(missing)}")
    if extra:
        raise MediaError(f"upload_file_order: names {_some(extra)}, not uploaded")
    if len(order) != len(names):
        raise MediaError("upload_file_order: names a file twice")
    return order


def _some(names: Sequence[str]) -> str:
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(repr(name) for name in names[:3]) + rest
