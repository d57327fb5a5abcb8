"""What the hub needs of the place where pixels lie; `folder_pixels` is a folder.

Files are received and prepared on the hub's own disks in any case, as preparing reads them more
than once. A place elsewhere takes over in `adopt`, and hands out a `Reader` of its own.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from .media.manifest import Manifest
from .media.reader import Media, Quality
from .media.uploads import UploadFolder


class Reader(Protocol):
    """The frames of one task, for any number of threads.

    Every method may raise FileNotFoundError, if the task was deleted meanwhile.
    """

    @property
    def manifest(self) -> Manifest:
        """What there is."""

    def frame(self, number: int, quality: Quality) -> Media:
        """Return a frame; IndexError if there is no such one."""

    def chunk(self, number: int, quality: Quality, within: range | None = None) -> Media:
        """Return a chunk, or of it only the frames within a range; IndexError if there is none."""

    def preview(self, number: int = 0) -> Media:
        """Return a small JPEG of a frame; IndexError if there is no such one."""


class Pixels(Protocol):
    """Where uploads are received, and where prepared data lies under its number."""

    def uploads(self, task_id: int) -> UploadFolder:
        """Return the folder that receives the files of a task."""

    def claim(self, task_id: int) -> AbstractContextManager[int]:
        """Enter with which attempt to prepare this task it is, or 0 while another is at work.

        Nobody else gets a number before the block ends or the process dies. An attempt that
        leaves the block, in whatever way, isn't counted.
        """

    def preparing(self, task_id: int) -> Path:
        """Return where the data of a task is built before it has a number."""

    def adopt(self, task_id: int, data_id: int) -> None:
        """Give what was built its number; it outlasts a power cut then."""

    def reader(self, data_id: int) -> Reader:
        """Return the reader of prepared data; FileNotFoundError if there is none."""

    def tidy(self) -> None:
        """Let go of what was deleted by other processes."""

    def forget_uploads(self, task_id: int) -> None:
        """Remove what a task received."""

    def forget(self, task_id: int, data_id: int | None) -> None:
        """Remove all files of a task."""

    def sweep(self, data_ids: set[int], task_ids: set[int]) -> None:
        """Remove what belongs to nothing. No other process may be at work.

        Args:
            data_ids: of data that tasks have.
            task_ids: of tasks whose data has yet to come.
        """

    def close(self) -> None:
        """Close all readers."""
