"""Every error that the package raises on purpose.

    CvatSdkException
    ├── OpenApiException                 a call, or a record given to one, is wrong
    │   ├── ApiTypeError (TypeError)         a value of the wrong type
    │   ├── ApiValueError (ValueError)       a value out of its range
    │   ├── ApiAttributeError (AttributeError)  a field that does not exist or was not given
    │   ├── ApiKeyError (KeyError)           the same, by key
    │   └── ApiException                     the server answered with an error
    │       ├── BadRequestException              400
    │       ├── UnauthorizedException            401
    │       ├── ForbiddenException               403
    │       ├── NotFoundException                404
    │       └── ServiceException                 5xx
    ├── TransportError                   no answer came: refused, cut, timed out
    ├── BadFunctionError                 an auto-annotation function breaks its protocol
    ├── ResumeError                      an unfinished run cannot be gone on with
    ├── UndecidedUploadError             it cannot be told whether the server took a request
    ├── SelectionError (ValueError)      what is to be annotated is not there
    ├── BackgroundRequestException       a request that the server runs in the background failed
    ├── IncompatibleVersionException     the server is of a version that was refused
    ├── InvalidHostException             the address of a server makes no sense
    ├── UnsupportedDatasetError          the data of a task cannot be read as images
    ├── MissingExtraError (ImportError)  a function needs a library that is not installed
    └── AuthStoreError                   the file of stored logins cannot be used

`cvat_sdk.core.exceptions`, `cvat_sdk.api_client.exceptions`, `cvat_sdk.auto_annotation` and
`cvat_sdk.datasets`, in which scripts look for them, take them from here.
"""

from __future__ import annotations

from collections.abc import Mapping


class CvatSdkException(Exception):
    """The root: catch this one to catch them all."""


class OpenApiException(CvatSdkException):
    """A call of the API, or a record that was to be sent, is wrong."""


class ApiTypeError(OpenApiException, TypeError):
    """A value has the wrong type."""


class ApiValueError(OpenApiException, ValueError):
    """A value has the right type but is out of its range."""


class ApiAttributeError(OpenApiException, AttributeError):
    """A record has no such field, or the field was not given."""


class ApiKeyError(OpenApiException, KeyError):
    """The same as `ApiAttributeError`, for access by key."""


class ApiException(OpenApiException):
    """The server answered with an error.

    Attributes:
        status: the HTTP status, or None if there was no answer.
        reason: the HTTP reason phrase, or what went wrong.
        body: the body of the answer as text; it may hold the server's explanation.
        headers: the headers of the answer.
    """

    def __init__(
        self,
        status: int | None = None,
        reason: str | None = None,
        *,
        body: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason
        self.body = body
        self.headers = headers or {}

    def __str__(self) -> str:
        return f"{self.status} {self.reason}" + (f": {self.body}" if self.body else "")


class BadRequestException(ApiException):
    """400: the server refuses what was sent."""


class UnauthorizedException(ApiException):
    """401: the credentials are missing or wrong."""


class ForbiddenException(ApiException):
    """403: this user may not do that."""


class NotFoundException(ApiException):
    """404: there is no such object, or this user may not see it."""


class ServiceException(ApiException):
    """5xx: the server failed."""


class TransportError(CvatSdkException):
    """No answer came: the connection was refused or cut, or the time limit passed."""


class BadFunctionError(CvatSdkException):
    """An auto-annotation function breaks its protocol, or doesn't fit the task."""


class ResumeError(CvatSdkException):
    """An unfinished run cannot be gone on with: it was another one, or it is still going on."""


class UndecidedUploadError(CvatSdkException):
    """An answer was lost, and it cannot be told whether the server took the request."""


class SelectionError(CvatSdkException, ValueError):
    """The frames, the part of the images or the labels that were chosen are not there."""


class BackgroundRequestException(CvatSdkException):
    """A request that the server runs in the background failed."""


class IncompatibleVersionException(CvatSdkException):
    """The server's version is not one that this client is made for."""


class InvalidHostException(CvatSdkException):
    """The address of a server makes no sense."""


class UnsupportedDatasetError(CvatSdkException):
    """The data of a task cannot be read as images."""


class MissingExtraError(CvatSdkException, ImportError):
    """A function needs a library that is not installed; the message has the command to do it."""


class AuthStoreError(CvatSdkException):
    """The file of stored logins cannot be read or written."""
