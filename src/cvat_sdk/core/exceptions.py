"""The errors of this package, under the name that existing scripts import them by."""

from cvat_sdk.exceptions import (
    AuthStoreError,
    BackgroundRequestException,
    CvatSdkException,
    IncompatibleVersionException,
    InvalidHostException,
)

__all__ = [
    "AuthStoreError",
    "BackgroundRequestException",
    "CvatSdkException",
    "IncompatibleVersionException",
    "InvalidHostException",
]
