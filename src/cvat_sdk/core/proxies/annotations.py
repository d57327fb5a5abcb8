"""The annotations of tasks and jobs."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from cvat_sdk import models
from cvat_sdk.core.proxies.model_proxy import Entity


class AnnotationUpdateAction(Enum):
    """What to do with the annotations that are sent."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


def to_remove(item: models.LabeledImage | models.LabeledShape | models.LabeledTrack) -> Any:
    """Return what names an annotation that is to go, whoever changes it meanwhile."""
    return {name: value for name, value in item.to_dict().items() if name != "revision"}


class AnnotationCrudMixin(Entity):
    """For objects that carry annotations."""

    def get_annotations(self) -> models.LabeledData:
        """Return all tags, shapes and tracks."""
        annotations: models.LabeledData
        annotations, _ = self.api.retrieve_annotations(self.id)
        return annotations

    def set_annotations(self, data: models.LabeledDataRequest | dict[str, Any]) -> None:
        """Replace all annotations.

        Raises:
            ApiValueError: a number is NaN or infinite.
            ApiException: the server refuses them.
        """
        self.api.update_annotations(self.id, labeled_data_request=data)

    def update_annotations(
        self,
        data: models.PatchedLabeledDataRequest | dict[str, Any],
        *,
        action: AnnotationUpdateAction = AnnotationUpdateAction.UPDATE,
    ) -> None:
        """Add, change or remove the annotations in `data`; the latter two go by their ids.

        Raises:
            ApiValueError: a number is NaN or infinite.
            ApiException: the server refuses them.
        """
        _, response = self.api.partial_update_annotations(
            action.value, self.id, patched_labeled_data_request=data, _parse_response=False
        )
        response.drain_conn()  # the server repeats them all, with ids; nobody reads that here

    def remove_annotations(self, *, ids: Sequence[int] | None = None) -> None:
        """Remove all annotations, or the tags, shapes and tracks that have one of `ids`.

        An empty `ids` removes nothing.
        """
        if ids is None:
            self.api.destroy_annotations(self.id)
            return
        if not len(ids):
            return
        wanted, there = set(ids), self.get_annotations()
        chosen = {
            kind: [to_remove(item) for item in there.get(kind) or () if item.id in wanted]
            for kind in ("tags", "shapes", "tracks")
        }
        self.update_annotations(chosen, action=AnnotationUpdateAction.DELETE)
