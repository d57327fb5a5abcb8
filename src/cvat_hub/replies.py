"""Replies: JSON in the content type that CVAT's clients ask for, media, and nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from anyio import to_thread
from starlette.responses import Response

from cvat_hub.media.reader import Media

Reply = Response
JSON = "application/vnd.cvat+json"
_PIECE_BYTES = 2 * 1024 * 1024
_encoder = msgspec.json.Encoder()


def json_reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a reply with a record, or anything else that msgspec encodes."""
    return raw_json(_encoder.encode(body), status, headers)


def raw_json(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a reply whose JSON is already encoded."""
    return Response(body, status, headers, media_type=JSON)


def json_pieces(pieces: Sequence[bytes], headers: Mapping[str, str] | None = None) -> Reply:
    """Return a reply whose JSON is already encoded, and too large to be put together at once."""
    return _PiecesReply(pieces, headers)


def empty(status: int = 204, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a reply without a body."""
    return Response(None, status, headers)


def media_reply(media: Media) -> Reply:
    """Return pixels; those that lie in a file are sent piece by piece.

    Raises:
        FileNotFoundError: the file is gone.
    """
    if isinstance(media.body, bytes):
        return Response(media.body, media_type=media.content_type)
    return FileReply(media.body, media.content_type)


class _PiecesReply(Response):
    """A reply whose body is in pieces."""

    def __init__(self, pieces: Sequence[bytes], headers: Mapping[str, str] | None = None) -> None:
        self._pieces = pieces
        length = {"Content-Length": str(sum(map(len, pieces)))}
        super().__init__(None, 200, {**(headers or {}), **length}, media_type=JSON)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send one piece after the other."""
        await send(_start(self))
        for piece in () if scope["method"] == "HEAD" else self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class FileReply(Response):
    """A reply with a file, which is opened at once: what is deleted later is still sent."""

    def __init__(self, path: Path, content_type: str) -> None:
        self._file = path.open("rb", buffering=0)
        self._length = os.fstat(self._file.fileno()).st_size
        headers = {"Content-Length": str(self._length)}
        super().__init__(None, 200, headers, media_type=content_type)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it; only some pieces are in memory at a time."""
        left = 0 if scope["method"] == "HEAD" else self._length
        with self._file:
            await send(_start(self))
            while left:
                piece = await to_thread.run_sync(self._file.read, min(left, _PIECE_BYTES))
                if not piece:
                    raise OSError("a file has become shorter while it was sent")
                left -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


def _start(reply: Response) -> Mapping[str, Any]:
    return {
        "type": "http.response.start",
        "status": reply.status_code,
        "headers": reply.raw_headers,
    }
