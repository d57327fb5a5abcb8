"""Where the pixels lie: a folder of uploads per task, a folder of prepared data per upload."""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from pathlib import Path

from .media.manifest import Manifest
from .media.reader import MediaReader
from .media.uploads import UploadFolder

_OPEN = 32


class Pixels:
    """The folders of a hub; the readers used last are kept open."""

    def __init__(self, data_dir: Path) -> None:
        self._data = data_dir / "data"
        self._uploads = data_dir / "uploads"
        self._readers: OrderedDict[int, MediaReader] = OrderedDict()
        self._lock = threading.Lock()

    def uploads(self, task_id: int) -> UploadFolder:
        """Return the folder that receives the files of a task."""
        return UploadFolder(self._uploads / str(task_id))

    def preparing(self, task_id: int) -> Path:
        """Return where the data of a task is built before it has a number."""
        self._data.mkdir(parents=True, exist_ok=True)
        return self._data / f"preparing-{task_id}"

    def adopt(self, task_id: int, data_id: int) -> None:
        """Give the data of a task its number."""
        target = self._data / str(data_id)
        # A number is given anew if the hub was killed before it could be committed.
        shutil.rmtree(target, ignore_errors=True)
        self.preparing(task_id).rename(target)

    def reader(self, data_id: int) -> MediaReader:
        """Return the reader of prepared data."""
        with self._lock:
            if data_id in self._readers:
                self._readers.move_to_end(data_id)
                return self._readers[data_id]
        reader = MediaReader(self._data / str(data_id))
        with self._lock:
            # Another thread may have opened the same one meanwhile.
            reader = self._readers.setdefault(data_id, reader)
            oldest = self._readers.popitem(last=False)[1] if len(self._readers) > _OPEN else None
        if oldest:
            oldest.close()
        return reader

    def manifest(self, data_id: int) -> Manifest:
        """Return the description of prepared data."""
        return self.reader(data_id).manifest

    def forget_uploads(self, task_id: int) -> None:
        """Remove what a task received."""
        shutil.rmtree(self._uploads / str(task_id), ignore_errors=True)

    def forget(self, task_id: int, data_id: int | None) -> None:
        """Remove all files of a task."""
        self.forget_uploads(task_id)
        shutil.rmtree(self.preparing(task_id), ignore_errors=True)
        if data_id is not None:
            with self._lock:
                reader = self._readers.pop(data_id, None)
            if reader:
                reader.close()
            shutil.rmtree(self._data / str(data_id), ignore_errors=True)

    def close(self) -> None:
        """Close all readers."""
        with self._lock:
            readers = list(self._readers.values())
            self._readers.clear()
        for reader in readers:
            reader.close()

    def sweep(self, data_ids: set[int], task_ids: set[int]) -> None:
        """Remove what belongs to nothing: the leavings of a hub that was killed."""
        for folder, wanted in ((self._data, data_ids), (self._uploads, task_ids)):
            for child in folder.iterdir() if folder.exists() else ():
                if child.name not in {str(number) for number in wanted}:
                    shutil.rmtree(child, ignore_errors=True)
