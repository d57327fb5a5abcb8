"""What a run has to know of a task before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from cvat_sdk.auto_annotation.pipeline import ServerTask, remembers_keys

if TYPE_CHECKING:
    from cvat_sdk.core.client import Client
    from cvat_sdk.models import DataMetaRead, Label


@dataclass(frozen=True)
class Answers:
    """What the server says."""

    labels: Sequence[Label]
    meta: DataMetaRead
    server: ServerTask

    @classmethod
    def of(cls, client: Client, task_id: int) -> Self:
        """Ask everything at the same time, so that it takes no longer than one question.

        Raises:
            ApiException, TransportError: what the first of them ended with.
        """
        from cvat_sdk.core.proxies.tasks import Task
        from cvat_sdk.models import TaskRead

        personal = Task(client, TaskRead(id=task_id))
        with ThreadPoolExecutor(4, thread_name_prefix="cvat-questions") as meanwhile:
            asked = meanwhile.submit(client.tasks.retrieve, task_id)
            asked_labels = meanwhile.submit(personal.get_labels)
            asked_meta = meanwhile.submit(personal.get_meta)
            asked_about = meanwhile.submit(remembers_keys, client)
            # Imported while the server is asked, not while the function waits for an image.
            import cvat_sdk.datasets.frames  # noqa: F401

            task = asked.result()
            # Those of an organization's task are found within the organization only.
            in_organization = getattr(task, "organization", None)
            labels = task.get_labels() if in_organization else asked_labels.result()
            meta = asked_meta.result()
            server = ServerTask(task, client, asked_about.result())
        return cls(labels, meta, server)
