"""Server-sent events: from the bytes of a stream to what they say. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
_LINE_END = re.compile(rb"\r\n|\n|\r")
# No event of a queue is nearly as long; a stream without line ends must not fill the memory.
_LONGEST = 1 << 20


@dataclass(frozen=True)
class StreamEvent:
    """An event of a stream: its name, and its lines of data."""

    name: str
    data: str


class StreamError(Exception):
    """What comes is not a stream of events."""


@dataclass
class StreamParser:
    """Takes a stream in pieces, cut anywhere.

    Attributes:
        retry_ms: how long the server wants to be left alone after the stream is lost.
    """

    retry_ms: int | None = None
    _rest: bytes = b""
    _name: str = ""
    _data: list[str] = field(default_factory=list)
    _is_first: bool = True

    def feed(self, piece: bytes) -> list[StreamEvent]:
        """Return the events that are whole now.

        Raises:
            StreamError: a line has no end.

        >>> StreamParser().feed(b"event: newrequest\\ndata: 1\\n\\n: still here\\n\\n")
        [StreamEvent(name='newrequest', data='1')]
        """
        return [event for line in self._lines(piece) if (event := self._take(line)) is not None]

    def _lines(self, piece: bytes) -> Iterator[str]:
        self._rest += piece
        while end := _LINE_END.search(self._rest):
            # It may be the first half of a CR LF.
            if end.end() == len(self._rest) and end[0] == b"\r":
                break
            line, self._rest = self._rest[: end.start()], self._rest[end.end() :]
            yield self._text(line)
        if len(self._rest) > _LONGEST:
            raise StreamError("a line of the stream has no end")

    def _text(self, line: bytes) -> str:
        text = line.decode("utf-8", errors="replace")
        if self._is_first:
            self._is_first = False
            return text.removeprefix("\ufeff")
        return text

    def _take(self, line: str) -> StreamEvent | None:
        if not line:
            return self._finished()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._name = value
            case "data":
                self._data.append(value)
            case "retry" if value.isdecimal():
                self.retry_ms = int(value)
        return None

    def _finished(self) -> StreamEvent | None:
        name, data = self._name or "message", self._data
        self._name, self._data = "", []
        return StreamEvent(name, "\n".join(data)) if data else None
