"""The people who have an account."""

from __future__ import annotations

from cvat_sdk.core.proxies.model_proxy import ModelDeleteMixin, ModelUpdateMixin, Repo


class User(ModelUpdateMixin, ModelDeleteMixin):
    """Somebody with an account on the server."""

    api_name = "users_api"
    patch_argument = "patched_user_request"


class UsersRepo(Repo[User]):
    """All accounts on a server."""

    entity_type = User

    def retrieve_current_user(self) -> User:
        """Return the user whom this client speaks for.

        Raises:
            UnauthorizedException: it speaks for nobody.
        """
        model, _ = self.api.retrieve_self()
        return User(self._client, model)
