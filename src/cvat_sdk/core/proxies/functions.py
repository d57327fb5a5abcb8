"""Functions that agents serve."""

from __future__ import annotations

from cvat_sdk.core.proxies.model_proxy import (
    ModelBatchDeleteMixin,
    ModelCreateMixin,
    ModelDeleteMixin,
)


class Function(ModelDeleteMixin):
    """A registered function."""

    api_name = "functions_api"


class FunctionsRepo(ModelCreateMixin[Function], ModelBatchDeleteMixin[Function]):
    """All functions on a server that this user may see."""

    entity_type = Function
