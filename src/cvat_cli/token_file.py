"""Files that hold an access token, as servers hand them out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from cvat_cli.errors import CommandError

_STRING = r'("(?:\\.|[^"\\])*")'
_COMMENT = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?\*/", re.DOTALL)
_LAST_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])")


@dataclass(frozen=True)
class TokenFile:
    """An access token, and perhaps the server that it is for and its name."""

    token: str = field(repr=False)
    server: str | None = None
    name: str | None = None


def read_token_file(path: Path) -> TokenFile:
    """Read a file.

    Raises:
        CommandError: it cannot be read, or makes no sense.
    """
    try:
        if not path.is_file():
            raise CommandError(f"{path}: there is no such file")
        return parse_token_file(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise CommandError(f"{path} holds no access token: it is not text") from None
    except ValueError as error:
        # Without the cause, which may show what the file holds.
        raise CommandError(f"{path} holds no access token: {error}") from None


def parse_token_file(text: str) -> TokenFile:
    """Return what a file says: it is a token, or JSON that may have comments.

    >>> parse_token_file('{"token": "t", "server": "http://a"}  // for the lab').server
    'http://a'

    Raises:
        ValueError: the JSON is damaged, or lacks the token.
    """
    bare = _COMMENT.sub(lambda found: found[1] or " ", text).strip()
    if not bare.startswith("{"):
        return TokenFile(text.strip())
    try:
        fields = json.loads(_LAST_COMMA.sub(lambda found: found[1] or "", bare))
    except ValueError:
        raise ValueError("the JSON is damaged") from None
    for name in ("token", "server", "name"):
        if not isinstance(fields.get(name), str | None):
            raise ValueError(f"{name!r} is not a text")
    if fields.get("token") is None:
        raise ValueError("'token' is missing")
    return TokenFile(fields["token"], fields.get("server"), fields.get("name"))
