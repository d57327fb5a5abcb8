"""Labels of a task or a job."""

from __future__ import annotations

import re

from cvat_hub import access, records
from cvat_hub.access import Right
from cvat_hub.call import Call, Handler
from cvat_hub.errors import NotFound, at
from cvat_hub.lists import page_of
from cvat_hub.replies import Reply, json_reply
from cvat_hub.store import labels


def list_all(call: Call) -> Reply:
    """List the labels of the task, or the job, that the parameters name."""
    with call.hub.store.read() as connection:
        if "job_id" in call.query:
            _, task = access.job(connection, call.user, _parameter(call, "job_id"), Right.VIEW)
        else:
            task = access.task(connection, call.user, _parameter(call, "task_id"), Right.VIEW)
        found = labels.of_task(connection, task.id)
    return page_of(call, [records.label(label) for label in found])


def show(call: Call) -> Reply:
    """Show a label."""
    label_id = call.number("label_id")
    with call.hub.store.read() as connection:
        found = labels.get(connection, label_id) if label_id < 2**31 else None
        if found is None:
            raise NotFound("No Label matches the given query.")
        access.task(connection, call.user, found.task_id, Right.VIEW)
    return json_reply(records.label(found))


def _parameter(call: Call, name: str) -> int:
    text = call.query.get(name, "")
    if not re.fullmatch("[0-9]{1,40}", text):
        raise at([name], "expected the id of a task or a job: task_id=..., job_id=...")
    return int(text)


ROUTES = {
    "labels": {"GET": Handler(list_all)},
    "labels/{label_id:id}": {"GET": Handler(show)},
}
