"""The labels of projects, tasks and jobs."""

from __future__ import annotations

from typing import ClassVar

from cvat_sdk import models
from cvat_sdk.core.helpers import get_paginated_collection
from cvat_sdk.core.proxies.model_proxy import Entity


class LabelsMixin(Entity):
    """For objects that have labels."""

    label_filter: ClassVar[str]

    def get_labels(self) -> list[models.Label]:
        """Return the labels, with their attributes and sublabels."""
        return get_paginated_collection(
            self._client.api_client.labels_api.list_endpoint,
            org_id=self._organization_id,
            **{self.label_filter: self.id},
        )
