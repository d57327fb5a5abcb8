"""The records of the wire, under the name that existing scripts import them by."""

from typing import Any

from cvat_sdk import models
from cvat_sdk.models import *  # noqa: F403


def __getattr__(name: str) -> Any:
    return getattr(models, name)
