"""Annotations of many frames on their way to the server: as JSON, on disk if there are many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, Self

from cvat_sdk.api_client.wire import encode

if TYPE_CHECKING:
    from cvat_sdk.models import LabeledImageRequest, LabeledShapeRequest

# Of either kind, so many bytes stay in memory.
_MEMORY_BYTES = 1 << 20
_PIECE = 1 << 16


class Spool:
    """The tags and shapes that a request has found so far; memory doesn't grow with them."""

    def __init__(self, memory_bytes: int = _MEMORY_BYTES) -> None:
        # They live as long as this.
        self._tags, self._shapes = (SpooledTemporaryFile[bytes](memory_bytes) for _ in range(2))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._tags.close()
        self._shapes.close()

    def add(
        self, tags: Sequence[LabeledImageRequest], shapes: Sequence[LabeledShapeRequest]
    ) -> None:
        """Add what was found on a frame.

        Raises:
            OSError: the disk is full, or the like.
        """
        for file, found in ((self._tags, tags), (self._shapes, shapes)):
            if found:
                # Without the brackets of the list.
                file.write(b"," * (file.tell() > 0) + encode(found)[1:-1])

    def size(self, fields: dict[str, Any]) -> int:
        """Return how many bytes `pieces` has."""
        frame = sum(map(len, _frame(fields)))
        return frame + self._tags.tell() + self._shapes.tell()

    def pieces(self, fields: dict[str, Any]) -> Iterator[bytes]:
        """Yield the body of a request: these fields, of which there is one at least, and
        `annotations`."""
        start, middle, end = _frame(fields)
        yield start
        yield from _read(self._tags)
        yield middle
        yield from _read(self._shapes)
        yield end


def _frame(fields: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
    return encode(fields)[:-1] + b',"annotations":{"tags":[', b'],"shapes":[', b"]}}"


def _read(file: SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    end = file.tell()
    file.seek(0)
    try:
        while piece := file.read(_PIECE):
            yield piece
    finally:
        file.seek(end)
