"""The command `cvat-hub`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from . import HUB_VERSION, settings


def run() -> None:
    """Run the command, and leave with its exit code."""
    sys.exit(main())


def main(args: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0 if all went well, 2 if the hub could not start."""
    arguments = _parser().parse_args(args)
    from .hub import HubError
    from .store import StoreError

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        return _serve(settings.from_arguments(arguments, os.environ))
    except (settings.SettingsError, HubError, StoreError) as error:
        print(f"cvat-hub: {error}", file=sys.stderr)
        return 2


def _serve(chosen: settings.Settings) -> int:
    from .hub import Hub
    from .serve import serve

    def ready(hub: Hub, address: str) -> None:
        if hub.new_admin_password:
            print(
                f"Created user admin with password {hub.new_admin_password} "
                f"(kept in {chosen.data_dir / 'admin-password.txt'})",
                file=sys.stderr,
            )
        print(f"CVAT Hub is ready at {address}", flush=True)

    serve(chosen, ready)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cvat-hub", description="A home for tasks and annotations."
    )
    parser.add_argument("--version", action="version", version=HUB_VERSION)
    commands = parser.add_subparsers(dest="command", required=True)
    settings.add_arguments(commands.add_parser("serve", help="run a hub in the foreground"))
    return parser


if __name__ == "__main__":
    run()
