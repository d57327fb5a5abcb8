"""The low-level client: one method for each endpoint of the server."""

from cvat_sdk.api_client import exceptions, models
from cvat_sdk.api_client.api_client import ApiClient, Configuration
from cvat_sdk.api_client.exceptions import (
    ApiAttributeError,
    ApiException,
    ApiKeyError,
    ApiTypeError,
    ApiValueError,
    OpenApiException,
)

__all__ = [
    "ApiAttributeError",
    "ApiClient",
    "ApiException",
    "ApiKeyError",
    "ApiTypeError",
    "ApiValueError",
    "Configuration",
    "OpenApiException",
    "exceptions",
    "models",
]
