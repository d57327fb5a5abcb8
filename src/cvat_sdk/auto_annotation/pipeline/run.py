"""One run: its journal, and what of it is on the server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cvat_sdk.exceptions import ApiException
from cvat_sdk.models import LabeledData, LabeledImageRequest, LabeledShapeRequest

from .entries import Entry, Found, Sending, Sent, Skipped, Withdrawing, Withdrawn
from .ids import Ids
from .journal import Journal
from .parcels import Parcel, parcel_again
from .report import STAGES
from .server import ServerTask
from .state import RunState, spans_by_kind

# By these, a server may take later what it doesn't take now.
_NO_REFUSALS = (401, 408, 429)


@dataclass
class Run:
    """A run over a task: everything that it does is in the journal before it has consequences.

    Attributes:
        refusal: the error by which the server refused something for good.
        seconds: what the stages took that wait for each other.
        pixel_seconds: what "fetch" and "decode" took, beside them.
    """

    journal: Journal
    state: RunState
    server: ServerTask
    clock: Callable[[], float] = time.perf_counter
    refusal: ApiException | None = None
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    pixel_seconds: Mapping[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, entry: Entry) -> tuple[int, int]:
        """Put an entry into the journal; return the places where it begins and ends."""
        with self._lock:
            places = self.journal.append(entry)
            self.state.apply(entry)
            return places

    def found(
        self,
        frame: int,
        tags: Sequence[LabeledImageRequest],
        shapes: Sequence[LabeledShapeRequest],
    ) -> tuple[Found, int, int]:
        """Keep the results of a frame; return the entry, and its places in the journal."""
        entry = Found(frame, len(tags), len(shapes), _joined(tags), _joined(shapes))
        return entry, *self.write(entry)

    def skipped(self, frame: int, name: str, reason: str) -> None:
        """Keep that a frame was given up."""
        self.write(Skipped(frame, name, reason))

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the seconds of a block to those of a stage."""
        start = self.clock()
        try:
            yield
        finally:
            self.seconds[stage] += self.clock() - start

    def stages(self) -> dict[str, float]:
        """Return the seconds of all stages so far."""
        pixels = {name: self.pixel_seconds.get(name, 0.0) for name in ("fetch", "decode")}
        return {**pixels, **self.seconds}

    def of_before(self, annotations: LabeledData) -> LabeledData:
        """Return those shapes that were there before anything was sent."""
        existing = (self.state.existing or {}).get("shapes", Ids())
        shapes = [shape for shape in annotations.get("shapes") or () if shape.id in existing]
        return LabeledData(shapes=shapes)

    def settle(self) -> None:
        """Finish what an earlier process has begun on the server.

        Raises:
            UndecidedUploadError: it cannot be told what the server did.
            ApiException, TransportError: the server refuses, or cannot be reached.
        """
        if self.state.withdrawing:
            self.withdraw()
        for number, (start, end) in sorted(self.state.in_doubt.items()):
            self._deliver(parcel_again(self.journal, number, start, end), again=True)

    def announce(self, parcel: Parcel) -> None:
        """Keep that a parcel is about to be sent."""
        self.write(Sending(parcel.number, parcel.start, parcel.end))

    def deliver(self, parcel: Parcel) -> None:
        """Send a parcel that was announced.

        Raises:
            ApiException: the server refuses it; `refusal` is set, unless trying again may help.
            TransportError: the server cannot be reached.
        """
        # A power cut must not make us forget what the server may know.
        self.journal.sync()
        self._deliver(parcel)

    def _deliver(self, parcel: Parcel, *, again: bool = False) -> None:
        key = self.state.key(parcel.number)
        try:
            ids = self.server.create(parcel.body, key, self._known, again=again)
        except ApiException as error:
            if error.status and 400 <= error.status < 500 and error.status not in _NO_REFUSALS:
                self.refusal = error
            raise
        self.write(Sent(parcel.number, spans_by_kind(ids)))

    def _known(self) -> list[Mapping[str, Ids]]:
        existing = self.state.existing
        return [self.state.sent, *([existing] if existing else [])]

    def withdraw(self) -> None:
        """Remove from the server what this run has sent. The results stay in the journal."""
        sent = self.state.sent
        if any(map(len, sent.values())):
            self.write(Withdrawing())
            self.server.remove(lambda kind, item: item.id in sent[kind])
        self.write(Withdrawn())

    def remove_existing(self, is_wanted: Callable[[str, Any], bool]) -> None:
        """Remove of what was there at the start those annotations that are wanted to go."""
        existing = self.state.existing
        if existing and any(map(len, existing.values())):
            self.server.remove(
                lambda kind, item: item.id in existing[kind] and is_wanted(kind, item)
            )


def _joined(annotations: Sequence[Any]) -> bytes:
    from cvat_sdk.api_client.wire import encode

    return encode(annotations)[1:-1]
