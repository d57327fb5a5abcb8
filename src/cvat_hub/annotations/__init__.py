"""Annotations on their way in: read, checked against the task, and made ready for the store."""

from .bulk import Opened, brought_in, tidy
from .by_ids import ByIds, Look
from .check import Rules
from .parse import Name, parse_changes, parse_names, parse_new

__all__ = [
    "ByIds",
    "Look",
    "Name",
    "Opened",
    "Rules",
    "brought_in",
    "parse_changes",
    "parse_names",
    "parse_new",
    "tidy",
]
