"""The words of `cvat-hub user` and `cvat-hub token`: arguments in, lines out."""

from __future__ import annotations

import argparse
import datetime
import getpass
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec

from .settings import WHERE, Settings, add_arguments

if TYPE_CHECKING:
    from .accounts import Accounts
    from .store.users import AccessToken, User

Date = datetime.datetime


def run(settings: Settings, arguments: argparse.Namespace, now: Date) -> None:
    """Do what the arguments say.

    Raises:
        AccountError: it cannot be done.
        StoreError: the database cannot be used.
    """
    from .accounts import AccountError, Accounts
    from .passwords import Passwords
    from .store import open_store

    if not settings.database and not (settings.data_dir / "hub.sqlite3").exists():
        if arguments.does is not _add_user:
            raise AccountError(
                f"data folder {settings.data_dir}: there is no hub in it; "
                "name another with --data-dir"
            )
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with closing(open_store(settings.database_url)) as store:
        arguments.does(Accounts(store, Passwords()), arguments, now)


def add_parsers(commands: Any) -> None:
    """Add `user` and `token` to the commands of a parser."""
    user = commands.add_parser("user", help="add users, and change their passwords")
    actions = user.add_subparsers(required=True, metavar="ACTION")
    add = _parser(actions, "add", _add_user, "add a user; the password is asked for")
    add.add_argument("name")
    add.add_argument("--admin", action="store_true", help="who may do everything")
    add.add_argument("--email", default="", help="an address to log in with as well")
    passwd = _parser(actions, "passwd", _set_password, "change a password, and end all logins")
    passwd.add_argument("name")
    for word, text in (("disable", "keep a user out"), ("enable", "let a user in again")):
        _parser(actions, word, _set_active, text).add_argument("name")
    _add_json(_parser(actions, "ls", _list_users, "list the users"))

    token = commands.add_parser("token", help="make and delete access tokens")
    actions = token.add_subparsers(required=True, metavar="ACTION")
    create = _parser(actions, "create", _create_token, "make a token, and print it")
    create.add_argument("user", help="whose token it is")
    create.add_argument("--name", required=True, help="what it is for")
    kind = create.add_mutually_exclusive_group()
    kind.add_argument("--write", action="store_true", help="it may change things as well")
    kind.add_argument("--read-only", action="store_true", help="it may read only (default)")
    create.add_argument("--expires", type=_date, metavar="DATE", help="such as 2030-12-31, in UTC")
    ls = _parser(actions, "ls", _list_tokens, "list the tokens of a user, or all")
    ls.add_argument("user", nargs="?")
    _add_json(ls)
    delete = _parser(actions, "delete", _delete_token, "make a token void")
    delete.add_argument("id", type=int)


def _parser(
    actions: Any, word: str, does: Callable[..., None], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(word, help=text, description=text)
    parser.set_defaults(does=does, word=word)
    add_arguments(parser, WHERE)
    return parser


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def _add_user(accounts: Accounts, arguments: argparse.Namespace, now: Date) -> None:
    accounts.add(
        arguments.name,
        ask_password(arguments.name),
        now,
        email=arguments.email,
        is_admin=arguments.admin,
    )


def _set_password(accounts: Accounts, arguments: argparse.Namespace, now: Date) -> None:
    accounts.check(arguments.name)
    accounts.set_password(arguments.name, ask_password(arguments.name))


def _set_active(accounts: Accounts, arguments: argparse.Namespace, now: Date) -> None:
    accounts.set_active(arguments.name, active=arguments.word == "enable")


def _list_users(accounts: Accounts, arguments: argparse.Namespace, now: Date) -> None:
    _print([_user_row(user) for user in accounts.all()], as_json=arguments.json)


def _create_token(accounts: Accounts, arguments: argparse.Namespace, now: Date) -> None:
    value = accounts.add_token(
        arguments.user,
        arguments.name,
        now,
        read_only=not arguments.write,
        until=arguments.expires,
    )
    print(value)


def _list_tokens(accounts: Accounts, arguments: argparse.Namespace, now: Date) -> None:
    rows = [_token_row(owner, token) for owner, token in accounts.tokens(arguments.user)]
    _print(rows, as_json=arguments.json)


def _delete_token(accounts: Accounts, arguments: argparse.Namespace, now: Date) -> None:
    accounts.delete_token(arguments.id)


def ask_password(name: str) -> str:
    """Ask for a password on the terminal, twice, or else read the first line of stdin.

    Raises:
        AccountError: the two differ.
    """
    from .accounts import AccountError

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(f"Password of {name}: ")
    if getpass.getpass("The same again: ") != password:
        raise AccountError(f"user {name}: the two passwords are not the same")
    return password


def _user_row(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.username,
        "email": user.email,
        "admin": user.is_admin,
        "active": user.is_active,
        "last_login": user.last_login,
    }


def _token_row(owner: User, token: AccessToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "user": owner.username,
        "name": token.name,
        "read_only": token.read_only,
        "expires": token.expiry_date,
        "last_used": token.last_used_date,
    }


def _print(rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(rows)).decode())
    elif rows:
        lines = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            print("  ".join(map(str.ljust, line, widths)).rstrip())


def _cell(value: Any) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime.datetime():
            return f"{value:%Y-%m-%d %H:%M}"
    return str(value)


def _date(text: str) -> Date:
    try:
        date = Date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2030-12-31") from None
    return date if date.tzinfo else date.replace(tzinfo=datetime.UTC)
