"""Labels on the command line."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def add_argument(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Give the parser the argument `--labels`."""
    parser.add_argument(
        "--labels",
        type=parse_labels,
        metavar="JSON",
        help="""labels as JSON, or a file of it: '[{"name": "car"}]'""",
    )


def parse_labels(text: str) -> list[dict[str, Any]]:
    """Return the labels that a JSON text or a JSON file describes.

    Raises:
        argparse.ArgumentTypeError: it is neither, or not a list of objects with names.
    """
    source, where = text, "the text"
    if not text.lstrip().startswith(("[", "{")):
        where = text
        try:
            source = Path(text).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise argparse.ArgumentTypeError(
                f"{text!r} is neither JSON nor a file that can be read: {error}"
            ) from error
    try:
        labels = json.loads(source)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{where} is not JSON: {error}") from error
    if not isinstance(labels, list) or not all(
        isinstance(label, dict) and isinstance(label.get("name"), str) for label in labels
    ):
        raise argparse.ArgumentTypeError(
            f'{where} is not a list of labels, as in [{{"name": "car"}}, {{"name": "person"}}]'
        )
    return labels
