"""The folder of journals: where a run finds the one that it goes on with."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cvat_sdk.exceptions import ResumeError

from .entries import FORMAT, Begun
from .fingerprint import Fingerprint, differences
from .ids import Ids
from .journal import Journal, JournalInUseError
from .state import IdsByKind, RunState, spans_by_kind


@dataclass(frozen=True)
class Journals:
    """The journals of runs over one task.

    Args:
        folder: is made when it is needed.
        host: of the server.
    """

    folder: Path
    host: str
    task_id: int
    logger: logging.Logger

    def begin(
        self, fingerprint: Fingerprint, frames: Sequence[int], existing: IdsByKind | None = None
    ) -> tuple[Journal, RunState]:
        """Return the journal of a new run. Unfinished ones of the same kind are given up.

        Args:
            existing: the ids of what is on the server; None if they don't matter.
        """
        for journal, begun in self._idle():
            with journal:
                if msgspec.json.decode(begun.fingerprint) == fingerprint:
                    self._give_up(journal)
        begun = Begun(
            FORMAT,
            uuid.uuid4().hex,
            msgspec.json.encode(fingerprint),
            Ids(frames).spans,
            None if existing is None else spans_by_kind(existing),
        )
        journal = Journal(self.folder / f"{self._prefix}{begun.run_id}.journal", new=True)
        _, start = journal.append(begun)
        return journal, RunState(begun, start)

    def resume(self, fingerprint: Fingerprint) -> tuple[Journal, RunState] | None:
        """Return the journal of the latest unfinished run, None if there is none.

        Raises:
            ResumeError: there are only those of other functions, options or states of the task; the
                message says what differs. Or it is being written to.
        """
        others: list[str] = []
        for journal, begun in self._idle():
            if not others and begun.format != FORMAT:
                others = [f"it was written in format {begun.format}, and this is {FORMAT}"]
            different = differences(msgspec.json.decode(begun.fingerprint), fingerprint)
            if begun.format == FORMAT and not different:
                return journal, _read(journal)
            journal.close()
            others = others or different
        if others:
            raise ResumeError(
                f"the unfinished run over task {self.task_id} was another one: {'; '.join(others)}."
                " Run it as it was, or begin anew without resume"
            )
        if in_use := self._in_use():
            raise ResumeError(f"the run over task {self.task_id} is still going on: {in_use}")
        return None

    @property
    def _prefix(self) -> str:
        return f"{re.sub(r'[^A-Za-z0-9.-]+', '-', self.host)}-task-{self.task_id}-"

    def _paths(self) -> list[Path]:
        found = self.folder.glob(f"{self._prefix}*.journal")
        return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)

    def _idle(self) -> Iterator[tuple[Journal, Begun]]:
        """Yield the journals that nobody writes to, the latest first."""
        for path in self._paths():
            try:
                journal = Journal(path)
            except (JournalInUseError, FileNotFoundError):
                continue
            head, _ = next(journal.read(), (None, 0))
            if isinstance(head, Begun):
                yield journal, head
            else:
                journal.remove()

    def _in_use(self) -> Path | None:
        for path in self._paths():
            try:
                Journal(path).close()
            except JournalInUseError:
                return path
        return None

    def _give_up(self, journal: Journal) -> None:
        state = _read(journal)
        journal.remove()
        self.logger.warning(
            "an unfinished run over task %d is given up, with the results of %d frames%s",
            self.task_id,
            len(state.done),
            "; what it has sent stays on the server" if state.has_sent else "",
        )


def _read(journal: Journal) -> RunState:
    """Return what a journal adds up to, and drop the half of an entry at its end."""
    entries = journal.read()
    begun, end = next(entries)
    if not isinstance(begun, Begun):
        raise ResumeError(f"{journal.path} is no journal")
    state = RunState(begun, end)
    for entry, place in entries:
        state.apply(entry)
        end = place
    journal.cut(end)
    return state
