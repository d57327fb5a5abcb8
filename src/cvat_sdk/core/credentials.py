"""Who asks, and how a server is told."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cvat_sdk import models
from cvat_sdk.api_client.api_client import CSRF_COOKIE, CSRF_HEADER
from cvat_sdk.exceptions import ApiValueError

if TYPE_CHECKING:
    from cvat_sdk.api_client import ApiClient

SESSION_COOKIE = "sessionid"


class Credentials(ABC):
    """Something that a server takes for a proof of who asks."""

    @abstractmethod
    def sign_in(self, api_client: ApiClient) -> None:
        """Make `api_client` speak for this user from now on.

        Raises:
            ApiException: the server refuses.
        """


@dataclass(frozen=True)
class PasswordCredentials(Credentials):
    """A user's name or e-mail address, and the password."""

    user: str
    password: str = field(repr=False)

    def sign_in(self, api_client: ApiClient) -> None:
        api_client.forget_login()
        request = models.LoginSerializerExRequest(username=self.user, password=self.password)
        token, _ = api_client.auth_api.create_login(request)
        headers = api_client.default_headers
        if {SESSION_COOKIE, CSRF_COOKIE} <= set(api_client.cookies):
            headers[CSRF_HEADER] = api_client.cookies[CSRF_COOKIE].value
        else:
            headers["Authorization"] = f"Token {token.key}"


@dataclass(frozen=True)
class AccessTokenCredentials(Credentials):
    """A personal access token, as the server's settings page makes them."""

    token: str = field(repr=False)

    def __post_init__(self) -> None:
        # What a header cannot hold would be shown by the error that says so.
        if not re.fullmatch(r"[\x21-\x7e]+", self.token):
            raise ApiValueError(
                "the access token is empty, or has a character that no token has, such as a space"
            )

    def sign_in(self, api_client: ApiClient) -> None:
        api_client.forget_login()
        api_client.default_headers["Authorization"] = f"Bearer {self.token}"
