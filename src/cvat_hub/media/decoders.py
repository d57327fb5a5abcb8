"""A few open videos, lent to one thread at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cvat_hub.media.video import VideoReader


class Decoders:
    """At most so many open videos at a time, used and idle ones together.

    The one used last is lent first: it stands where the next frames are.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open = 0
        self._idle: list[tuple[Path, VideoReader]] = []
        self._changed = threading.Condition()

    @contextmanager
    def lent(self, folder: Path, start: Callable[[], "VideoReader"]) -> Iterator["VideoReader"]:
        """Lend the video of a folder, which `start` opens if that is needed; may wait."""
        video = self._take(folder)
        try:
            video = video or start()
            yield video
        except BaseException:
            # Where it stands is unknown.
            self._give_up(video)
            raise
        with self._changed:
            self._idle.append((folder, video))
            self._changed.notify()

    def drop(self, folder: Path) -> None:
        """Close the idle ones of a folder."""
        self._close(lambda other: other == folder)

    def close(self) -> None:
        """Close all idle ones."""
        self._close(lambda _: True)

    def _take(self, folder: Path) -> "VideoReader | None":
        with self._changed:
            self._changed.wait_for(lambda: self._idle or self._open < self._limit)
            for place in reversed(range(len(self._idle))):
                if self._idle[place][0] == folder:
                    return self._idle.pop(place)[1]
            if self._open < self._limit:
                self._open += 1
            else:
                self._idle.pop(0)[1].close()
            return None

    def _give_up(self, video: "VideoReader | None") -> None:
        if video:
            video.close()
        with self._changed:
            self._open -= 1
            self._changed.notify()

    def _close(self, is_meant: Callable[[Path], bool]) -> None:
        with self._changed:
            for place in reversed(range(len(self._idle))):
                if is_meant(self._idle[place][0]):
                    self._idle.pop(place)[1].close()
                    self._open -= 1
            self._changed.notify_all()
