"""Passwords: kept as argon2 hashes, compared in a time that tells nothing."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 8, 128
REMEMBERED_SECONDS = 300
_MOST = 1000


def problem(password: str, username: str) -> str:
    """Return why this cannot be somebody's password; empty if it can.

    >>> problem("secret", "ann")
    'This password is too short. It must contain at least 8 characters.'
    """
    if len(password) < SHORTEST:
        return f"This password is too short. It must contain at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"This password is too long. It must contain at most {LONGEST} characters."
    if password.casefold() == username.casefold():
        return "The password is the same as the username."
    return ""


class Passwords:
    """Hashes and compares; both take tens of milliseconds and megabytes, on purpose.

    A password that was right is remembered for a while, so that scripts which send it with every
    request are quick: as an HMAC of a key that exists in this process alone, bound to the hash
    that it was compared with, so that it is of no use once the password is another.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex())
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._right: OrderedDict[bytes, float] = OrderedDict()

    def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        return self._hasher.hash(password)

    def match(self, password_hash: str | None, password: str) -> bool:
        """Tell whether this is the password; for a user who doesn't exist it takes as long."""
        try:
            self._hasher.verify(password_hash or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether the password should be hashed again, as it is done now."""
        return self._hasher.check_needs_rehash(password_hash)

    def remember(self, password_hash: str, password: str, now: float) -> None:
        """Remember that this is the password; `now` is in seconds."""
        with self._lock:
            self._right[self._mark(password_hash, password)] = now
            while len(self._right) > _MOST:
                self._right.popitem(last=False)

    def was_right(self, password_hash: str, password: str, now: float) -> bool:
        """Tell at once whether this was the password, not long ago."""
        mark = self._mark(password_hash, password)
        with self._lock:
            when = self._right.get(mark)
            if when is not None and not 0 <= now - when < REMEMBERED_SECONDS:
                del self._right[mark]
                when = None
        return when is not None

    def _mark(self, password_hash: str, password: str) -> bytes:
        shown = f"{password_hash}\0{password}".encode(errors="surrogatepass")
        return hmac.digest(self._key, shown, "sha256")
