"""Memory of images that is used again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Of up to 16 MB each; Pillow keeps them of images that are dropped.
_BLOCKS = 8


class PixelMemory:
    """Has Pillow use memory again while somebody decodes many images.

    By default it gets that of each image from the system, page by page, and gives it back: that is
    a sixth of the time that a photo takes to be decoded. The setting is the process's, so it is
    changed back in the end, and left alone where it was made before, as by PILLOW_BLOCKS_MAX.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._is_ours = False

    @contextmanager
    def reused(self) -> Iterator[None]:
        """Use memory again inside the block; blocks may overlap."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        import PIL.Image

        pillow: Any = PIL.Image.core  # type: ignore[attr-defined]
        with self._lock:
            self._users += change
            if self._users and not pillow.get_blocks_max():
                pillow.set_blocks_max(_BLOCKS)
                self._is_ours = True
            elif not self._users and self._is_ours:
                pillow.set_blocks_max(0)
                self._is_ours = False


PIXEL_MEMORY = PixelMemory()
