"""The receiving folder of one task: whole files, and files that arrive in pieces (TUS).

On disk, every upload is `<id>.bin`; `<id>.json` tells the name and length of one that arrives in
pieces. A file counts as received when `arrived.jsonl` names it, which is written last, so a
process killed at any moment leaves either the whole file or none.
"""

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from cvat_hub.media.chunks import sync
from cvat_hub.media.errors import MediaError, UploadConflict
from cvat_hub.media.names import safe_name

_COPY_BYTES = 1 << 20
_SYNCED_SINGLY = 100


class _Arrived(msgspec.Struct):
    name: str
    id: str


class _Piecewise(msgspec.Struct):
    name: str
    length: int


_arrived = msgspec.json.Decoder(_Arrived)
_piecewise = msgspec.json.Decoder(_Piecewise)


class UploadFolder:
    """What a task's clients have sent so far; several threads and processes may write at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._journal = path / "arrived.jsonl"

    def save(self, name: str, stream: BinaryIO) -> int:
        """Receive one whole file; a second one of that name takes the first one's place.

        Returns:
            The number of bytes.

        Raises:
            MediaError: on an unsafe name.
        """
        name = safe_name(name)
        file_id = self._new_id()
        body = self._body(file_id)
        try:
            with body.open("xb") as file:
                shutil.copyfileobj(stream, file, _COPY_BYTES)
                length = file.tell()
        except BaseException:
            body.unlink(missing_ok=True)
            raise
        self._note(_Arrived(name, file_id))
        return length

    def start(self, name: str, length: int) -> str:
        """Announce a file that arrives in pieces; return the id under which they come.

        Raises:
            MediaError: on an unsafe name, or a length below 1 byte.
        """
        piecewise = _Piecewise(safe_name(name), length)
        if length < 1:
            raise MediaError(f"{name}: the length must be 1 byte or more, got {length}")
        file_id = self._new_id()
        self._body(file_id).touch()
        self._sidecar(file_id).write_bytes(msgspec.json.encode(piecewise))
        return file_id

    def offset(self, file_id: str) -> tuple[int, int]:
        """Return `(received, length)` in bytes of a file that arrives in pieces.

        Raises:
            KeyError: if no such upload was started here.
        """
        piecewise = self._piecewise(file_id)
        received = self._body(file_id).stat().st_size
        if received == piecewise.length:
            self._finish(file_id, piecewise)
        return received, piecewise.length

    def append(self, file_id: str, offset: int, chunks: Iterable[bytes]) -> int:
        """Continue a file; return the new offset.

        What arrived before `chunks` breaks off is kept, so that the client can resume there.

        Raises:
            KeyError: if no such upload was started here.
            UploadConflict: if `offset` is not where the file ends, or another client writes it.
            MediaError: if the bytes exceed the announced length; none of them are kept.
        """
        piecewise = self._piecewise(file_id)
        with self._exclusive(file_id) as file:
            end = file.seek(0, os.SEEK_END)
            if offset != end:
                raise UploadConflict(
                    f"{piecewise.name}: the upload continues at byte {end}, not {offset}"
                )
            for chunk in chunks:
                end += len(chunk)
                if end > piecewise.length:
                    file.truncate(offset)
                    raise MediaError(
                        f"{piecewise.name}: more than the announced {piecewise.length} bytes"
                    )
                file.write(chunk)
        if end == piecewise.length:
            self._finish(file_id, piecewise)
        return end

    def files(self) -> list[str]:
        """Return the names received in full, in the order of arrival."""
        return list(self._arrived())

    def paths(self) -> dict[str, Path]:
        """Return names and places of the files received in full, in the order of arrival."""
        return {name: self._body(file_id) for name, file_id in self._arrived().items()}

    def settle(self) -> None:
        """Make sure that what has arrived outlasts a power cut."""
        paths = self.paths().values()
        if len(paths) > _SYNCED_SINGLY:
            # All files of the machine at once; for many of ours that takes a fraction of the time.
            os.sync()
            return
        for path in (*paths, self._journal, self.path, self.path.parent):
            sync(path)

    def _arrived(self) -> dict[str, str]:
        try:
            lines = self._journal.read_bytes().split(b"\n")
        except FileNotFoundError:
            return {}
        notes = [note for line in lines if (note := _decoded(line))]
        return {note.name: note.id for note in notes}

    def _note(self, arrived: _Arrived) -> None:
        descriptor = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # Led by a newline, so that a note cut off by a kill spoils no other; one write, so
            # that two processes' notes don't mix.
            os.write(descriptor, b"\n" + msgspec.json.encode(arrived) + b"\n")
        finally:
            os.close(descriptor)

    def _finish(self, file_id: str, piecewise: _Piecewise) -> None:
        if file_id not in self._arrived().values():
            self._note(_Arrived(piecewise.name, file_id))

    def _new_id(self) -> str:
        self.path.mkdir(parents=True, exist_ok=True)
        return uuid.uuid4().hex

    def _body(self, file_id: str) -> Path:
        return self.path / f"{file_id}.bin"

    def _sidecar(self, file_id: str) -> Path:
        return self.path / f"{file_id}.json"

    def _piecewise(self, file_id: str) -> _Piecewise:
        if not (len(file_id) == 32 and file_id.isalnum() and file_id.isascii()):
            raise KeyError(file_id)
        try:
            return _piecewise.decode(self._sidecar(file_id).read_bytes())
        except (FileNotFoundError, msgspec.DecodeError):
            raise KeyError(file_id) from None

    @contextmanager
    def _exclusive(self, file_id: str) -> Iterator[BinaryIO]:
        with self._body(file_id).open("r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UploadConflict("this file is being written by another request") from None
            yield file


def _decoded(line: bytes) -> _Arrived | None:
    try:
        return _arrived.decode(line)
    except msgspec.DecodeError:
        # Empty, or cut off by a kill: then its upload was never acknowledged.
        return None
