"""The page that people use: a built bundle, which is sent as it lies in the package.

The page finds its way behind the `#` of its address, so that `/` is the only document there is.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from .errors import NotAllowed, NotFound, reply_to
from .replies import Reply

FOLDER = Path(__file__).with_name("page")
# The page runs nothing but what is in the bundle, and talks to nobody but this hub. Pixels that it
# has fetched are shown from memory, as blobs.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_METHODS = ("GET", "HEAD")
# The name of such a file has a hash of what is in it.
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


@dataclass(frozen=True)
class _File:
    body: bytes
    packed: bytes
    kind: str
    keeping: str


class FrontPage:
    """An ASGI application that sends the files of the bundle, which it holds in memory."""

    route = "/assets/{name}"

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = dict(_read(folder))

    def routes(self) -> Iterator[BaseRoute]:
        """Return where it answers."""
        yield Route("/", self)
        yield Route(self.route, self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._reply(Request(scope))(scope, receive, send)

    def _reply(self, request: Request) -> Reply:
        if request.method not in _METHODS:
            refusal = reply_to(NotAllowed(f'Method "{request.method}" not allowed.'))
            refusal.headers["Allow"] = ", ".join(_METHODS)
            return refusal
        found = self._files.get(request.path_params.get("name", ""))
        if found is None:
            return reply_to(NotFound())
        return _send(found, packed="gzip" in request.headers.get("Accept-Encoding", ""))


def _send(file: _File, *, packed: bool) -> Reply:
    headers = {
        "Cache-Control": file.keeping,
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Vary": "Accept-Encoding",
    }
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Reply(file.packed if packed else file.body, headers=headers, media_type=file.kind)


def _read(folder: Path) -> Iterator[tuple[str, _File]]:
    yield "", _file(folder / "index.html", _ASK_AGAIN)
    for path in (folder / "assets").iterdir():
        yield path.name, _file(path, _FOR_EVER)


def _file(path: Path, keeping: str) -> _File:
    body = path.read_bytes()
    return _File(body, gzip.compress(body, mtime=0), _kind(path), keeping)


_KINDS: Mapping[str, str] = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}


def _kind(path: Path) -> str:
    return _KINDS[path.suffix]
