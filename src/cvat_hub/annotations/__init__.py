"""Annotations on their way in: read, checked against the task, and made ready for the store."""

from .check import Rules
from .parse import Batch, parse, parse_ids, reply

__all__ = ["Batch", "Rules", "parse", "parse_ids", "reply"]
