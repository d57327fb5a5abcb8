"""Users and what they show to prove who they are: logins and personal access tokens.

Secrets are kept as SHA-256 only; they are long random strings, so that guessing them is hopeless.
"""

from __future__ import annotations

import datetime
import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from .engine import inserted_id
from .tables import access_tokens, logins, users

Date = datetime.datetime


@dataclass(frozen=True)
class User:
    """A user of the hub."""

    id: int
    username: str
    email: str
    first_name: str
    last_name: str
    is_admin: bool
    is_active: bool
    date_joined: Date
    last_login: Date | None
    password_hash: str = field(repr=False, default="")


@dataclass(frozen=True)
class AccessToken:
    """A personal access token; its value is known to its owner alone."""

    id: int
    user_id: int
    name: str
    read_only: bool
    created_date: Date
    updated_date: Date
    expiry_date: Date | None
    last_used_date: Date | None


def hashed(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_token() -> str:
    """Return the value of a new access token: a name for people to tell it by, and a secret."""
    return f"{secrets.token_hex(4)}.{secrets.token_urlsafe(32)}"


def count(connection: Connection) -> int:
    """Return how many users there are."""
    return connection.scalar(select(func.count()).select_from(users)) or 0


def create(
    connection: Connection,
    username: str,
    password_hash: str,
    now: Date,
    *,
    email: str = "",
    is_admin: bool = False,
) -> int:
    """Add a user, and return its id."""
    values = {
        "username": username,
        "password_hash": password_hash,
        "is_admin": is_admin,
        "is_active": True,
        "date_joined": now,
        "email": email,
        "first_name": "",
        "last_name": "",
    }
    result = connection.execute(insert(users).values(values))
    return inserted_id(result)


def get(connection: Connection, user_id: int) -> User | None:
    """Return a user, or None."""
    return _user(connection.execute(_BY_ID, {"id": user_id}).first())


_BY_ID = select(users).where(users.c.id == bindparam("id"))


def everybody(connection: Connection) -> list[User]:
    """Return all users, by id."""
    return [User(**row._mapping) for row in connection.execute(select(users).order_by(users.c.id))]


def by_ids(connection: Connection, ids: Collection[int | None]) -> dict[int, User]:
    """Return the users of these ids; those that don't exist are left out."""
    wanted = {user_id for user_id in ids if user_id is not None and 0 < user_id < 2**31}
    if not wanted:
        return {}
    rows = connection.execute(select(users).where(users.c.id.in_(wanted)))
    return {row.id: User(**row._mapping) for row in rows}


def by_name(connection: Connection, name_or_email: str) -> User | None:
    """Return the user of this name, or of this e-mail address, or None."""
    if not name_or_email or "\0" in name_or_email:
        return None
    matches = or_(users.c.username == name_or_email, users.c.email == name_or_email)
    # A name goes before somebody else's address that reads the same.
    order = ((users.c.username == name_or_email).desc(), users.c.id)
    return _user(connection.execute(select(users).where(matches).order_by(*order)).first())


def is_taken(connection: Connection, email: str, user_id: int) -> bool:
    """Tell whether this address would lead to another user, by name or address."""
    if not email:
        return False
    taken = (func.lower(users.c.email), func.lower(users.c.username))
    same = or_(*(column == func.lower(email) for column in taken))
    query = select(users.c.id).where(same, users.c.id != user_id).limit(1)
    return connection.scalar(query) is not None


def name_of(user_id: ColumnElement[int]) -> ColumnElement[str]:
    """Return the name of the user whom a column of a query names."""
    return select(users.c.username).where(users.c.id == user_id).scalar_subquery()


def change(connection: Connection, user_id: int, values: Mapping[str, Any]) -> None:
    """Change a user; who is no longer active is logged in nowhere."""
    if values:
        connection.execute(update(users).where(users.c.id == user_id).values(**values))
    if not values.get("is_active", True):
        connection.execute(delete(logins).where(logins.c.user_id == user_id))


def remove(connection: Connection, user_id: int) -> None:
    """Remove a user; what they own stays, and belongs to nobody."""
    connection.execute(delete(users).where(users.c.id == user_id))


def other_admins(connection: Connection, user_id: int) -> int:
    """Return how many active admins there are beside this user.

    Until the transaction ends, none of them becomes anything else.
    """
    admins = select(users.c.id).where(users.c.is_admin, users.c.is_active).order_by(users.c.id)
    return len(set(connection.scalars(admins.with_for_update())) - {user_id})


def set_password(
    connection: Connection, user_id: int, password_hash: str, *, keep_login: str = ""
) -> None:
    """Give a user another password, and end all logins but the one of this session or key."""
    connection.execute(
        update(users).where(users.c.id == user_id).values(password_hash=password_hash)
    )
    others = (logins.c.user_id == user_id) & ~_of_secret(keep_login)
    connection.execute(delete(logins).where(others))


def renew_hash(connection: Connection, user: User, password_hash: str) -> None:
    """Keep another hash of the same password, unless the password was changed meanwhile."""
    same = (users.c.id == user.id) & (users.c.password_hash == user.password_hash)
    connection.execute(update(users).where(same).values(password_hash=password_hash))


def log_in(
    connection: Connection, user_id: int, session: str, key: str, now: Date, until: Date
) -> None:
    """Remember a login by its two secrets, and forget those that are over."""
    connection.execute(delete(logins).where(logins.c.expiry_date < now))
    connection.execute(
        insert(logins).values(
            user_id=user_id,
            session_hash=hashed(session),
            key_hash=hashed(key),
            created_date=now,
            expiry_date=until,
        )
    )
    connection.execute(update(users).where(users.c.id == user_id).values(last_login=now))


def log_out(connection: Connection, secret: str) -> None:
    """Forget the login of this session or key."""
    connection.execute(delete(logins).where(_of_secret(secret)))


def by_login(connection: Connection, secret: str, now: Date) -> User | None:
    """Return the user who holds this session or key, or None."""
    return _user(connection.execute(_BY_LOGIN, {"secret": hashed(secret), "now": now}).first())


# Nearly every request asks one of these: they are put together once.
_BY_LOGIN = (
    select(users)
    .join(logins, logins.c.user_id == users.c.id)
    .where(
        or_(logins.c.session_hash == bindparam("secret"), logins.c.key_hash == bindparam("secret")),
        logins.c.expiry_date >= bindparam("now"),
        users.c.is_active,
    )
)


def by_access_token(
    connection: Connection, value: str, now: Date
) -> tuple[User, AccessToken] | None:
    """Return the token of this value and its owner, or None."""
    values = {"hash": hashed(value), "now": now}
    token = _token(connection.execute(_BY_TOKEN, values).first())
    owner = get(connection, token.user_id) if token else None
    return (owner, token) if owner and token and owner.is_active else None


_BY_TOKEN = select(access_tokens).where(
    access_tokens.c.value_hash == bindparam("hash"),
    or_(access_tokens.c.expiry_date.is_(None), access_tokens.c.expiry_date >= bindparam("now")),
)


def add_access_token(
    connection: Connection,
    user_id: int,
    name: str,
    value: str,
    now: Date,
    *,
    read_only: bool,
    until: Date | None,
) -> AccessToken:
    """Add a token of this value."""
    values: dict[str, Any] = {
        "user_id": user_id,
        "name": name,
        "value_hash": hashed(value),
        "read_only": read_only,
        "created_date": now,
        "updated_date": now,
        "expiry_date": until,
    }
    token_id = inserted_id(connection.execute(insert(access_tokens).values(values)))
    del values["value_hash"]
    return AccessToken(id=token_id, last_used_date=None, **values)


def access_tokens_of(connection: Connection, user_id: int) -> list[AccessToken]:
    """Return the tokens of a user, newest first."""
    query = (
        select(access_tokens)
        .where(access_tokens.c.user_id == user_id)
        .order_by(access_tokens.c.id.desc())
    )
    return [token for row in connection.execute(query) if (token := _token(row))]


def change_access_token(
    connection: Connection, user_id: int, token_id: int, values: Mapping[str, Any], now: Date
) -> AccessToken | None:
    """Change a token of a user, and return it; None if there is none of this id."""
    matches = (access_tokens.c.id == token_id) & (access_tokens.c.user_id == user_id)
    changes = {**values, "updated_date": now}
    connection.execute(update(access_tokens).where(matches).values(changes))
    return _token(connection.execute(select(access_tokens).where(matches)).first())


def remove_access_token(connection: Connection, user_id: int, token_id: int) -> bool:
    """Remove a token of a user; False if there is none of this id."""
    matches = (access_tokens.c.id == token_id) & (access_tokens.c.user_id == user_id)
    return connection.execute(delete(access_tokens).where(matches)).rowcount > 0


def note_use(connection: Connection, token_id: int, now: Date) -> None:
    """Remember when a token was used."""
    connection.execute(
        update(access_tokens).where(access_tokens.c.id == token_id).values(last_used_date=now)
    )


def _of_secret(secret: str) -> Any:
    return or_(logins.c.session_hash == hashed(secret), logins.c.key_hash == hashed(secret))


def _user(row: Row[Any] | None) -> User | None:
    return User(**row._mapping) if row else None


def _token(row: Row[Any] | None) -> AccessToken | None:
    if row is None:
        return None
    return AccessToken(**{k: v for k, v in row._mapping.items() if k != "value_hash"})
