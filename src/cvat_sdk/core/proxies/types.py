"""Small types that several kinds of objects share."""

from enum import StrEnum


class Location(StrEnum):
    """Where a file is read from, or written to."""

    LOCAL = "local"
    CLOUD_STORAGE = "cloud_storage"
