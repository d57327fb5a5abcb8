"""The client that the arguments and the environment make."""

from __future__ import annotations

import argparse
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from cvat_sdk.core.auth import make_client_from_cli
from cvat_sdk.core.client import Client


@contextmanager
def logged_in_client(arguments: argparse.Namespace, *, logger: logging.Logger) -> Iterator[Client]:
    """Yield a client that is logged in as the arguments and the environment say.

    Raises:
        What `make_client_from_cli` raises.
    """
    with (
        quiet_about_certificates(arguments.insecure),
        make_client_from_cli(arguments, logger=logger, check_server_version=True) as client,
    ):
        yield client


@contextmanager
def quiet_about_certificates(insecure: bool) -> Iterator[None]:
    """Who says `--insecure` needs no warning about it."""
    with warnings.catch_warnings():
        if insecure:
            from urllib3.exceptions import InsecureRequestWarning

            warnings.simplefilter("ignore", InsecureRequestWarning)
        yield
