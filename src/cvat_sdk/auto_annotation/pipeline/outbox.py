"""The way of results from the journal to the server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from .entries import Found
from .parcels import Parcel, ParcelMaker, parcels
from .run import Run
from .sending import Sender

# While a run goes on, what was found is not to be waited for longer than this.
_LONGEST_WAIT_S = 5.0


class Outbox:
    """Sends the results of a run, at its end or as they come.

    Args:
        streaming: send them as they come.
    """

    def __init__(
        self, run: Run, *, streaming: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._run = run
        self._streaming = streaming
        self._clock = clock
        self._maker = ParcelMaker(run.state.next_parcel, run.state.unsent)
        if streaming:
            # An earlier process may have kept results without sending them.
            self._left = parcels(run.journal, self._maker, run.journal.end)
        self._sender: Sender[Parcel] = Sender(run.deliver, run.server.parallel_requests)
        self._last_sent = clock()

    def add(self, found: Found, start: int, end: int) -> None:
        """The results of a frame are in the journal.

        Raises:
            ApiException, TransportError: something could not be sent.
        """
        if not self._streaming:
            return
        self._send(self._maker.add(found, start, end))
        if self._clock() - self._last_sent > _LONGEST_WAIT_S:
            self._send(self._maker.rest())
            self._last_sent = self._clock()

    def finish(self) -> None:
        """Send everything that is left, and wait until the server has taken it.

        Raises:
            ApiException, TransportError: something could not be sent.
        """
        journal = self._run.journal
        self._send(
            self._maker.rest() if self._streaming else parcels(journal, self._maker, journal.end)
        )
        self._sender.finish()

    def wait(self) -> None:
        """Wait for what is being sent at this moment; whatever becomes of it."""
        self._sender.wait()

    def stop(self) -> None:
        """Send nothing more; what is being sent is not waited for."""
        self._sender.stop()

    def _send(self, ready: Iterable[Parcel]) -> None:
        for parcel in ready:
            self._run.announce(parcel)
            self._sender.offer(parcel)
