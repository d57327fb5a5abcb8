"""Replies: JSON in the content type that CVAT's clients ask for, media, and nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec
from starlette.responses import FileResponse, Response, StreamingResponse

from cvat_hub.media.reader import Media

Reply = Response
JSON = "application/vnd.cvat+json"
_encoder = msgspec.json.Encoder()


def json_reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a reply with a record, or anything else that msgspec encodes."""
    return raw_json(_encoder.encode(body), status, headers)


def raw_json(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a reply whose JSON is already encoded."""
    return Response(body, status, headers, media_type=JSON)


def json_pieces(pieces: Sequence[bytes]) -> Reply:
    """Return a reply whose JSON is already encoded, and too large to be put together at once."""
    length = str(sum(map(len, pieces)))
    return StreamingResponse(_each(pieces), headers={"Content-Length": length}, media_type=JSON)


async def _each(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def empty(status: int = 204, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a reply without a body."""
    return Response(None, status, headers)


def media_reply(media: Media) -> Reply:
    """Return pixels; those that lie in a file go out without passing through memory."""
    if isinstance(media.body, bytes):
        return Response(media.body, media_type=media.content_type)
    return FileResponse(media.body, media_type=media.content_type)
