"""The command `cvat-hub`."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Sequence

from . import HUB_VERSION, commands, settings
from .operation import logs


def run() -> None:
    """Run the command, and leave with its exit code."""
    sys.exit(main())


def main(args: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code.

    It is 0 if all went well; 1 if a user or a token is not what was expected; 2 if arguments,
    settings, the data folder or the database cannot be used; 130 after Ctrl-C.
    """
    arguments = _parser().parse_args(args)
    from .accounts import AccountError
    from .store import StoreError

    try:
        chosen = settings.from_arguments(arguments, os.environ)
        if arguments.command == "serve":
            return _serve(chosen)
        commands.run(chosen, arguments, datetime.datetime.now(datetime.UTC))
    except AccountError as error:
        return _fail(1, error)
    except (settings.SettingsError, StoreError, OSError) as error:
        return _fail(2, error)
    except KeyboardInterrupt:
        return 130
    return 0


def _fail(code: int, error: Exception) -> int:
    print(f"cvat-hub: {error}", file=sys.stderr)
    return code


def _serve(chosen: settings.Settings) -> int:
    from .hub import Hub, HubError
    from .serve import serve

    logs.configure(chosen.log_format, chosen.log_level)

    def ready(hub: Hub, address: str) -> None:
        if hub.new_admin_password:
            print(
                f"Created user admin with password {hub.new_admin_password} "
                f"(kept in {chosen.data_dir / 'admin-password.txt'})",
                file=sys.stderr,
            )
        print(f"CVAT Hub is ready at {address}", flush=True)

    try:
        serve(chosen, ready)
    except HubError as error:
        return _fail(2, error)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cvat-hub", description="A home for tasks and annotations."
    )
    parser.add_argument("--version", action="version", version=HUB_VERSION)
    words = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    settings.add_arguments(words.add_parser("serve", help="run a hub in the foreground"))
    commands.add_parsers(words)
    return parser


if __name__ == "__main__":
    run()
