"""What is asked before a run."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from cvat_sdk.auto_annotation.questions import Answers
from cvat_sdk.core.client import Client
from cvat_sdk.exceptions import NotFoundException

QUESTIONS = ("/api/tasks/5", "/api/tasks/5/data/meta", "/api/labels", "/api/server/about")


def test_everything_is_asked_at_the_same_time(client: Client, server: Any, gray_task: Any) -> None:
    gray_task(count=8)
    about = {"name": "", "description": "", "version": "2.80", "idempotency_days": 30}
    server.handle("GET", "/api/server/about", lambda _: (200, about, {}))
    together = threading.Barrier(len(QUESTIONS), timeout=10)
    for path in QUESTIONS:
        handler = server.handler("GET", path)
        server.handle("GET", path, lambda sent, told=handler: (together.wait(), told(sent))[1])
    answers = Answers.of(client, 5)
    assert [label.name for label in answers.labels] == ["thing"]
    assert answers.meta.size == 8
    assert answers.server.task.id == 5
    assert answers.server.remembers_keys


def test_labels_of_an_organizations_task_are_asked_for_within_the_organization(
    client: Client, server: Any, gray_task: Any, task_reply: dict[str, Any]
) -> None:
    gray_task()
    task_reply["organization"] = 7
    labels = server.handler("GET", "/api/labels")

    def only_within(sent: Any) -> Any:
        is_within = sent.query.get("org_id") == ["7"]
        return labels(sent) if is_within else (200, {"count": 0, "results": []}, {})

    server.handle("GET", "/api/labels", only_within)
    assert [label.name for label in Answers.of(client, 5).labels] == ["thing"]


def test_a_task_that_is_not_there_is_what_is_told(client: Client, server: Any) -> None:
    with pytest.raises(NotFoundException):
        Answers.of(client, 5)
    assert {sent.path for sent in server.sent} == set(QUESTIONS)
