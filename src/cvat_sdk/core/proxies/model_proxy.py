"""What all kinds of objects have in common: a repository to find them in, and an object.

A kind is two classes and rows of the endpoint table:

    class Job(ModelUpdateMixin, Entity): api_name = "jobs_api"; ...
    class JobsRepo(ModelListMixin[Job], Repo[Job]): entity_type = Job
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypeVar, overload

from cvat_sdk.core.filters import query_of
from cvat_sdk.core.helpers import get_paginated_collection
from cvat_sdk.exceptions import ApiException, NotFoundException

if TYPE_CHECKING:
    from cvat_sdk.api_client.operations import Api
    from cvat_sdk.core.client import Client
    from cvat_sdk.models import Record


EntityT = TypeVar("EntityT", bound="Entity")
List = list  # `Repo` has a method of that name


class Entity:
    """An object of the server. The fields of its record are attributes: `task.id`, `task.name`."""

    api_name: ClassVar[str]
    # The name of the argument that takes the fields to change.
    patch_argument: ClassVar[str] = ""

    def __init__(self, client: Client, model: Record) -> None:
        self._client = client
        self._model = model

    @classmethod
    def get_api(cls, client: Client) -> Api:
        """Return the endpoints of this kind."""
        api: Api = getattr(client.api_client, cls.api_name)
        return api

    @property
    def api(self) -> Api:
        """The endpoints of this kind."""
        return self.get_api(self._client)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # such as `_model` itself, in a copy that is half made
            raise AttributeError(name)
        return getattr(self._model, name)

    def __getitem__(self, name: str) -> Any:
        return self._model[name]

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._model == other._model

    def __hash__(self) -> int:
        return hash((type(self), self.id))

    def __str__(self) -> str:
        return str(self._model)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: id={self.id}>"

    @property
    def _organization_id(self) -> int | None:
        # The object may belong to another organization than the one the client is in.
        return getattr(self._model, "organization", None)

    def _related(self, kind: type[EntityT], **query: Any) -> list[EntityT]:
        endpoint = kind.get_api(self._client).list_endpoint
        found = get_paginated_collection(endpoint, org_id=self._organization_id, **query)
        return [kind(self._client, model) for model in found]

    def fetch(self) -> Self:
        """Read the object's record anew, and return the object.

        Raises:
            ApiException: the server answered with an error.
        """
        self._model, _ = self.api.retrieve(self.id)
        return self


class ModelUpdateMixin(Entity):
    """For objects that can be changed."""

    def update(self, values: dict[str, Any] | Record) -> Self:
        """Change the given fields on the server, and return the object with all of them.

        Raises:
            ApiException: the server refuses.
        """
        change: dict[str, Any] = {self.patch_argument: values}
        self._model, _ = self.api.partial_update(self.id, **change)
        return self


class ModelDeleteMixin(Entity):
    """For objects that can be removed."""

    def remove(self) -> None:
        """Remove the object and all that belongs to it from the server.

        Raises:
            ApiException: the server refuses.
        """
        self.api.destroy(self.id)


class Repo(Generic[EntityT]):
    """All objects of one kind on a server."""

    entity_type: type[EntityT]

    def __init__(self, client: Client) -> None:
        self._client = client

    @classmethod
    def get_api(cls, client: Client) -> Api:
        """Return the endpoints of this kind."""
        return cls.entity_type.get_api(client)

    @property
    def api(self) -> Api:
        """The endpoints of this kind."""
        return self.get_api(self._client)

    def retrieve(self, obj_id: int) -> EntityT:
        """Return one object.

        Raises:
            NotFoundException: there is none of this id, or this user may not see it.
        """
        model, _ = self.api.retrieve(obj_id)
        return self.entity_type(self._client, model)

    @overload
    def list(self, *, return_json: Literal[False] = False, **kwargs: Any) -> List[EntityT]: ...

    @overload
    def list(self, *, return_json: bool, **kwargs: Any) -> Any: ...

    def list(self, *, return_json: bool = False, **kwargs: Any) -> Any:
        """Return all objects, or those that `kwargs` select.

        Args:
            return_json: return them as the text of a JSON list, with all that the server sent.
            kwargs: such as `name="x"`, `sort="-id"`, `search=...`, `filter=F.id > 5` or
                `id__gt=5` (see `cvat_sdk.core.filters`).
        """
        endpoint = self.api.list_endpoint
        found = get_paginated_collection(endpoint, return_json=return_json, **query_of(kwargs))
        if return_json:
            return json.dumps(found)
        return [self.entity_type(self._client, item) for item in found]


class ModelCreateMixin(Repo[EntityT]):
    """For kinds of which new objects can be made."""

    def create(self, spec: dict[str, Any] | Record) -> EntityT:
        """Make an object.

        Raises:
            ApiException: the server refuses.
        """
        model, _ = self.api.create(spec)
        return self.entity_type(self._client, model)


class ModelBatchDeleteMixin(Repo[EntityT]):
    """For kinds of which objects can be removed."""

    def remove_by_ids(self, ids: Sequence[int], /) -> None:
        """Remove objects. Ids that are not there are logged and passed over.

        Raises:
            ApiException: the server refuses to remove one of them; the others are removed.
        """
        logger, kind = self._client.logger, self.entity_type.__name__
        refusal: ApiException | None = None
        for obj_id in ids:
            try:
                self.api.destroy(obj_id)
            except NotFoundException:
                logger.warning("%s %s is not there", kind, obj_id)
            except ApiException as error:
                logger.error("%s %s is not removed: %s", kind, obj_id, error)
                refusal = refusal or error
            else:
                logger.info("%s %s is removed", kind, obj_id)
        if refusal is not None:
            raise refusal
