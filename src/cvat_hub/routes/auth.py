"""Logins, logouts and personal access tokens."""

from __future__ import annotations

import datetime
import secrets
from typing import Any

from cvat_hub import identity, passwords, records
from cvat_hub.call import Call, Handler, Lane
from cvat_hub.errors import BadRequest, Forbidden, NotFound, at
from cvat_hub.lists import PAGES, page_of
from cvat_hub.operation.exchange import note_user
from cvat_hub.replies import Reply, empty, json_reply
from cvat_hub.store import users
from cvat_sdk import models

_A_YEAR = 365 * 24 * 3600


def login(call: Call, asked: models.LoginSerializerExRequest) -> Reply:
    """Log in by name or e-mail address; cookies for browsers, a key for everybody else."""
    name = asked.get("username") or asked.get("email") or ""
    user = identity.authenticate(call.hub, call.request, name, asked.password)
    if user is None:
        raise BadRequest({"non_field_errors": ["Unable to log in with provided credentials."]})
    note_user(user.id)
    now = call.hub.clock()
    lasts = datetime.timedelta(days=call.hub.settings.session_days)
    session, key = secrets.token_hex(20), secrets.token_hex(20)
    with call.hub.store.write() as connection:
        users.log_in(connection, user.id, session, key, now, now + lasts)
    reply = json_reply(models.Token(key=key))
    _set_cookie(call, reply, identity.CSRF_COOKIE, identity.csrf_token(session), _A_YEAR)
    _set_cookie(call, reply, identity.SESSION_COOKIE, session, int(lasts.total_seconds()))
    return reply


def logout(call: Call) -> Reply:
    """Log out; session and key of the login are void from now on."""
    assert call.identity is not None
    with call.hub.store.write() as connection:
        users.log_out(connection, call.identity.login)
    reply = json_reply({"detail": "Successfully logged out."})
    reply.delete_cookie(identity.SESSION_COOKIE)
    return reply


def list_tokens(call: Call) -> Reply:
    """List the caller's tokens, without their values."""
    with call.hub.store.read() as connection:
        found = users.access_tokens_of(connection, call.user.id)
    return page_of(call, [records.access_token(call, token) for token in found])


def create_token(call: Call, asked: models.AccessTokenWriteRequest) -> Reply:
    """Create a token; only this reply has its value. It is for reading only unless asked for."""
    value = users.new_token()
    with call.hub.store.write() as connection:
        token = users.add_access_token(
            connection,
            call.user.id,
            asked.name,
            value,
            call.hub.clock(),
            read_only=asked.get("read_only", True),
            until=_in_utc(asked.get("expiry_date")),
        )
    return json_reply(records.access_token(call, token, value), 201)


def show_own_token(call: Call) -> Reply:
    """Show the token that the request is sent with."""
    assert call.identity is not None
    if call.identity.token_id is None:
        raise NotFound("The request is not sent with an access token.")
    return _token(call, call.identity.token_id)


def show_token(call: Call) -> Reply:
    """Show one of the caller's tokens."""
    return _token(call, call.number("token_id"))


def change_token(call: Call, asked: models.PatchedAccessTokenWriteRequest) -> Reply:
    """Change name, date and kind of one of the caller's tokens, as far as they are given."""
    values: dict[str, Any] = {
        name: asked.get(name) for name in ("name", "expiry_date", "read_only") if name in asked
    }
    if "expiry_date" in values:
        values["expiry_date"] = _in_utc(values["expiry_date"])
    with call.hub.store.write() as connection:
        changed = users.change_access_token(
            connection, call.user.id, _token_id(call), values, call.hub.clock()
        )
    if changed is None:
        raise _no_token()
    return json_reply(records.access_token(call, changed))


def delete_token(call: Call) -> Reply:
    """Delete one of the caller's tokens."""
    with call.hub.store.write() as connection:
        if not users.remove_access_token(connection, call.user.id, _token_id(call)):
            raise _no_token()
    return empty()


def change_password(call: Call, asked: models.PasswordChangeRequest) -> Reply:
    """Change the caller's password; all their other logins end."""
    assert call.identity is not None
    if call.identity.token_id is not None:
        raise Forbidden("An access token doesn't change the password.")
    if not identity.authenticate(call.hub, call.request, call.user.username, asked.old_password):
        raise at(
            ["old_password"], "Your old password was entered incorrectly. Please enter it again."
        )
    if asked.new_password1 != asked.new_password2:
        raise at(["new_password2"], "The two password fields didn't match.")
    if reason := passwords.problem(asked.new_password1, call.user.username):
        raise at(["new_password2"], reason)
    password_hash = call.hub.passwords.hash(asked.new_password1)
    with call.hub.store.write() as connection:
        users.set_password(connection, call.user.id, password_hash, keep_login=call.identity.login)
    return json_reply({"detail": "New password has been saved."})


def _token(call: Call, token_id: int) -> Reply:
    with call.hub.store.read() as connection:
        found = users.access_tokens_of(connection, call.user.id)
    for token in found:
        if token.id == token_id:
            return json_reply(records.access_token(call, token))
    raise _no_token()


def _token_id(call: Call) -> int:
    token_id = call.number("token_id")
    if token_id >= 2**31:
        raise _no_token()
    return token_id


def _no_token() -> NotFound:
    return NotFound("No AccessToken matches the given query.")


def _set_cookie(call: Call, reply: Reply, name: str, value: str, seconds: int) -> None:
    reply.set_cookie(
        name,
        value,
        max_age=seconds,
        samesite="lax",
        secure=call.request.url.scheme == "https",
        httponly=name == identity.SESSION_COOKIE,
    )


def _in_utc(date: datetime.datetime | None) -> datetime.datetime | None:
    if date is None:
        return None
    try:
        return date.astimezone(datetime.UTC) if date.tzinfo else date.replace(tzinfo=datetime.UTC)
    except OverflowError:
        raise at(["expiry_date"], "the date is out of range") from None


ROUTES = {
    "auth/login": {"POST": Handler(login, Lane.PASSWORD, public=True, gives=models.Token)},
    "auth/logout": {"POST": Handler(logout, gives=models.RestAuthDetail)},
    "auth/password/change": {
        "POST": Handler(change_password, Lane.PASSWORD, gives=models.RestAuthDetail)
    },
    "auth/access_tokens": {
        "GET": Handler(list_tokens, gives=models.PaginatedAccessTokenReadList, query=PAGES),
        "POST": Handler(create_token, gives=models.AccessTokenRead, status=201),
    },
    "auth/access_tokens/self": {"GET": Handler(show_own_token, gives=models.AccessTokenRead)},
    "auth/access_tokens/{token_id:id}": {
        "GET": Handler(show_token, gives=models.AccessTokenRead),
        "PATCH": Handler(change_token, gives=models.AccessTokenRead),
        "DELETE": Handler(delete_token, status=204),
    },
}
