"""Who sends a request: by session cookie, token, password or personal access token."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

from starlette.requests import Request

from .errors import Forbidden, TooMany, Unauthorized
from .hub import Hub
from .operation.exchange import note_user
from .store import users
from .store.users import User

SESSION_COOKIE = "sessionid"
CSRF_COOKIE = "csrftoken"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Identity:
    """A user, with the secret of the login, or the number of the access token, that was shown."""

    user: User
    login: str = field(default="", repr=False)
    token_id: int | None = None


def csrf_token(session: str) -> str:
    """Return the token that shows that a page of ours sends the request, not a stranger's."""
    return hashlib.sha256(b"csrf " + session.encode()).hexdigest()[:32]


def is_by_password(request: Request) -> bool:
    """Tell whether a password has to be compared, which takes long."""
    return _scheme(request)[0] == "basic"


def bearer(request: Request) -> str:
    """Return the access token that is shown; empty if there is none."""
    scheme, credentials = _scheme(request)
    return credentials if scheme == "bearer" else ""


def identify(hub: Hub, request: Request) -> Identity:
    """Return who sends this request.

    Raises:
        Unauthorized: nobody says who they are, or what they show is not valid.
        Forbidden: it may not be done with what they show.
        TooMany: passwords were tried too often.
    """
    found = _identify(hub, request)
    note_user(found.user.id)
    return found


def _identify(hub: Hub, request: Request) -> Identity:
    scheme, credentials = _scheme(request)
    match scheme:
        case "token":
            return _by_login(hub, credentials, "Invalid token.")
        case "bearer":
            return _by_access_token(hub, credentials, request)
        case "basic":
            return _by_password(hub, credentials, request)
    session = request.cookies.get(SESSION_COOKIE)
    if scheme or not session:
        raise Unauthorized
    found = _by_login(hub, session)
    if request.method not in SAFE_METHODS:
        _check_csrf(request, session)
    return found


def authenticate(hub: Hub, request: Request, name: str, password: str) -> User | None:
    """Return the user of this name, or e-mail address, and password.

    Raises:
        TooMany: passwords were tried too often, for this name or from this address.
    """
    if not name:
        return None
    now = hub.clock().timestamp()
    with hub.store.read() as connection:
        user = users.by_name(connection, name)
    if user and hub.passwords.was_right(user.password_hash, password, now):
        return user if user.is_active else None
    # One count for a user's name and e-mail address; nobody learns here which names exist.
    who = str(user.id) if user else f"unknown {name.casefold()}"
    where = request.client.host if request.client else ""
    if wait := hub.attempts.begin(who, where, now):
        hub.metrics.sign_ins.labels("refused").inc()
        raise TooMany(wait)
    if not hub.passwords.match(user.password_hash if user else None, password) or not user:
        hub.metrics.sign_ins.labels("wrong").inc()
        return None
    hub.attempts.succeed(who, where, now)
    hub.metrics.sign_ins.labels("right").inc()
    _keep(hub, user, password, now)
    return user if user.is_active else None


def _keep(hub: Hub, user: User, password: str, now: float) -> None:
    """Remember that the password is right, and bring its hash up to date."""
    kept = user.password_hash
    if hub.passwords.is_outdated(kept):
        kept = hub.passwords.hash(password)
        with hub.store.write() as connection:
            users.renew_hash(connection, user, kept)
    hub.passwords.remember(kept, password, now)


def _scheme(request: Request) -> tuple[str, str]:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower(), credentials.strip()


def _by_login(hub: Hub, secret: str, problem: str = "") -> Identity:
    with hub.store.read() as connection:
        user = users.by_login(connection, secret, hub.clock())
    if user is None:
        raise Unauthorized(problem)
    return Identity(user, secret)


def _by_access_token(hub: Hub, value: str, request: Request) -> Identity:
    now = hub.clock()
    with hub.store.read() as connection:
        found = users.by_access_token(connection, value, now)
    if found is None:
        raise Unauthorized("Invalid token.")
    user, token = found
    if token.read_only and request.method not in SAFE_METHODS:
        raise Forbidden("This access token is for reading only.")
    used = token.last_used_date
    if used is None or (now - used).total_seconds() > 60:
        with hub.store.write() as connection:
            users.note_use(connection, token.id, now)
    return Identity(user, token_id=token.id)


def _by_password(hub: Hub, credentials: str, request: Request) -> Identity:
    try:
        name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        raise Unauthorized("Invalid basic header.") from None
    user = authenticate(hub, request, name, password)
    if user is None:
        raise Unauthorized("Invalid username/password.")
    return Identity(user)


def _check_csrf(request: Request, session: str) -> None:
    origin = request.headers.get("Origin")
    if origin and origin.partition("://")[2] != request.headers.get("Host"):
        raise Forbidden(f"CSRF Failed: Origin checking failed - {origin} is not this server.")
    sent = request.headers.get("X-CSRFToken")
    if not sent:
        raise Forbidden("CSRF Failed: CSRF token missing.")
    if not hmac.compare_digest(sent.encode(), csrf_token(session).encode()):
        raise Forbidden("CSRF Failed: CSRF token incorrect.")
