"""Saved logins: a file of profiles, each a server with an access token.

Place and form are those of the official clients, so that both can use one file: JSON with
`version` 1, `profiles` (by name: `server`, `token`, `created_date`), `default_profile` and
`default_server`. What else is in the file is kept.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cvat_sdk.exceptions import AuthStoreError

_VERSION = 1
_FILE_MODE = 0o600
_FOLDER_MODE = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_HAS_MODES = os.name == "posix"


@dataclass(frozen=True)
class ProfileEntry:
    """A saved login.

    Attributes:
        server: its address, with scheme and port.
        token: a personal access token.
        created_date: when it was saved, as ISO 8601.
    """

    server: str
    token: str = field(repr=False)
    created_date: str


def get_auth_store_path() -> Path:
    """Return where saved logins are kept, unless another file is given."""
    import platformdirs

    return platformdirs.user_config_path("cvat-sdk", "CVAT.ai") / "auth.json"


class AuthStore:
    """The file of saved logins. It is read anew by each method, and each change is one write.

    Every method raises `AuthStoreError` if the file is damaged, cannot be read or written, or can
    be read by others.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = get_auth_store_path() if path is None else Path(path)

    @property
    def path(self) -> Path:
        return self._path

    def list_profiles(self) -> dict[str, ProfileEntry]:
        """Return all profiles by name."""
        return {name: self._entry(name, raw) for name, raw in self._read()["profiles"].items()}

    def get_profile(self, name: str) -> ProfileEntry | None:
        """Return a profile, None if there is none of that name."""
        raw = self._read()["profiles"].get(name)
        return None if raw is None else self._entry(name, raw)

    def put_profile(self, name: str, entry: ProfileEntry, *, set_default: bool = False) -> None:
        """Save a profile, in place of one of the same name; the first one becomes the default."""
        with self._changed() as document:
            if set_default or not document["profiles"]:
                document["default_profile"] = name
            document["profiles"][name] = {
                "server": entry.server,
                "token": entry.token,
                "created_date": entry.created_date,
            }

    def remove_profile(self, name: str) -> None:
        """Forget a profile. Its token stays valid on the server.

        Raises:
            KeyError: there is none of that name.
        """
        with self._changed() as document:
            del document["profiles"][name]
            if document.get("default_profile") == name:
                del document["default_profile"]

    def get_default_profile(self) -> tuple[str, ProfileEntry] | None:
        """Return name and profile of the default, None if there is none."""
        document = self._read()
        name = document.get("default_profile")
        if name is None or name not in document["profiles"]:
            return None
        return name, self._entry(name, document["profiles"][name])

    def set_default_profile(self, name: str) -> None:
        """Make a profile the default.

        Raises:
            KeyError: there is none of that name.
        """
        with self._changed() as document:
            if name not in document["profiles"]:
                raise KeyError(name)
            document["default_profile"] = name

    def clear_default_profile(self) -> None:
        """Have no default profile."""
        self._forget("default_profile")

    def get_default_server(self) -> str | None:
        """Return the server of logins that are no profile's, None if it was not set."""
        server = self._read().get("default_server")
        if server is not None and not isinstance(server, str):
            raise self._damaged("'default_server' is not a text")
        return server

    def set_default_server(self, server: str) -> None:
        """Have a server for logins that are no profile's."""
        with self._changed() as document:
            document["default_server"] = server

    def clear_default_server(self) -> None:
        """Have no default server."""
        self._forget("default_server")

    def _forget(self, name: str) -> None:
        if name in self._read():
            with self._changed() as document:
                del document[name]

    @contextmanager
    def _changed(self) -> Iterator[dict[str, Any]]:
        document = self._read()
        yield document
        self._write(document)

    def _read(self) -> dict[str, Any]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {"version": _VERSION, "profiles": {}}
        except OSError as error:
            raise AuthStoreError(f"{self._path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:
            raise self._damaged("it is not text") from None
        self._refuse_readers(self._path, _FILE_MODE)
        self._refuse_readers(self._path.parent, _FOLDER_MODE)
        return self._parsed(text)

    def _parsed(self, text: str) -> dict[str, Any]:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            # Without the cause: it holds the text, with the tokens.
            raise self._damaged("it is not JSON") from None
        if not isinstance(document, dict) or "version" not in document:
            raise self._damaged("it has no 'version'")
        if document["version"] != _VERSION:
            raise AuthStoreError(
                f"{self._path} is of version {document['version']!r}; this program knows {_VERSION}"
            )
        if not isinstance(document.setdefault("profiles", {}), dict):
            raise self._damaged("'profiles' is not an object")
        if not isinstance(document.get("default_profile"), str | None):
            raise self._damaged("'default_profile' is not a text")
        return document

    def _entry(self, name: str, raw: Any) -> ProfileEntry:
        fields = raw if isinstance(raw, dict) else {}
        match fields.get("server"), fields.get("token"), fields.get("created_date", ""):
            case str() as server, str() as token, str() as created_date:
                return ProfileEntry(server, token, created_date)
        raise self._damaged(f"profile {name!r} has no server or no token")

    def _damaged(self, problem: str) -> AuthStoreError:
        return AuthStoreError(
            f"{self._path} is damaged: {problem}; mend it, or remove it and save the logins anew"
        )

    def _refuse_readers(self, path: Path, wanted: int) -> None:
        if _HAS_MODES and stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            raise AuthStoreError(
                f"{path} can be read by others, and holds access tokens: chmod {wanted:o} '{path}'"
            )

    def _write(self, document: dict[str, Any]) -> None:
        folder = self._path.parent
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
            self._refuse_readers(folder, _FOLDER_MODE)
            self._replace(json.dumps(document, indent=2, sort_keys=True))
        except OSError as error:
            raise AuthStoreError(f"{self._path} cannot be written: {error.strerror}") from error

    def _replace(self, text: str) -> None:
        # The file is made with mode 0600, and takes the other's place when it is whole.
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".auth.", suffix=".tmp")
        try:
            with open(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._path)
        except BaseException:
            os.unlink(name)
            raise
