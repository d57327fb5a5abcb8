"""Users and their access tokens, as the commands `cvat-hub user` and `cvat-hub token` manage them.

All of it is done in the database, whether a hub runs on it or not; a running hub sees it at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection

from .passwords import Passwords, problem
from .store import Store, users
from .store.users import AccessToken, Date, User

_NAME = re.compile(r"[\w.@+-]{1,150}")
_TOKEN_NAME_LENGTH = 50


class AccountError(Exception):
    """It cannot be done; the message is one line for the user."""


@dataclass(frozen=True)
class Accounts:
    """The users of a hub, by name.

    Every method raises AccountError if there is no such user or token, or a value has no use.
    """

    store: Store
    passwords: Passwords

    def add(
        self, name: str, password: str, now: Date, *, email: str = "", is_admin: bool = False
    ) -> int:
        """Add a user, and return the id."""
        if not _NAME.fullmatch(name):
            raise AccountError(f"user {name!r}: a name is letters, digits and @ . + - _ alone")
        password_hash = self._hash(name, password)
        with self.store.write() as connection:
            if _find(connection, name):
                raise AccountError(f"user {name}: there is one of this name already")
            return users.create(
                connection, name, password_hash, now, email=email, is_admin=is_admin
            )

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password; where they were logged in, they are no more."""
        password_hash = self._hash(name, password)
        with self.store.write() as connection:
            users.set_password(connection, _user(connection, name).id, password_hash)

    def set_active(self, name: str, *, active: bool) -> None:
        """Let a user in, or keep them out together with their tokens."""
        with self.store.write() as connection:
            users.change(connection, _user(connection, name).id, {"is_active": active})

    def all(self) -> list[User]:
        """Return all users, by id."""
        with self.store.read() as connection:
            return users.everybody(connection)

    def check(self, name: str) -> None:
        """Make sure that there is such a user, before a password is asked for."""
        with self.store.read() as connection:
            _user(connection, name)

    def add_token(
        self, name: str, token_name: str, now: Date, *, read_only: bool, until: Date | None
    ) -> str:
        """Make an access token for a user, and return its value, which is kept nowhere."""
        if not 1 <= len(token_name) <= _TOKEN_NAME_LENGTH:
            raise AccountError(
                f"token {token_name!r}: a name has 1 to {_TOKEN_NAME_LENGTH} characters"
            )
        if until and until <= now:
            raise AccountError(f"token {token_name}: {until:%Y-%m-%d %H:%M} UTC is past")
        value = users.new_token()
        with self.store.write() as connection:
            owner = _user(connection, name)
            users.add_access_token(
                connection, owner.id, token_name, value, now, read_only=read_only, until=until
            )
        return value

    def tokens(self, name: str | None = None) -> list[tuple[User, AccessToken]]:
        """Return the tokens of a user, or of all."""
        with self.store.read() as connection:
            owners = [_user(connection, name)] if name else users.everybody(connection)
            return [
                (owner, token)
                for owner in owners
                for token in users.access_tokens_of(connection, owner.id)
            ]

    def delete_token(self, token_id: int) -> None:
        """Make a token void."""
        for owner, token in self.tokens():
            if token.id == token_id:
                with self.store.write() as connection:
                    users.remove_access_token(connection, owner.id, token_id)
                return
        raise AccountError(f"token {token_id}: there is none of this id")

    def _hash(self, name: str, password: str) -> str:
        if reason := problem(password, name):
            raise AccountError(f"user {name}: {reason}")
        return self.passwords.hash(password)


def _find(connection: Connection, name: str) -> User | None:
    found = users.by_name(connection, name)
    return found if found and found.username == name else None


def _user(connection: Connection, name: str) -> User:
    found = _find(connection, name)
    if found is None:
        raise AccountError(f"user {name}: there is none of this name; `cvat-hub user ls` lists all")
    return found
