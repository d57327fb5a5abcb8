"""Multipart bodies, read as they come: a file is never in memory as a whole."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator
from typing import Any

from python_multipart import multipart
from python_multipart.exceptions import FormParserError

from .errors import BadRequest

_MAX_HEADER_BYTES = 16 * 1024


class Part(io.RawIOBase):
    """One part: its name, the name of its file if it is one, and its content as a stream."""

    def __init__(self, name: str, filename: str | None, reader: _Reader) -> None:
        self.name_in_form = name
        self.filename = filename
        self._reader = reader

    def readable(self) -> bool:
        """It can be read, once."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come."""
        return self._reader.readinto(buffer)


def parts(content_type: str, chunks: Iterator[bytes]) -> Iterator[Part]:
    """Return the parts of a body one by one; each is to be read before the next is asked for.

    Raises:
        BadRequest: it is no multipart body, or it is cut off.
    """
    kind, options = multipart.parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise BadRequest("expected a body of type multipart/form-data")
    return _Reader(options[b"boundary"], chunks).parts()


class _Reader:
    def __init__(self, boundary: bytes, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._events: deque[tuple[str, bytes]] = deque()
        self._header_bytes = 0
        self._parser = multipart.MultipartParser(
            boundary,
            {
                "on_header_field": self._queue("field"),
                "on_header_value": self._queue("value"),
                "on_header_end": lambda: self._events.append(("header end", b"")),
                "on_headers_finished": self._end_headers,
                "on_part_data": self._queue("data"),
                "on_part_end": lambda: self._events.append(("part end", b"")),
                "on_end": lambda: self._events.append(("end", b"")),
            },
        )

    def parts(self) -> Iterator[Part]:
        headers: dict[bytes, bytes] = {}
        field = value = b""
        while True:
            kind, data = self._next()
            match kind:
                case "field":
                    field += data
                case "value":
                    value += data
                case "header end":
                    headers[field.lower()] = value
                    field = value = b""
                case "headers":
                    yield self._part(headers)
                    headers = {}
                case "end":
                    return

    def readinto(self, buffer: Any) -> int:
        kind, data = self._next()
        while kind == "data" and not data:
            kind, data = self._next()
        if kind != "data":
            self._events.appendleft((kind, data))
            return 0
        size = len(buffer)
        if len(data) > size:
            self._events.appendleft((kind, data[size:]))
        buffer[: len(data[:size])] = data[:size]
        return len(data[:size])

    def _next(self) -> tuple[str, bytes]:
        while not self._events:
            chunk = next(self._chunks, b"")
            if not chunk:
                raise BadRequest("the multipart body is cut off")
            try:
                self._parser.write(chunk)
            except FormParserError as error:
                raise BadRequest(f"the multipart body is broken: {error}") from None
        return self._events.popleft()

    def _end_headers(self) -> None:
        self._header_bytes = 0
        self._events.append(("headers", b""))

    def _queue(self, kind: str) -> Any:
        def event(data: bytes, start: int, end: int) -> None:
            if kind != "data":
                self._header_bytes += end - start
                if self._header_bytes > _MAX_HEADER_BYTES:
                    raise BadRequest("the headers of a part are too large")
            self._events.append((kind, data[start:end]))

        return event

    def _part(self, headers: dict[bytes, bytes]) -> Part:
        disposition = headers.get(b"content-disposition", b"")
        _, options = multipart.parse_options_header(disposition)
        filename = options.get(b"filename")
        try:
            name = options.get(b"name", b"").decode()
            return Part(name, None if filename is None else filename.decode(), self)
        except UnicodeDecodeError:
            raise BadRequest("the names of a part are not UTF-8") from None
