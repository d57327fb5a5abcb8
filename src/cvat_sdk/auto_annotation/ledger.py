"""Which tasks are done, on disk, so that a run over many can go on after it was killed."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def default_folder() -> Path:
    """Return where runs keep what they can be resumed by, unless they are told where."""
    import platformdirs

    return platformdirs.user_state_path("cvat-sdk", "CVAT.ai") / "runs"


def writable_folder(chosen: Path | None) -> Path:
    """Return the folder that is chosen, else the user's, else that of temporary files; it is made.

    Raises:
        OSError: the chosen one cannot be made.
    """
    folder = chosen or default_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        if chosen is not None:
            raise
        return Path(tempfile.gettempdir())
    return folder


class Ledger:
    """The ids of the tasks that are done: an empty file for each, so that none is ever half there.

    A power cut may take the last ones.

    Args:
        folder: where runs keep such things.
        run: what tells one run from another.
    """

    def __init__(self, folder: Path, run: str) -> None:
        self._folder = folder / f"tasks-{hashlib.sha256(run.encode()).hexdigest()[:32]}"

    def __contains__(self, task_id: int) -> bool:
        return (self._folder / str(task_id)).exists()

    def add(self, task_id: int) -> None:
        """Remember that a task is done."""
        self._folder.mkdir(exist_ok=True)
        (self._folder / str(task_id)).touch()

    def forget(self, task_ids: Iterable[int]) -> None:
        """Forget that tasks are done, if they are."""
        for task_id in task_ids:
            (self._folder / str(task_id)).unlink(missing_ok=True)
        # Other tasks may be remembered in it.
        with suppress(OSError):
            self._folder.rmdir()
