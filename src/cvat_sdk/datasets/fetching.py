"""Fetches what is needed next, ahead of those who read it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass

from cvat_sdk.datasets.arriving import ArrivingFile
from cvat_sdk.datasets.pace import Pace
from cvat_sdk.datasets.plan import Piece

# What is held at a time, fetched or being fetched: pieces, and bytes of the files they lie in.
_MAX_PIECES = 8
_MAX_BYTES = 512 << 20
# Two pieces are held whatever their size, or nothing would be fetched ahead.
_LEAST_PIECES = 2
# Threads end when their server says something. They are not waited for any longer.
_GRACE_S = 0.5
# A request whose rest is not needed is broken off, and its connection with it, if this many bytes
# are still to come.
_WORTH_A_CONNECTION = 1 << 20

Download = Callable[[Piece, ArrivingFile], object]


@dataclass
class _Request:
    piece: Piece
    began: float
    answered: float | None = None
    is_under_way: bool = True
    is_needed: bool = True


class Fetching:
    """Fetches pieces in order, several at once where that is faster, and only a few ahead.

    Args:
        download: writes a piece to a file.
        at_once: how many pieces are fetched at the same time at most.
        spent: told the seconds that each download took.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        download: Download,
        *,
        at_once: int,
        spent: Callable[[float], object],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._pieces = pieces
        self._download = download
        self._spent = spent
        self._clock = clock
        self._pace = Pace()
        self._changed = threading.Condition()
        self._next = 0
        self._is_stopped = False
        self._files: dict[int, ArrivingFile] = {}
        self._held: dict[int, _Request] = {}
        self._threads = [
            threading.Thread(target=self._work, name=f"cvat-fetch-{n}", daemon=True)
            for n in range(min(at_once, len(pieces)))
        ]

    def start(self) -> None:
        """Begin to fetch."""
        for thread in self._threads:
            thread.start()

    def file(self, place: int) -> ArrivingFile:
        """Return the file of the piece at a place among all; its bytes come by and by.

        Raises:
            CancelledError: the fetching was stopped.
        """
        with self._changed:
            if self._is_stopped:
                raise CancelledError
            return self._file(place)

    def release(self, place: int) -> None:
        """Give up a piece that is not needed any more; another one may take its room."""
        with self._changed:
            self._files[place].close()
            if place not in self._held:
                return
            self._held[place].is_needed = False
            if self._to_come(place) > _WORTH_A_CONNECTION:
                self._files[place].fail(CancelledError())
            self._forget(place)

    def stop(self) -> None:
        """Fetch nothing more; who waits for bytes gets a CancelledError."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
            files = list(self._files.values())
        for file in files:
            file.fail(CancelledError())

    def close(self) -> None:
        """Stop, and drop what was fetched."""
        self.stop()
        deadline = self._clock() + _GRACE_S
        for thread in self._threads:
            if thread.ident:
                thread.join(max(0.0, deadline - self._clock()))
        for file in self._files.values():
            file.close()

    def _work(self) -> None:
        while begun := self._begin():
            self._fetch(*begun)

    def _file(self, place: int) -> ArrivingFile:
        if place not in self._files:
            self._files[place] = ArrivingFile(lambda size: self._grew(place))
        return self._files[place]

    def _begin(self) -> tuple[int, ArrivingFile] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_over() or self._is_due())
            if self._is_over():
                return None
            place = self._next
            self._next += 1
            self._held[place] = _Request(self._pieces[place], self._clock())
            return place, self._file(place)

    def _fetch(self, place: int, file: ArrivingFile) -> None:
        start = self._clock()
        try:
            self._download(self._pieces[place], file)
            file.finish()
        except CancelledError:
            pass
        except BaseException as error:
            file.fail(error)
            self._give_up()
        finally:
            self._spent(self._clock() - start)
            self._end(place, file.size)

    def _grew(self, place: int) -> None:
        with self._changed:
            request = self._held[place]
            if request.answered is None:
                request.answered = self._clock()
                self._pace.answered(request.answered - request.began)
            if self._is_due():
                self._changed.notify()

    def _give_up(self) -> None:
        with self._changed:
            self._next = len(self._pieces)

    def _end(self, place: int, size: int) -> None:
        with self._changed:
            request, now = self._held[place], self._clock()
            request.is_under_way = False
            self._pace.fetched(size, now - (request.answered or now), request.piece.holds)
            self._forget(place)

    def _forget(self, place: int) -> None:
        request = self._held[place]
        if not request.is_under_way and not request.is_needed:
            del self._held[place], self._files[place]
        self._changed.notify_all()

    def _is_over(self) -> bool:
        return self._is_stopped or self._next >= len(self._pieces)

    def _is_due(self) -> bool:
        if self._is_over() or len(self._held) >= _MAX_PIECES:
            return False
        to_come = sum(self._to_come(place) for place in self._held)
        if len(self._held) >= _LEAST_PIECES:
            held = sum(self._files[place].size for place in self._held)
            if held + to_come + self._pace.expected(self._pieces[self._next].holds) > _MAX_BYTES:
                return False
        is_idle = not any(request.is_under_way for request in self._held.values())
        return is_idle or self._pace.is_due(to_come)

    def _to_come(self, place: int) -> int:
        request = self._held[place]
        if not request.is_under_way:
            return 0
        return max(0, self._pace.expected(request.piece.holds) - self._files[place].size)
