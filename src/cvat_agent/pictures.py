"""Images in memory that processes share, so that pixels go through no pipe."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.shared_memory import SharedMemory
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import PIL.Image

Box = tuple[int, int, int, int]

_SHARED_FOLDER = "/dev/shm"  # noqa: S108
# Blocks that are kept for the next images, so that the system needs not find memory anew.
_FREE_BLOCKS = 4


@dataclass(frozen=True)
class Picture:
    """Where an image lies, for another process. It goes through a pipe in little time.

    Attributes:
        block: the name of the shared memory, None if the pixels are in `pixels`.
        size_wh: of the whole image, in pixels.
        box: the part that is wanted: left, top, right, bottom; the latter two exclusive.
    """

    block: str | None
    mode: str
    size_wh: tuple[int, int]
    length: int
    palette: bytes | None = None
    pixels: bytes | None = None
    box: Box | None = None

    @property
    def cut_size_wh(self) -> tuple[int, int]:
        """The size of the part that is wanted."""
        if self.box is None:
            return self.size_wh
        left, top, right, bottom = self.box
        return right - left, bottom - top

    def cut(self, box: Box | None) -> Picture:
        """Return a part of the image; the pixels stay where they are."""
        return replace(self, box=box)

    def load(self) -> PIL.Image.Image:
        """Return the image, or its part, with pixels of its own."""
        image = self._whole()
        return image if self.box is None else image.crop(self.box)

    def _whole(self) -> PIL.Image.Image:
        if self.block is None:
            assert self.pixels is not None
            return self._image(self.pixels)
        memory = SharedMemory(self.block)
        try:
            with _pixels(memory)[: self.length] as view:
                return self._image(view)
        finally:
            memory.close()

    def _image(self, data: bytes | memoryview) -> PIL.Image.Image:
        import PIL.Image

        image = PIL.Image.frombytes(self.mode, self.size_wh, data)
        if self.palette is not None:
            image.putpalette(self.palette)
        return image


class SharedImage:
    """An image in shared memory, as long as somebody holds it.

    Whoever makes one holds it once. `with` holds it for the time of a block.
    """

    def __init__(self, picture: Picture, free: Callable[[], object]) -> None:
        self.picture = picture
        self._free = free
        self._holders = 1
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """In bytes."""
        return self.picture.length

    def hold(self) -> bool:
        """Keep the memory. Return False if it was freed already."""
        with self._lock:
            if not self._holders:
                return False
            self._holders += 1
            return True

    def release(self) -> None:
        """Need the memory no longer."""
        with self._lock:
            self._holders -= 1
            is_last = not self._holders
        if is_last:
            self._free()

    def __enter__(self) -> Picture:
        return self.picture

    def __exit__(self, *exc_info: object) -> None:
        self.release()


class SharedImages:
    """Puts images into shared memory, and uses the memory of those that are gone again."""

    def __init__(self, room: Callable[[], int] | None = None) -> None:
        self._room = room or _room_left
        self._free: list[SharedMemory] = []
        self._lock = threading.Lock()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def put(self, image: PIL.Image.Image) -> SharedImage:
        """Return the image in shared memory, or as bytes if there is no room."""
        palette = image.palette.getdata()[1] if image.mode == "P" and image.palette else None
        data = image.tobytes()
        memory = self._block(len(data))
        if memory is None:
            picture = Picture(None, image.mode, image.size, len(data), palette, data)
            return SharedImage(picture, lambda: None)
        _pixels(memory)[: len(data)] = data
        picture = Picture(memory.name, image.mode, image.size, len(data), palette)
        return SharedImage(picture, lambda: self._give_back(memory))

    def close(self) -> None:
        """Free what nobody holds; what is held still is freed when it is released."""
        with self._lock:
            self._is_closed = True
            free, self._free = self._free, []
        for memory in free:
            _remove(memory)

    def _block(self, size: int) -> SharedMemory | None:
        with self._lock:
            for memory in self._free:
                if size <= memory.size <= 2 * size:
                    self._free.remove(memory)
                    return memory
        # Memory that is not there is noticed when it is written to, and ends the process.
        if self._room() < 2 * size:
            return None
        return SharedMemory(create=True, size=size)

    def _give_back(self, memory: SharedMemory) -> None:
        with self._lock:
            if not self._is_closed and len(self._free) < _FREE_BLOCKS:
                self._free.append(memory)
                return
        _remove(memory)


def _pixels(memory: SharedMemory) -> memoryview:
    assert memory.buf is not None
    return memory.buf


def _remove(memory: SharedMemory) -> None:
    memory.close()
    memory.unlink()


def _room_left() -> int:
    try:
        state = os.statvfs(_SHARED_FOLDER)
    except OSError:
        return 1 << 40
    return state.f_bavail * state.f_frsize
